/**
 * What clients did to keys that are one register (`lww`): whatever command it was, the key is read whole at a position of the
 * stream behind it, and the whole becomes one write, also where it is what it was before. Only a delete is taken from the
 * stream itself, because its whole is known.
 *
 * Several commands before one read are one write. Its time is the version of the last of them, which is earlier than that under
 * which the read is published, unless something later has been merged here in between.
 */
import { digestPrintOf, isDigest, isPresent, latestIn } from "@meridian/merge";
import type { ReadValue } from "@meridian/mark";
import { HLC_ZERO, MutationKind, type Hlc } from "@meridian/words";
import { numberOfPrint, shownDeadlinePrint, shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { LocalWrites } from "./local-writes.js";
import { printOfWhole } from "../read/reconcile.js";
import { isDue } from "../apply/server-deadlines.js";

/** Where the writes go. */
export interface RegisterContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
}

const NO_BYTES = Buffer.alloc(0);
/** Earlier than any other: a command of which it is not known when it was. */
export const FIRST_HLC = 1 as Hlc;

/** A read of the whole key, after commands that changed it: until then it was unknown what it held. */
export function reconcileRegister(entry: KeyEntry, value: ReadValue, context: RegisterContext, nowMs: number): void {
  const written = entry.rewritten;
  entry.rewritten = HLC_ZERO;
  if (value.type !== "whole" || !value.payload) {
    if (!entry.expired && isDue(entry, nowMs)) context.writes.expire(entry, nowMs);
    else erase(entry, context, written);
    return;
  }
  const { payload } = value;
  const deadline = value.deadlineMs < 0 ? Infinity : value.deadlineMs;
  const shown = entry.whole && shownPrint(entry.whole);
  const known = shownDeadlinePrint(entry);
  const print = entry.whole ? printOfWhole(entry.whole, payload) : digestPrintOf(payload);
  if (written === HLC_ZERO && shown === print && (known === undefined ? Infinity : numberOfPrint(known)) === deadline) return;
  assign(entry, { print, payload, deadline, written }, context);
}

/** A DEL in the stream: by a client, or because the deadline is past, of which nothing is published. */
export function removeRegister(entry: KeyEntry, context: RegisterContext, nowMs: number): void {
  if (entry.evicted || (!entry.blind && entry.expired)) return;
  if (!entry.expired && isDue(entry, nowMs)) {
    // Of a key that is unknown the deadline is too: reading will tell.
    if (!entry.blind) context.writes.expire(entry, nowMs);
    return;
  }
  const isKnown = entry.whole !== undefined && (isPresent(entry.whole.base) || shownPrint(entry.whole) !== undefined);
  if (entry.blind || isKnown) erase(entry, context, HLC_ZERO);
}

function erase(entry: KeyEntry, { keys, writes }: RegisterContext, written: Hlc): void {
  const slot = keys.single(entry, "w");
  const hlc = timeOf(slot, written, writes.hlc);
  entry.rewritten = HLC_ZERO;
  writes.changeCell(slot, (cell) => {
    cell.siblings = [];
    cell.wipes = [{ writer: writes.writerOf(entry.key), hlc }];
  });
  know(entry, keys);
  writes.tell(MutationKind.PutRegister, entry, "", [slot], NO_BYTES, Infinity, hlc);
}

/** When it was written; as late as the reading where that is unknown, or where what stands in the register is later. */
function timeOf({ base }: CellSlot, written: Hlc, readAt: Hlc): Hlc {
  return written > (latestIn(base)?.hlc ?? FIRST_HLC) ? written : readAt;
}

interface ReadWhole {
  readonly print: string;
  readonly payload: Buffer;
  readonly deadline: number;
  readonly written: Hlc;
}

function assign(entry: KeyEntry, { print, payload, deadline, written }: ReadWhole, { keys, writes }: RegisterContext): void {
  const slot = keys.single(entry, "w");
  const hlc = timeOf(slot, written, writes.hlc);
  // An apply that is under way may overwrite it: then only we hold it, and the ledger is to have what loses.
  const value = slot.pending.length > 0 && isDigest(print) ? Buffer.from(payload) : undefined;
  writes.changeCell(slot, (cell) => {
    cell.siblings = [{ writer: writes.writerOf(entry.key), hlc, print, number: deadline, value }];
    cell.wipes = undefined;
  });
  slot.unreadable = false;
  settleDeadline(entry, keys);
  know(entry, keys);
  writes.tell(MutationKind.PutRegister, entry, "", [slot], payload, deadline, hlc);
}

/** The deadline that the server holds is the one that was read. */
function settleDeadline({ expiry }: KeyEntry, keys: KeySpace): void {
  if (!expiry) return;
  expiry.shown = undefined;
  if (expiry.issued) expiry.raced = true;
  keys.touch(expiry);
}

/** From here on what the server holds of the key is known. */
function know(entry: KeyEntry, keys: KeySpace): void {
  if (!entry.expired && !entry.blind) return;
  entry.expired = false;
  entry.blind = false;
  keys.touchEntry(entry);
}
