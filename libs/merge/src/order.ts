/**
 * Which of two concurrent writes a reader sees: the later one; at equal times the one of the region whose id is
 * smaller. Only ever asked of concurrent writes: a write that has seen another replaces it whatever the clocks say.
 */
import type { Dot } from "@meridian/words";
import type { Cell, Sibling } from "./cell.js";

/** True where `a` wins over `b`. */
export function wins(a: Dot, b: Dot): boolean {
  return a.hlc !== b.hlc ? a.hlc > b.hlc : a.writer < b.writer;
}

/** The visible sibling, or undefined where there is none. */
export function winnerOf({ siblings }: Pick<Cell, "siblings">): Sibling | undefined {
  let best: Sibling | undefined;
  for (const sibling of siblings) if (!best || wins(sibling, best)) best = sibling;
  return best;
}

/** The newest dot in a cell, sums included: decides which type of a key is visible. */
export function newestDot(cell: Cell): Dot | undefined {
  let best: Dot | undefined = winnerOf(cell);
  for (const sum of cell.sums) {
    if (sum.upTo <= sum.absorbedUpTo) continue;
    const dot = { writer: sum.writer, hlc: sum.upTo };
    if (!best || wins(dot, best)) best = dot;
  }
  return best;
}
