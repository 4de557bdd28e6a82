/**
 * Cells: the unit of merging. A key is a set of cells; a cell is what concurrent writers left in it.
 *
 * - *siblings*: writes none of which covers another. One is visible, the others hide until something covers them.
 * - *sums*: per writer, how much it has incremented the cell in total, and how much of that was absorbed by a put or a
 *   remove that had seen it. A resettable counter after Weidner and Almeida (PaPoC 2022): needs only per-writer order.
 * - *wipes*: deletes of a sketch. A sketch cannot be taken apart, so one that was written beside a delete would bring back
 *   all that was deleted: the delete takes it away, before or after its arrival.
 * - *early*: what was covered before it arrived here. Without it a write that reaches a region after the write that
 *   replaced it, through a third region's log, survives in that region alone.
 *
 * The state of a cell is a pure function of the set of changes received: a put survives unless a received change covers
 * it. So order, duplication and delay do not matter, as long as each writer's changes come in its own order.
 */
import type { Dot, Hlc, ReadonlyVector, RunningSum, VersionVector, WriterId } from "@meridian/words";

/** One surviving write. */
export interface Sibling extends Dot {
  /** Registers: print of the value. Members: empty. */
  readonly print: string;
  /** Scores and deadlines: the number. Otherwise 0. */
  readonly number: number;
  /** The value itself, where the server does not hold it for us. */
  readonly value: Buffer | undefined;
  /** Sketches: what their writer had seen that had not arrived here; wipes among it do not concern them. */
  readonly seen?: EarlyContext | undefined;
}

/** A writer's increments of this cell. Contributes `sum - absorbed` as long as `upTo` is beyond `absorbedUpTo`. */
export interface CellSum {
  readonly writer: WriterId;
  readonly birth: Hlc;
  upTo: Hlc;
  sum: bigint;
  absorbedUpTo: Hlc;
  absorbed: bigint;
  /** In multiples of 10^-17, beside the writer's sum of integers. */
  readonly decimal?: true;
}

/** A context that ran ahead of what this region had received, with the dots that it excepts. */
export interface EarlyContext<Excepted extends Dot = Dot> {
  readonly vector: VersionVector;
  readonly unseen: readonly Excepted[];
}

/** The state of one cell. Its lists are replaced, never changed in place; a sum is, by the cell that owns it. */
export interface Cell {
  siblings: readonly Sibling[];
  sums: readonly CellSum[];
  early: readonly EarlyContext[];
  /**
   * Deletes that take away every sketch whose writer had not seen them, whenever it comes; of a register the delete that
   * stands in it. Undefined: none.
   */
  wipes?: readonly Dot[] | undefined;
}

/**
 * `remove`: a client removed this cell; `delete`: the whole key; `take`: what a write of another cell of the key does to
 * this one, and a put that was covered before it came. These are merged alike; `wipe` removes what its context covers, and
 * every sketch whose writer had not seen it. `assign` and `erase` are of a key that is one register: the later of all of
 * these stands, whatever its writer had seen.
 */
export type ChangeAction = "put" | "increment" | "remove" | "delete" | "take" | "wipe" | "assign" | "erase";

/** What one mutation does to one cell. */
export interface CellChange extends Dot {
  readonly action: ChangeAction;
  readonly print: string;
  readonly number: number;
  readonly value: Buffer | undefined;
  readonly birth: Hlc;
  readonly sum: bigint;
  /** Increments of decimals, in multiples of 10^-17. */
  readonly decimal?: true;
  /** What the writer had seen: the frame's context, raised by the mutation's own. */
  readonly context: ReadonlyVector;
  /** The part of the context that this region had not received when the change arrived. */
  readonly ahead: ReadonlyVector | undefined;
  /** Dots in this cell that the context covers by number only. */
  readonly unseen: readonly Dot[];
  /** Increments of this cell that the writer had seen, and took away. */
  readonly absorbed: readonly RunningSum[];
  /**
   * The writer's client found nothing of the key: sums that the context covers whole are taken away too, named or not, but
   * for those whose birth stands among the unseen.
   */
  readonly creates?: boolean;
}

/** Shared by all cells that have nothing of a kind: most cells have one sibling and no sums. Never changed in place. */
const NO_SIBLINGS: readonly Sibling[] = Object.freeze([]);
const NO_SUMS: readonly CellSum[] = Object.freeze([]);
const NO_EARLY: readonly EarlyContext[] = Object.freeze([]);

/** A cell that nothing was ever written to. */
export function emptyCell(): Cell {
  return { siblings: NO_SIBLINGS, sums: NO_SUMS, early: NO_EARLY, wipes: undefined };
}

/** A copy that can be changed without changing the original. */
export function cloneCell(cell: Cell): Cell {
  return {
    siblings: cell.siblings,
    sums: cell.sums.length === 0 ? cell.sums : cell.sums.map((sum) => ({ ...sum })),
    early: cell.early,
    wipes: cell.wipes,
  };
}

/** True where the cell needs no record: a later change can be merged without it. */
export function isForgettable(cell: Cell): boolean {
  return cell.siblings.length === 0 && cell.sums.length === 0 && cell.early.length === 0 && cell.wipes === undefined;
}

/** True where a sum still counts. */
export function isLive(sum: CellSum): boolean {
  return sum.upTo > sum.absorbedUpTo;
}

/** True where a reader sees something in the cell. */
export function isPresent(cell: Cell): boolean {
  return cell.siblings.length > 0 || cell.sums.some(isLive);
}
