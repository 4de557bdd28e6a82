/**
 * What a cell's server holds (shown) and what it should hold (target), as prints that can be compared. Undefined means
 * that there is nothing.
 */
import {
  covers,
  deadlineContent,
  emptyCell,
  entryPrint,
  groupStart,
  isPresent,
  isStreamPrint,
  registerContent,
  scoreContent,
  type Cell,
} from "@meridian/merge";
import type { CellKind } from "@meridian/words";
import type { CellSlot, KeyEntry } from "./key-entry.js";
import { targetCount } from "./list-content.js";
import { LIST_PRINT } from "./list-state.js";
import { targetCell } from "../apply/target-cell.js";
import { isHidden, willBeHidden } from "../apply/type-clash.js";

/** A deadline that an expiry written later, by someone who had seen it, has replaced. */
export const SUPERSEDED = -Infinity;

/** A score as the server prints and reads it. */
export function scoreText(score: number): string {
  return Number.isFinite(score) ? String(score) : score > 0 ? "inf" : "-inf";
}

/** The print of what a reader sees in a cell. Not for expiries, which depend on more than one cell. */
export function contentPrint(kind: CellKind, cell: Cell): string | undefined {
  if (kind === "e") return cell.siblings.length > 0 ? "" : undefined;
  if (kind === "x") return cell.siblings[0] && isStreamPrint(cell.siblings[0].print) ? "" : entryPrint(cell);
  if (kind === "g") return groupStart(cell) === undefined ? undefined : "";
  if (kind !== "z") return registerContent(cell)?.print;
  const score = scoreContent(cell);
  return score === undefined ? undefined : `=${scoreText(score)}`;
}

/** What the server holds of a cell, according to its stream so far. */
export function shownPrint(slot: CellSlot): string | undefined {
  if (slot.entry.expired || slot.entry.evicted) return undefined;
  return slot.shown ? slot.shown.print : basePrint(slot);
}

/** True where the server holds the key, according to its stream so far. */
export function isHeld(entry: KeyEntry): boolean {
  if (entry.expired || entry.evicted) return false;
  if (entry.string && shownPrint(entry.string) !== undefined) return true;
  if (entry.whole && shownPrint(entry.whole) !== undefined) return true;
  if (entry.list && shownPrint(entry.list) !== undefined) return true;
  // What is hidden behind another type is in memory, and not held.
  if (entry.mayClash) entry.loadMembers();
  let unloaded = entry.presentMembers;
  if (unloaded === 0 && entry.members.size === 0) return false;
  for (const slot of entry.members.values()) {
    if (shownPrint(slot) !== undefined) return true;
    if (isPresent(slot.base)) unloaded -= 1;
  }
  return unloaded > 0;
}

/** True where a string or whole value of the key has brought a deadline along, or will. */
export function hasOwnDeadline({ string, whole }: KeyEntry): boolean {
  return (string !== undefined && bringsDeadline(string)) || (whole !== undefined && bringsDeadline(whole));
}

function bringsDeadline({ base, pending }: CellSlot): boolean {
  for (const { number } of base.siblings) if (Number.isFinite(number)) return true;
  for (const { action, number } of pending) if ((action === "put" || action === "assign") && Number.isFinite(number)) return true;
  return false;
}

/** The key's deadline in the server, according to its stream so far. */
export function shownDeadlinePrint(entry: KeyEntry): string | undefined {
  if (!isHeld(entry)) return undefined;
  return entry.expiry?.shown ? entry.expiry.shown.print : deadlinePrint(heldDeadline(entry));
}

/**
 * What the server holds of a cell as it would print it itself: DUMP of a restored whole value may differ from the payload
 * that was sent.
 */
export function heldPrint(slot: CellSlot): string | undefined {
  const print = shownPrint(slot);
  return print !== undefined && slot.restored?.print === print ? slot.restored.held : print;
}

/** What the server holds of a cell where nothing else is known: what `base` says of the cell by itself. */
export function basePrint(slot: CellSlot): string | undefined {
  if (slot.list) return slot.list.sequence.count > 0 ? LIST_PRINT : undefined;
  return slot.kind === "t" ? deadlinePrint(heldDeadline(slot.entry)) : contentPrint(slot.kind, slot.base);
}

/** The print of what everything received says that the server should hold of a cell. Not for expiries. */
export function targetPrint(slot: CellSlot): string | undefined {
  if (willBeHidden(slot)) return undefined;
  if (slot.list) return targetCount(slot) > 0 ? LIST_PRINT : undefined;
  return contentPrint(slot.kind, targetCell(slot));
}

/** True for cells whose siblings bring a deadline of their own. */
export function carriesDeadline(slot: CellSlot): boolean {
  return slot.kind === "s" || slot.kind === "w";
}

/** The deadline that `base` gives the key, in ms since 1970; undefined or `Infinity`: none. */
export function baseDeadline(entry: KeyEntry): number | undefined {
  const { string, whole, expiry } = entry;
  if (!entry.mayClash) return longest(string?.base, whole?.base, expiry?.base);
  // What is hidden behind another type has no say.
  return longest(string && !isHidden(string) ? string.base : undefined, whole && !isHidden(whole) ? whole.base : undefined, expiry?.base);
}

/** The deadline that goes with what the server holds: of a key of one type what `base` says. */
export function heldDeadline(entry: KeyEntry): number | undefined {
  if (!entry.mayClash) return baseDeadline(entry);
  const isThere = ({ shown }: CellSlot): boolean => shown === undefined || shown.print !== undefined;
  const held = (slot: CellSlot | undefined): Cell | undefined => (slot && isThere(slot) ? slot.base : undefined);
  return longest(held(entry.string), held(entry.whole), entry.expiry?.base);
}

/** The deadline that everything received gives the key. */
export function targetDeadline(entry: KeyEntry): number | undefined {
  const { string, whole, expiry } = entry;
  if (!expiry) return longest(string && visibleTarget(string), whole && visibleTarget(whole));
  const carriers = [string, whole].map((slot) => (slot && visibleTarget(slot)) ?? emptyCell());
  const puts = expiry.pending.filter((change) => change.action === "put");
  const own = carriers.map((cell) => ({
    ...cell,
    siblings: cell.siblings.filter((sibling) => !puts.some((put) => covers(put, sibling))),
  }));
  return longest(...own, targetCell(expiry));
}

/** What a cell becomes, where no other type hides that. */
function visibleTarget(slot: CellSlot): Cell | undefined {
  return willBeHidden(slot) ? undefined : targetCell(slot);
}

function longest(...cells: readonly (Cell | undefined)[]): number | undefined {
  let best: number | undefined;
  for (const cell of cells) {
    const deadline = cell && deadlineContent(cell);
    if (deadline !== undefined && deadline !== SUPERSEDED && (best === undefined || deadline > best)) best = deadline;
  }
  return best;
}

/** A deadline as a print: only finite ones stand in the server. */
export function deadlinePrint(deadline: number | undefined): string | undefined {
  return deadline === undefined || !Number.isFinite(deadline) ? undefined : `=${deadline}`;
}

/** A deadline as the server's commands take it: ms since 1970, or -1 for none. */
export function deadlineOrNone(deadline: number | undefined): number {
  return deadline === undefined || !Number.isFinite(deadline) ? -1 : deadline;
}

/** A deadline's print as the server's commands take it: ms since 1970, or -1 for none. */
export function timeOfPrint(print: string | undefined): number {
  return print === undefined ? -1 : numberOfPrint(print);
}

/** The number in a print of a number. */
export function numberOfPrint(print: string): number {
  const text = print.slice(1);
  return text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
}
