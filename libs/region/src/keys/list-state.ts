/**
 * What the agent remembers of one list beside what it remembers of every cell: its elements, what the server holds where
 * that is something else, and what a batch under way does to it.
 */
import { Sequence, type Position, type Sibling } from "@meridian/merge";

/** One element as the server holds it. `position`: which one it is; empty where it is none that we know. */
export interface HeldElement {
  readonly position: Position;
  readonly print: string;
}

/** One edit that was issued. Indices count from the side that is named, as in libs/mark. */
export interface IssuedEdit {
  readonly side: "h" | "t";
  readonly offset: number;
  readonly removed: number;
  readonly inserted: readonly HeldElement[];
  /** The elements beside it when it was planned; undefined: the list's end. */
  readonly left: Position | undefined;
  readonly right: Position | undefined;
}

/** What was issued for a list. */
export interface IssuedEdits {
  readonly edits: readonly IssuedEdit[];
  /** Every place that the pending changes touch, with what stood there in `base`; undefined: planned upon something else. */
  readonly touched: ReadonlyMap<Position, readonly Sibling[] | undefined> | undefined;
  /** Elements were left out, because their values stand nowhere any more. */
  readonly isPartial: boolean;
}

/** What `Shown.print` says of a list that the server holds: the elements stand in {@link ListState.held}. */
export const LIST_PRINT = "list";

/**
 * What an agent that has died knew of a list, its heir may not know: nothing that matters; at which places equal values stand; or what
 * the server held, which was not what it should, so that some of it may never have been there.
 */
export type ListDoubt = "none" | "order" | "content";

/** See the module's comment. */
export class ListState {
  /** The elements that `base` says the server holds. */
  sequence = new Sequence();
  /** The elements that the server holds, where the slot's `shown` says that these are others. */
  held: readonly HeldElement[] = NO_ELEMENTS;
  issued: IssuedEdits | undefined;
  /** Of a slot that is unsure: how far `base` can be believed until the list is read. */
  doubt: ListDoubt = "none";
  /** A client has changed the list in this life of the agent. */
  isChanged = false;
  /** A client's command has put something else in its place since it was read. */
  isReplaced = false;
  /** The list was read for values that must be written and that the agent has not: what was not found is lost. */
  sought = false;

  /** What the server holds is known. */
  onRead(): void {
    this.doubt = "none";
    this.isReplaced = false;
  }

  /** A client took everything away: what the server holds is known. */
  clear(): void {
    this.sequence.clear();
    this.doubt = "none";
  }
}

const NO_ELEMENTS: readonly HeldElement[] = Object.freeze([]);
