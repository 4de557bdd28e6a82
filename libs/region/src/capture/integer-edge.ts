/** Where counters come near the edge of 64 bits: there the server may compute something else than the sum of all. */
import type { Cell } from "@meridian/merge";

/** Beyond this a number may leave 64 bits when the contributions of all writers are added. */
const FAR_FROM_EDGE = 2n ** 57n;
const PRINT_FAR_FROM_EDGE = 19;

/** True where a server may refuse or clamp what the sum of all writers' contributions is. */
export function mayReachEdge(cell: Cell): boolean {
  for (const { print } of cell.siblings) if (print.length > PRINT_FAR_FROM_EDGE) return true;
  for (const { sum, absorbed } of cell.sums) if (sum - absorbed > FAR_FROM_EDGE || absorbed - sum > FAR_FROM_EDGE) return true;
  return false;
}
