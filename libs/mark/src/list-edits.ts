/**
 * Edits of a list within a batch: what goes, what comes, and what must stand there and beside it. The edits of one list
 * match together or not at all.
 *
 *     edit = side, offset, n removed, n values, expected left, n x expected, expected right, values
 *
 * `side` is `h`: the edit begins `offset` elements after the head; or `t`: `offset` elements stand behind it. Edits come
 * in the order of the list, those of the head's side first. An expectation is a print (`=` and the bytes, or `#` and 16
 * hex digits of the SHA-1), or `-`: the list ends here, or `~`: anything. Removed elements are always compared.
 */
import type { Bytes } from "./apply-batch.js";

/** Expectation: nothing stands there. */
export const LIST_END = "-";

/** Expectation: whatever stands there. */
export const ANY_ELEMENT = "~";

/** Up to this many elements between an edit and the nearer end are taken out and put back, where that is the shortest way. */
export const NEAR_END = 32;

/** Values of one push: Lua's `unpack` takes no more than some 8,000. */
export const PUSH_LIMIT = 1000;

/** One edit; see the module's comment. */
export interface ElementsEdit {
  readonly side: "h" | "t";
  readonly offset: number;
  /** Prints of what is removed. */
  readonly removed: readonly string[];
  readonly values: readonly Bytes[];
  readonly left: string;
  readonly right: string;
}

/** What stands for an element between the two steps of its removal: never seen outside of the transaction. */
export function goneValue(epoch: number | string, seq: number | string): string {
  return `meridian:gone:${epoch}:${seq}`;
}
