/**
 * What clients changed anywhere in the mesh, as the servers showed it: per cell, what it held before and after. The live
 * checkers ask it who had seen what. Nothing of an agent is believed here.
 */
import { PRINT_INLINE_BYTES_MAX } from "@meridian/merge";
import { parseCellName, type ServerCells } from "./cells-of-server.js";
import type { ClientCommand } from "../mesh/event.js";
import { readBesideLocal } from "../mesh/policies.js";
import type { KeyRules } from "../mesh/residents.js";

/** One change of one cell by a client. `before`: what that client could see there; undefined: nothing. */
export interface ClientChange {
  readonly at: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** The mark that stood last in its server's stream: what it could have seen of the peers. */
  readonly mark: Buffer | undefined;
}

/** The deadline of a key as readers see it: in ms since 1970, `Infinity` for none; undefined where there is no key. */
export type SeenDeadline = number | undefined;

/** One change of a key's deadline by a client, or of a key that has or had one. */
export interface DeadlineChange {
  readonly before: SeenDeadline;
  readonly after: SeenDeadline;
}

/** Content that no two commands give: the workload numbers them. */
export function isUnique(content: string | undefined): content is string {
  return content !== undefined && /^v\d/.test(content);
}

/** Deadlines of all keys in a server's cells, by `db|key`. */
export function deadlinesOf(cells: ServerCells): Map<string, number> {
  const deadlines = new Map<string, number>();
  for (const [name, content] of cells) {
    const { place, kind } = parseCellName(name);
    if (kind === "t") deadlines.set(place, Number(content));
    else if (!deadlines.has(place)) deadlines.set(place, Infinity);
  }
  return deadlines;
}

/** The deadline of one key. `name`: of one of its cells. */
function deadlineAt(cells: ServerCells, place: string, name: string): SeenDeadline {
  const own = cells.get(`${place}|t|`);
  if (own !== undefined) return Number(own);
  if (cells.has(name)) return Infinity;
  const beginning = `${place}|`;
  for (const name of cells.keys()) if (name.startsWith(beginning)) return Infinity;
  return undefined;
}

/** Commands of which the stream does not carry what they did: the keys are read later, and reach peers in parts. */
const READ_COMMANDS: ReadonlySet<string> = new Set(["RENAME", "APPEND"]);

/** See the module's comment. */
export class Chronicle {
  readonly #policies: KeyRules | undefined;
  readonly #read = new Set<string>();
  readonly #long = new Set<string>();
  readonly #evicted = new Set<string>();
  /** Of each key the kinds of cells that clients gave it. */
  readonly #kinds = new Map<string, Set<string>>();
  readonly #cells = new Map<string, ClientChange[]>();
  readonly #deadlines = new Map<string, DeadlineChange[]>();

  constructor(policies?: KeyRules) {
    this.#policies = policies;
  }

  /** Changes of a cell, in the order in which they happened anywhere. */
  of(name: string): readonly ClientChange[] {
    return this.#cells.get(name) ?? NO_CHANGES;
  }

  /** Changes of a key's deadline. `place`: `db|key`. */
  deadlinesOf(place: string): readonly DeadlineChange[] {
    return this.#deadlines.get(place) ?? NO_DEADLINES;
  }

  /** True where the key ever had a deadline that a client gave it. */
  isTimed(place: string): boolean {
    return this.#cells.has(`${place}|t|`);
  }

  /**
   * True where a server dropped the key to make room, where a command named the key whose result the agent has to read, for registers,
   * and for keys that stay in their region.
   */
  isRead(place: string): boolean {
    return this.#read.has(place) || this.isRegister(place) || this.#policies?.isLocal(keyOf(place)) === true;
  }

  /** True for registers, and for keys that stay in their region. */
  isApart(place: string): boolean {
    return this.isRegister(place) || this.#policies?.isLocal(keyOf(place)) === true;
  }

  /** True where the key is written as a whole: what its clients had not seen goes too. */
  isRegister(place: string): boolean {
    return this.#policies?.isRegister(keyOf(place)) === true;
  }

  /** True where the key was given a value of which agents keep a digest only, and which may be read first: long ones, sketches. */
  isLong(place: string): boolean {
    return this.#long.has(place);
  }

  /** True where clients gave the key values of different types: who replaces or deletes one means what it hides too. */
  isOfSeveralTypes(place: string): boolean {
    return (this.#kinds.get(place)?.size ?? 0) > 1;
  }

  /** Some server dropped the key to make room. */
  noteEvicted(place: string): void {
    this.#read.add(place);
    this.#evicted.add(place);
  }

  /** True where some server has dropped the key to make room. */
  isEvicted(place: string): boolean {
    return this.#evicted.has(place);
  }

  /** Notes what clients ran. `rules`: as they are in their region. */
  noteCommands(commands: readonly ClientCommand[], db: number, rules: KeyRules | undefined): void {
    for (const words of commands) {
      if (READ_COMMANDS.has(words[0] ?? "")) for (const key of words.slice(1)) this.#read.add(`${db}|${key}`);
      if (words[0]?.startsWith("PF")) this.#long.add(`${db}|${words[1] ?? ""}`);
      for (const place of readBesideLocal(rules, db, words)) this.#read.add(place);
    }
  }

  /** Notes what a client changed. `before` and `after`: what is alive in its server; `mark`: the last one in its stream. */
  note(at: number, before: ServerCells, after: ServerCells, changed: Iterable<string>, mark: Buffer | undefined): void {
    const places = new Map<string, string>();
    for (const name of changed) {
      const { place, kind } = parseCellName(name);
      if (kind !== "t") this.#noteKind(place, kind);
      append(this.#cells, name, { at, before: before.get(name), after: after.get(name), mark });
      places.set(place, name);
      if ((after.get(name)?.length ?? 0) > PRINT_INLINE_BYTES_MAX) this.#long.add(place);
    }
    for (const [place, name] of places) {
      append(this.#deadlines, place, { before: deadlineAt(before, place, name), after: deadlineAt(after, place, name) });
    }
  }

  #noteKind(place: string, kind: string): void {
    const kinds = this.#kinds.get(place);
    if (kinds) kinds.add(kind === "g" ? "x" : kind);
    else this.#kinds.set(place, new Set([kind === "g" ? "x" : kind]));
  }
}

function keyOf(place: string): string {
  return place.slice(place.indexOf("|") + 1);
}

const NO_CHANGES: readonly ClientChange[] = [];
const NO_DEADLINES: readonly DeadlineChange[] = [];

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}
