/**
 * Moves changes from pending to `base` when the mark that carries them is read in the stream: from that position on,
 * clients could see them. Also finds out what the server holds afterwards.
 */
import {
  covers,
  decimalOfPrint,
  decimalText,
  integerOfPrint,
  PRINT_INLINE_BYTES_MAX,
  printOfInteger,
  type CellChange,
  type Sibling,
} from "@meridian/merge";
import type { ReadonlyVector } from "@meridian/words";
import { basePrint, SUPERSEDED, shownPrint } from "../keys/content.js";
import type { ConflictLedger } from "../conflicts/conflict-ledger.js";
import type { CellSlot } from "../keys/key-entry.js";
import { settleList } from "./list-settle.js";
import { isOfRegister, mergeInto } from "./target-cell.js";

/** What settling a cell found. */
export type Settled =
  /** The server holds what `base` says. */
  | "equal"
  /** It holds something else that is known: the cell must be applied again. */
  | "differs"
  /** A local write came between issue and effect: only reading tells. */
  | "unsure";

/**
 * Settles the pending changes of a slot that `upTo` covers. Call it only where the mark did not leave the cell out.
 * `removed`: long values that the batch took out of the slot's list.
 */
export function settleSlot(slot: CellSlot, upTo: ReadonlyVector, conflicts: ConflictLedger, removed: readonly Buffer[]): Settled {
  if (slot.list) return settleList(slot, upTo, removed, conflicts);
  const before = shownPrint(slot);
  const issued = slot.issued;
  const raced = slot.raced;
  const known = slot.base.siblings;
  // Nothing is lost of what meets in a stream: both entries stay, one under another id, and of existence there is no value.
  const isLedgered = slot.kind !== "x" && slot.kind !== "g";
  const rest: CellChange[] = [];
  slot.changeBase((cell) => {
    for (const change of slot.pending) {
      if (!upTo.covers(change.writer, change.hlc)) {
        rest.push(change);
        continue;
      }
      if (isOfRegister(change)) conflicts.meets(slot, cell, change);
      mergeInto(slot, cell, change);
      if (isLedgered && (change.action === "remove" || change.action === "delete")) conflicts.removed(slot, cell, change);
      if (slot.kind === "t" && change.action === "put") supersede(slot, change);
    }
  });
  const hasMerged = rest.length < slot.pending.length;
  const isMixed = slot.base.siblings.length > 1 || slot.base.sums.length > 0;
  if (isLedgered && isMixed && hasMerged) conflicts.merged(slot, known);
  if (slot.kind === "x" && slot.field !== "" && isMixed && hasMerged) conflicts.moved(slot);
  slot.pending = rest;
  slot.excepted = false;
  slot.issued = undefined;
  slot.raced = false;
  const result = show(slot, before, issued, raced, hasMerged);
  // Where it is in doubt what the server holds, as after a crash, the value may stand nowhere but here.
  if (result === "equal" && (slot.unsure || isToBeKept(slot, known))) keepValues(slot);
  else if (result === "equal") releaseValues(slot);
  return result;
}

function show(slot: CellSlot, before: string | undefined, issued: CellSlot["issued"], raced: boolean, hasMerged: boolean): Settled {
  // Deadlines depend on other cells too: what the server holds of them is told apart, once all are merged.
  if (slot.kind === "t" && (!raced || issued?.how === "nothing")) return "equal";
  if (slot.entry.expired && (issued ? issued.how === "nothing" : !raced)) {
    // What was dropped at its deadline is away; what brings it back says so by itself.
    slot.shown = undefined;
    return "equal";
  }
  if (issued?.leaves && !slot.entry.expired) return setShown(slot, issued.leaves.print);
  if (isStream(slot)) {
    // Beside other types it is there only where that was written, or seen.
    if (slot.entry.mayClash && issued?.how !== "write") return setShown(slot, before);
    // It was to stay, and a client took it away before the script: entries of the batch have made it anew, or it is gone.
    if (!issued && !raced && before === undefined && basePrint(slot) !== undefined) {
      slot.unsure = true;
      return "unsure";
    }
    // Written without comparing: only what is known to be missing is written for itself.
    if (issued || !slot.shown) slot.shown = undefined;
    return "equal";
  }
  // A batch of an earlier life that changed nothing has changed nothing, whatever became of it.
  if (slot.kind === "x" && !issued && before === basePrint(slot)) return setShown(slot, before);
  // A frame may name a cell twice; the second time nothing is on its way any more. What an earlier life's batch brought was written.
  if (!issued && !raced && !hasMerged) return setShown(slot, before);
  if (!raced && issued && !(issued.how === "increment" && slot.shown)) {
    // Nothing came between: what was issued is the target as it was then, which is `base` now.
    if (issued.how !== "nothing" || before === basePrint(slot)) {
      slot.shown = undefined;
      return "equal";
    }
  }
  if (issued?.how === "nothing") return setShown(slot, before);
  if (issued?.how === "increment") {
    const after = afterIncrement(before, issued);
    if (after !== undefined) return setShown(slot, after);
  }
  // It was written, so clients can see it: that nothing was there before is no longer so.
  slot.shown = undefined;
  slot.unsure = true;
  return "unsure";
}

/** What the server holds after an increment of ours; undefined: only reading tells. */
function afterIncrement(before: string | undefined, { delta, isDecimal }: NonNullable<CellSlot["issued"]>): string | undefined {
  const number = before === undefined ? 0n : isDecimal ? decimalOfPrint(before) : integerOfPrint(before);
  if (number === undefined) return undefined;
  if (!isDecimal) return printOfInteger(number + delta);
  const text = decimalText(number + delta);
  return text.length <= PRINT_INLINE_BYTES_MAX ? `=${text}` : undefined;
}

/** Records what the server holds. */
export function setShown(slot: CellSlot, print: string | undefined): Settled {
  const equal = print === basePrint(slot);
  slot.shown = equal ? undefined : { print };
  return equal ? "equal" : "differs";
}

/** True for the cell of a stream itself. */
export function isStream({ kind, field }: CellSlot): boolean {
  return kind === "x" && field === "";
}

/**
 * True for a register of which only the deadline is to be changed in the server: where it comes too late, the key is gone, and
 * only we have its value.
 */
function isToBeKept({ kind, base }: CellSlot, known: readonly Sibling[]): boolean {
  const [now] = base.siblings;
  const [before] = known;
  return kind === "w" && now?.value !== undefined && before?.print === now.print && before.number !== now.number;
}

/** What was received is a view into a record. */
function keepValues(slot: CellSlot): void {
  slot.base.siblings = slot.base.siblings.map((s) => (s.value ? { ...s, value: Buffer.from(s.value) } : s));
}

/** The server holds the only sibling's value, or those of all entries of an id: we need not. */
export function releaseValues(slot: CellSlot): void {
  if (slot.kind === "x") {
    if (slot.base.siblings.some(({ value }) => value)) slot.base.siblings = slot.base.siblings.map((s) => ({ ...s, value: undefined }));
    return;
  }
  const [only, second] = slot.base.siblings;
  if (only?.value && !second) slot.base.siblings = [{ ...only, value: undefined }];
}

/** An expiry replaces the deadlines that strings brought along, if its writer had seen them. */
function supersede(expiry: CellSlot, change: CellChange): void {
  for (const carrier of [expiry.entry.string, expiry.entry.whole]) {
    if (!carrier) continue;
    carrier.base.siblings = carrier.base.siblings.map((s) => (covers(change, s) ? { ...s, number: SUPERSEDED } : s));
    carrier.pending = carrier.pending.map((p) => (p.action === "put" && covers(change, p) ? { ...p, number: SUPERSEDED } : p));
  }
}
