/** What a cell becomes once everything received is merged into it. */
import { cloneCell, mergeChange, mergeEntryChange, mergeRegister, type Cell, type CellChange } from "@meridian/merge";
import type { CellSlot } from "../keys/key-entry.js";

/** A cell with everything received merged into it. Not to be changed: it may be `base` itself. */
export function targetCell(slot: CellSlot): Cell {
  if (slot.pending.length === 0) return slot.base;
  const cell = cloneCell(slot.base);
  for (const change of slot.pending) mergeInto(slot, cell, change);
  return cell;
}

/** Merges a change into a cell, or a copy of it. */
export function mergeInto({ kind, field }: CellSlot, cell: Cell, change: CellChange): void {
  if (isOfRegister(change)) mergeRegister(cell, change);
  else if (kind === "x" && field !== "") mergeEntryChange(cell, change);
  else mergeChange(cell, change);
}

/** True for changes of keys that are one register. */
export function isOfRegister({ action }: CellChange): boolean {
  return action === "assign" || action === "erase";
}
