/** Sums of a counter that still count, as a write of this region finds them. Changes no cell but the one that it is given. */
import { isLive, type Cell } from "@meridian/merge";

/** Takes away what every live sum has come to. */
export function absorbAll(cell: Cell): void {
  for (const sum of cell.sums) {
    if (!isLive(sum)) continue;
    sum.absorbedUpTo = sum.upTo;
    sum.absorbed = sum.sum;
  }
}
