/** Sums of a counter that still count, as a write of this region finds them. Changes no cell but the one that it is given. */
import { isLive, type Cell } from "@meridian/merge";
import { HLC_ZERO, type Absorbed, type Hlc, type WriterId } from "@meridian/words";
import type { CellSlot } from "./key-entry.js";

/** Takes away what every live sum has come to. */
export function absorbAll(cell: Cell): void {
  for (const sum of cell.sums) {
    if (!isLive(sum)) continue;
    sum.absorbedUpTo = sum.upTo;
    sum.absorbed = sum.sum;
  }
}

/** Names in `absorbed` what every live sum of a cell has come to, or those of one writer only. */
export function addLive(absorbed: Absorbed[], { kind, field, base }: CellSlot, only?: WriterId): void {
  for (const sum of base.sums) {
    if (!isLive(sum) || (only !== undefined && sum.writer !== only)) continue;
    const { writer, birth, upTo, sum: total } = sum;
    absorbed.push({ kind, field, writer, birth, upTo, sum: total, ...(sum.decimal && { decimal: sum.decimal }) });
  }
}

/** Begins a writer's sum, of decimals or of the others, in place of its last one, of which nothing is left. */
export function beginSum(cell: Cell, writer: WriterId, birth: Hlc, isDecimal: boolean): Cell["sums"][number] {
  const sum = { writer, birth, upTo: HLC_ZERO, sum: 0n, absorbedUpTo: HLC_ZERO, absorbed: 0n, ...(isDecimal && DECIMAL) };
  cell.sums = [...cell.sums.filter((known) => known.writer !== writer || (known.decimal ?? false) !== isDecimal), sum];
  return sum;
}

const DECIMAL = { decimal: true } as const;
