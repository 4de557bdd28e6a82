/**
 * Positions: where an element of a list stands, as one binary string. Positions compare as strings (`<`), stand by
 * themselves and never change, so an element needs neither its neighbours nor anything that was removed to be placed.
 *
 * A position is one *level* or more; a level is
 *
 *     step   how far from the run beside which it was begun: signed
 *     birth  the version of the command that began the run, then its writer: together they name the run
 *     index  the place within the run: signed, consecutive for consecutive elements
 *
 * Deeper levels stand between the element that the levels before name and whatever follows it. Integers are written so
 * that their bytes sort as they do: one byte for -64 to 63, else a byte that tells sign and length, and the magnitude.
 */
import type { Hlc, WriterId } from "@meridian/words";

/** Where one element stands. */
export type Position = string;

/** Positions beyond this are not given: the list is written anew instead, which makes all of them short. */
export const POSITION_BYTES_MAX = 400;

/** One level of a position. */
export interface Level {
  readonly step: number;
  readonly birth: Hlc;
  readonly writer: WriterId;
  readonly index: number;
}

const SMALL = 64;
const ZERO = 0x80;
const POSITIVE = 0xbf;
const NEGATIVE = 0x40;
const BIRTH_BYTES = 7;

/** A signed integer as bytes that sort by value. */
function integerText(value: number): string {
  if (value >= -SMALL && value < SMALL) return String.fromCharCode(ZERO + value);
  let rest = Math.abs(value);
  let digits = "";
  let count = 0;
  for (; rest > 0; rest = Math.floor(rest / 256), count += 1) {
    digits = String.fromCharCode(value < 0 ? 0xff - (rest % 256) : rest % 256) + digits;
  }
  return String.fromCharCode(value < 0 ? NEGATIVE - count : POSITIVE + count) + digits;
}

function birthText(birth: Hlc): string {
  let rest: number = birth;
  let text = "";
  for (let at = 0; at < BIRTH_BYTES; at += 1, rest = Math.floor(rest / 256)) text = String.fromCharCode(rest % 256) + text;
  return text;
}

/** Reads a position from its beginning. */
class LevelReader {
  readonly #text: Position;
  at = 0;

  constructor(text: Position) {
    this.#text = text;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  #byte(): number {
    const byte = this.#text.charCodeAt(this.at);
    if (Number.isNaN(byte)) throw new RangeError("a position ends early");
    this.at += 1;
    return byte;
  }

  #integer(): number {
    const head = this.#byte();
    if (head >= NEGATIVE && head <= POSITIVE) return head - ZERO;
    const negative = head < NEGATIVE;
    let value = 0;
    for (let left = negative ? NEGATIVE - head : head - POSITIVE; left > 0; left -= 1) {
      const byte = this.#byte();
      value = value * 256 + (negative ? 0xff - byte : byte);
    }
    return negative ? -value : value;
  }

  /** The next level up to where its index stands. */
  head(): Omit<Level, "index"> {
    const step = this.#integer();
    let birth = 0;
    for (let left = BIRTH_BYTES; left > 0; left -= 1) birth = birth * 256 + this.#byte();
    const end = this.#text.indexOf("\0", this.at);
    if (end < 0) throw new RangeError("a position ends early");
    const writer = this.#text.slice(this.at, end) as WriterId;
    this.at = end + 1;
    return { step, birth: birth as Hlc, writer };
  }

  index(): number {
    return this.#integer();
  }
}

/** The levels of a position. Throws `RangeError` where it is none. */
export function levelsOf(position: Position): readonly Level[] {
  const reader = new LevelReader(position);
  const levels: Level[] = [];
  while (!reader.done) levels.push({ ...reader.head(), index: reader.index() });
  return levels;
}

/** A position divided into its run (all but the last index) and that index. */
export interface PlaceInRun {
  readonly run: string;
  readonly index: number;
}

/** The run of a position, and its place there. */
export function placeOf(position: Position): PlaceInRun {
  const reader = new LevelReader(position);
  let run = "";
  let index = 0;
  while (!reader.done) {
    reader.head();
    run = position.slice(0, reader.at);
    index = reader.index();
  }
  return { run, index };
}

/** The position at an index of a run. */
export function positionIn(run: string, index: number): Position {
  return run + integerText(index);
}

/** The position `count` places behind in the same run. */
export function shifted(position: Position, count: number): Position {
  if (count === 0) return position;
  const { run, index } = placeOf(position);
  return positionIn(run, index + count);
}

function levelText({ step, birth, writer, index }: Level): string {
  return `${integerText(step)}${birthText(birth)}${writer}\0${integerText(index)}`;
}

/** A position as one text: for the tests, and for making one by hand. */
export function positionOf(levels: readonly Level[]): Position {
  return levels.map(levelText).join("");
}

/** The run that a new command begins between two neighbours; undefined: the end of the list on that side. */
export function newRun(after: Position | undefined, before: Position | undefined, birth: Hlc, writer: WriterId): string {
  const { prefix, step } = gap(after === undefined ? [] : levelsOf(after), before === undefined ? [] : levelsOf(before));
  return `${positionOf(prefix)}${integerText(step)}${birthText(birth)}${writer}\0`;
}

/** Where a new run goes: behind which levels, and with which step. As few levels as the gap allows. */
function gap(after: readonly Level[], before: readonly Level[]): { prefix: readonly Level[]; step: number } {
  const [first] = after;
  const [next] = before;
  if (!first) return { prefix: [], step: next ? next.step - 1 : 0 };
  if (!next) return { prefix: [], step: first.step + 1 };
  let depth = 0;
  while (depth < after.length && depth < before.length && sameLevel(after[depth] as Level, before[depth] as Level)) depth += 1;
  const left = after[depth];
  const right = before[depth];
  // The right neighbour stands below the left one: go before it there.
  if (!left) return { prefix: after, step: (right as Level).step - 1 };
  if (right && left.step + 1 < right.step) return { prefix: after.slice(0, depth), step: left.step + 1 };
  // Below the left neighbour: behind what stands there already, which is the left neighbour itself where it is deeper.
  const below = after[depth + 1];
  return { prefix: after.slice(0, depth + 1), step: below ? below.step + 1 : 0 };
}

function sameLevel(a: Level, b: Level): boolean {
  return a.step === b.step && a.birth === b.birth && a.index === b.index && a.writer === b.writer;
}
