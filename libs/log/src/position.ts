/**
 * The text of a {@link LogPosition}: `<raw>/<sequence>/<session>`, and `/<resume>` where a fragmented record was still
 * open when this one was complete.
 *
 * `raw` is the adapter's own id of the entry (`17`, or `1700000000000-3`). `sequence` and `session` let a reader prove
 * that nothing is missing after it (see gap-check.ts). `resume` is the entry before the first fragment of the open
 * record: reading begins there, so that its first fragments are not lost to a reader that resumes in the middle.
 */
import { MeridianError } from "@meridian/words";
import type { LogPosition } from "./port.js";

/** An adapter's id of one stored entry: decimal numbers separated by a hyphen, ascending within one writer. */
export type RawPosition = string;

/** One entry in the writer's sequence. */
export interface EntryPoint {
  readonly raw: RawPosition;
  readonly sequence: number;
  readonly session: number;
}

/** A decoded position. `resume` undefined: read on right after `raw`; "start": from the earliest entry. */
export interface PositionParts extends EntryPoint {
  readonly resume: EntryPoint | "start" | undefined;
}

const RADIX = 36;
const START = "start";
const POINT = /^(\d+(?:-\d+)?)\/([0-9a-z]+)\/([0-9a-z]+)(?:\/(.+))?$/;

/** Writes a position. */
export function encodePosition(parts: PositionParts): LogPosition {
  const own = encodePoint(parts);
  if (parts.resume === undefined) return own as LogPosition;
  return `${own}/${parts.resume === START ? START : encodePoint(parts.resume)}` as LogPosition;
}

/** Reads a position. Throws `BAD_RECORD` for text that {@link encodePosition} did not write. */
export function decodePosition(position: LogPosition): PositionParts {
  const match = POINT.exec(position);
  const own = match && pointOf(match);
  if (!own) throw badPosition(position);
  const rest = match[4];
  if (rest === undefined) return { ...own, resume: undefined };
  if (rest === START) return { ...own, resume: START };
  const inner = POINT.exec(rest);
  if (!inner || inner[4] !== undefined) throw badPosition(position);
  return { ...own, resume: pointOf(inner) };
}

/** Negative if `a` is before `b` in the same writer's log, zero if they name the same record, positive otherwise. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return compareRaw(decodePosition(a).raw, decodePosition(b).raw);
}

/** Orders two raw positions of one writer. */
export function compareRaw(a: RawPosition, b: RawPosition): number {
  const [aMajor, aMinor] = split(a);
  const [bMajor, bMinor] = split(b);
  return compareDecimal(aMajor, bMajor) || compareDecimal(aMinor, bMinor);
}

function encodePoint(point: EntryPoint): string {
  return `${point.raw}/${point.sequence.toString(RADIX)}/${point.session.toString(RADIX)}`;
}

function pointOf(match: RegExpExecArray): EntryPoint {
  return {
    raw: match[1] as string,
    sequence: Number.parseInt(match[2] as string, RADIX),
    session: Number.parseInt(match[3] as string, RADIX),
  };
}

function split(raw: RawPosition): readonly [string, string] {
  const hyphen = raw.indexOf("-");
  return hyphen < 0 ? [raw, "0"] : [raw.slice(0, hyphen), raw.slice(hyphen + 1)];
}

/** Decimal numbers without leading zeros: the longer is the larger, so 64-bit offsets need no BigInt. */
function compareDecimal(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function badPosition(position: string): MeridianError {
  return new MeridianError("BAD_RECORD", `${JSON.stringify(position)} is not a position of a log`, {
    advice: "the agent's store is damaged or was written by another version: rebuild this agent's store",
  });
}
