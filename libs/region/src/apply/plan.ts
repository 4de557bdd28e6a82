/**
 * Decides what must be written to the server so that a cell holds its target, and writes it into a batch.
 *
 * Everything compares before it writes, except increments, which commute with what was not captured yet.
 */
import {
  covers,
  decimalText,
  integerOfPrint,
  isDigest,
  isLive,
  isSketchPrint,
  knownUnion,
  plainDecimalOfPrint,
  PRINT_INLINE_BYTES_MAX,
  registerContent,
  sameDot,
  shownEntries,
  uniteSketches,
  valueOfPrint,
  winnerOf,
  wins,
  writeOf,
  type Cell,
} from "@meridian/merge";
import { DEADLINE_NO_KEY, type ApplyBatch, type Expect } from "@meridian/mark";
import {
  contentPrint,
  deadlineOrNone,
  deadlinePrint,
  heldPrint,
  isHeld,
  numberOfPrint,
  shownDeadlinePrint,
  shownPrint,
  targetDeadline,
  targetPrint,
  timeOfPrint,
} from "../keys/content.js";
import { typeOfKind, type CellSlot, type Issue, type KeyEntry, type ValueType } from "../keys/key-entry.js";
import { issueList, issueRemoval, lacksValues, planOfList, wouldLoseElement } from "./list-plan.js";
import { isPast, mayVanish } from "./server-deadlines.js";
import { isOfRegister, targetCell } from "./target-cell.js";
import { willBeHidden } from "./type-clash.js";

/** What stands in the way of applying a cell now. */
export type Obstacle = "in flight" | "to be read" | "refused";

/** Why a cell cannot be part of the next batch, or undefined where it can. `isTurning`: its key changes its type with it. */
export function obstacleOf(slot: CellSlot, isTurning = false): Obstacle | undefined {
  if (slot.issued || (slot.kind === "t" && (slot.entry.string?.issued ?? slot.entry.whole?.issued))) return "in flight";
  // A value is written with its deadline, over the one that is there: that must be known.
  if ((slot.kind === "s" || slot.kind === "w") && slot.entry.expiry?.issued) return "in flight";
  if (slot.refused || (!isTurning && clashes(slot))) return "refused";
  // What a sketch is raised by commutes with what clients add to it, read or not.
  if ((slot.entry.blind || slot.unsure || slot.entry.reading !== 0) && !raiseOf(slot) && !staysHidden(slot)) return "to be read";
  return undefined;
}

/** True where another type hides the cell and the server holds nothing of it: whatever a read finds of the key, nothing is written. */
function staysHidden(slot: CellSlot): boolean {
  return slot.entry.mayClash && !slot.entry.blind && !slot.unsure && willBeHidden(slot) && shownPrint(slot) === undefined;
}

/** True where the server holds the key as another type: the cell cannot be written beside it. */
function clashes(slot: CellSlot): boolean {
  const { entry, kind } = slot;
  if (!entry.mayClash || kind === "t" || targetPrint(slot) === undefined) return false;
  const shown = shownType(entry);
  return shown !== undefined && shown !== typeOfKind(kind);
}

/** The type of what the server holds of a key. */
export function shownType(entry: KeyEntry): ValueType | undefined {
  entry.loadMembers();
  for (const slot of entry.loadedSlots()) if (slot.kind !== "t" && shownPrint(slot) !== undefined) return typeOfKind(slot.kind);
  return undefined;
}

/**
 * True where applying would overwrite the only copy of a value that must be kept: a sibling that stays, hidden behind another
 * or behind another type, or united with others, and that only the server holds. Of a list also where elements must be
 * written whose values only the server may hold.
 */
export function wouldLoseValue(slot: CellSlot): boolean {
  if (slot.list) return wouldLoseElement(slot) || lacksValues(slot);
  const isHiding = willBeHidden(slot);
  if (slot.kind === "x") return isHiding && wouldLoseEntry(slot);
  if (slot.kind !== "s" && slot.kind !== "h" && slot.kind !== "w") return false;
  if (slot.kind === "w" && losesUnseen(slot)) return true;
  // No change adds more than one sibling.
  if (!isHiding && slot.base.siblings.length + slot.pending.length < 2) return false;
  const target = targetCell(slot);
  if (target.siblings.length < 2 && !isHiding) return false;
  const winner = isHiding ? undefined : winnerOf(target);
  const shown = shownPrint(slot);
  return target.siblings.some(
    ({ print, value, ...dot }) =>
      !value && print === shown && valueOfPrint(print) === undefined && (isSketchPrint(print) || !winner || !sameDot(winner, dot)),
  );
}

/** True where a register is replaced by what had not seen it: the ledger is to have what loses. */
function losesUnseen({ base, pending, shown, entry, unreadable }: CellSlot): boolean {
  const [held] = base.siblings;
  if (!held || held.value || shown || entry.expired || unreadable) return false;
  return pending.some((change) => isOfRegister(change) && wins(writeOf(change), held) && !covers(change, held));
}

/** An entry of a stream that goes for another type, and that only the server holds. */
function wouldLoseEntry(slot: CellSlot): boolean {
  if (slot.field === "" || shownPrint(slot) === undefined) return false;
  const shown = shownEntries(shownPrint(slot), slot.field);
  const isOnlyThere = (print: string): boolean => valueOfPrint(print) === undefined && shown.some((entry) => entry.print === print);
  return targetCell(slot).siblings.some(({ print, value }) => !value && isOnlyThere(print));
}

/** What was planned for a cell. `missing`: elements of a list, or sketches, that are left out, for their values stand nowhere here. */
export type Planned = Omit<Issue, "seq"> & { readonly missing?: number };

/**
 * Adds what the cell needs to the batch. `timer`: for deadlines, whether the batch sets the key's string or whole value,
 * deadline included, or makes the key anew.
 */
export function planSlot(batch: ApplyBatch, slot: CellSlot, timer: "carried" | "anew" | undefined, nowMs: number): Planned | "lost" | "removal" {
  if (slot.kind === "t") return timer === "carried" ? { ...writeOfDeadline(slot.entry), isCarried: true } : planExpiry(batch, slot.entry, timer === "anew");
  if (slot.list) slot.list.issued = undefined;
  // What is dead by now and not there either is not made to be dropped at once.
  if (slot.entry.expired && isDead(slot.entry, nowMs)) return NOTHING;
  if (slot.list) return planList(batch, slot, nowMs);
  const target = targetCell(slot);
  const wanted = willBeHidden(slot) ? undefined : contentPrint(slot.kind, target);
  const shown = shownPrint(slot);
  if (wanted === shown) return NOTHING;
  if (wanted === undefined) return "removal";
  if (slot.kind !== "s" && slot.kind !== "w") requireKey(batch, slot.entry, nowMs);
  if (slot.kind === "e") {
    batch.addMember(slot.entry.db, slot.entry.key, slot.field);
    return WRITE;
  }
  if (slot.kind === "z") {
    batch.setScore(slot.entry.db, slot.entry.key, slot.field, shown === undefined ? "-" : "=", shown?.slice(1) ?? "", wanted.slice(1));
    return WRITE;
  }
  const raise = raiseOf(slot);
  if (raise) {
    batch.raiseSketch(slot.entry.db, slot.entry.key, raise.held, raise.added);
    return RAISE;
  }
  const added = slot.kind === "w" ? undefined : incrementOf(target, wanted, shown);
  if (added !== undefined) return increment(batch, slot, added, nowMs);
  const value = registerContent(target)?.value ?? valueOfPrint(wanted);
  return value ? write(batch, slot, value, shown) : planPart(batch, slot, target, shown);
}

/** Of united sketches some may stand in other servers only: what of the others is here is shown, and never removed for that. */
function planPart(batch: ApplyBatch, slot: CellSlot, target: Cell, shown: string | undefined): Planned | "lost" {
  const part = knownUnion(target);
  if (!part?.value) return "lost";
  const planned = part.print === shown ? NOTHING : write(batch, slot, part.value, shown);
  return { ...planned, leaves: { print: part.print }, missing: 1 };
}

/**
 * What is added to a key that the server has just dropped at its deadline would make it anew, without one: it is left out instead. Not
 * for what brings a deadline of its own.
 */
export function requireKey(batch: ApplyBatch, entry: KeyEntry, nowMs: number): void {
  if (mayVanish(entry, batch.seq, nowMs)) batch.requireKey(entry.db, entry.key);
}

function planList(batch: ApplyBatch, slot: CellSlot, nowMs: number): Planned | "removal" {
  if (targetPrint(slot) === undefined) return shownPrint(slot) === undefined ? NOTHING : "removal";
  requireKey(batch, slot.entry, nowMs);
  const plan = planOfList(slot);
  const before = batch.cells;
  issueList(batch, slot, plan);
  return { ...(batch.cells > before ? WRITE : NOTHING), missing: plan.missing };
}

/** Counters are never set where they can be raised: that commutes with increments that were not captured yet. */
function incrementOf(target: Cell, wanted: string, shown: string | undefined): Increment | undefined {
  if (!target.sums.some(isLive)) return undefined;
  const to = integerOfPrint(wanted);
  const from = shown === undefined ? 0n : integerOfPrint(shown);
  if (to !== undefined && from !== undefined) return { delta: to - from, isDecimal: false };
  const wantedDecimal = plainDecimalOfPrint(wanted);
  const shownDecimal = shown === undefined ? 0n : plainDecimalOfPrint(shown);
  return wantedDecimal === undefined || shownDecimal === undefined ? undefined : { delta: wantedDecimal - shownDecimal, isDecimal: true };
}

type Increment = Required<Pick<Issue, "delta" | "isDecimal">>;

function increment(batch: ApplyBatch, slot: CellSlot, { delta, isDecimal }: Increment, nowMs: number): Omit<Issue, "seq"> {
  const { db, key } = slot.entry;
  if (slot.kind === "s") requireKey(batch, slot.entry, nowMs);
  if (isDecimal) batch.addDecimal(db, key, slot.kind === "h" ? slot.field : undefined, decimalText(delta));
  else if (slot.kind === "s") batch.incrString(db, key, delta.toString());
  else batch.incrField(db, key, slot.field, delta.toString());
  return { how: "increment", delta, isDecimal, deadline: undefined };
}

function write(batch: ApplyBatch, slot: CellSlot, value: Buffer, shown: string | undefined): Omit<Issue, "seq"> {
  const { db, key } = slot.entry;
  const expect = expectOf(shown);
  const expected = heldPrint(slot)?.slice(1) ?? "";
  if (slot.kind === "h") {
    batch.setField(db, key, slot.field, expect, expected, value);
    return WRITE;
  }
  const deadline = targetDeadline(slot.entry);
  // A deadline that a client has just changed must not be replaced by a nearer one: what it drops stands nowhere else.
  const held = shown === undefined ? undefined : timeOfPrint(shownDeadlinePrint(slot.entry));
  if (slot.kind === "s") batch.setString(db, key, expect, expected, value, deadlineOrNone(deadline), held);
  else batch.restoreWhole(db, key, expect === "=" || expect === "%" ? "#" : expect, expected, value, deadlineOrNone(deadline), true, held);
  return { how: "write", delta: 0n, deadline: deadlinePrint(deadline) };
}

/**
 * Adds the removal of a cell's content. Removals come after everything that the batch adds: a key whose last member goes
 * loses its deadline, even if the next command adds another.
 */
export function planRemoval(batch: ApplyBatch, slot: CellSlot): Omit<Issue, "seq"> {
  if (slot.list) {
    issueRemoval(batch, slot);
    return WRITE;
  }
  const { db, key } = slot.entry;
  const shown = heldPrint(slot) ?? "";
  const expect = expectOf(shown);
  if (slot.kind === "s") batch.delString(db, key, expect, shown.slice(1));
  else if (slot.kind === "h") batch.delField(db, key, slot.field, expect, shown.slice(1));
  else if (slot.kind === "e") batch.removeMember(db, key, slot.field);
  else if (slot.kind === "z") batch.removeScore(db, key, slot.field, shown.slice(1));
  else batch.delWhole(db, key, "#", shown.slice(1));
  return WRITE;
}

/**
 * Sets the key's deadline, upon nothing but what it is for: a string or whole value that a client has just written anew
 * has none, and would be dropped by it. Members have no deadlines of their own: they go with their key wherever they are.
 */
function planExpiry(batch: ApplyBatch, entry: KeyEntry, isAnew: boolean): Omit<Issue, "seq"> {
  const wanted = deadlinePrint(targetDeadline(entry));
  if (isAnew) {
    // With what was there its deadline went.
    if (wanted !== undefined) batch.setExpiry(entry.db, entry.key, DEADLINE_NO_KEY, numberOfPrint(wanted));
    return writeOfDeadline(entry);
  }
  const shown = shownDeadlinePrint(entry);
  if (wanted === shown) return NOTHING;
  const present = isHeld(entry);
  if (!present && !willBePresent(entry)) return NOTHING;
  const expected = present ? timeOfPrint(shown) : DEADLINE_NO_KEY;
  batch.setExpiry(entry.db, entry.key, expected, timeOfPrint(wanted), present ? heldContent(entry) : "");
  return writeOfDeadline(entry);
}

/** What the key holds, as `ApplyBatch.setExpiry` compares it. */
function heldContent(entry: KeyEntry): string {
  const { string, whole } = entry;
  const text = string && shownPrint(string);
  // Numbers are not compared: increments commute, and what is so short can be brought back.
  const isNumber = text !== undefined && (integerOfPrint(text) !== undefined || plainDecimalOfPrint(text) !== undefined);
  if (text !== undefined) return isNumber ? `i${PRINT_INLINE_BYTES_MAX}` : text;
  const digest = whole && heldPrint(whole);
  if (digest !== undefined) return `d${digest.slice(1)}`;
  const type = entry.mayClash ? shownType(entry) : onlyType(entry);
  return type === undefined ? "" : `t${TYPE_NAME[type]}`;
}

function onlyType({ list, present: { h, e, z, x, g } }: KeyEntry): ValueType | undefined {
  if (list && shownPrint(list) !== undefined) return "l";
  return h > 0 ? "h" : e > 0 ? "e" : z > 0 ? "z" : x + g > 0 ? "x" : undefined;
}

/** Types as TYPE calls them; those of whole values are not known. */
export const TYPE_NAME: Readonly<Record<ValueType, string>> = { s: "string", h: "hash", e: "set", z: "zset", l: "list", x: "stream", w: "any" };

/** True where the deadline that everything received gives the key has passed, or is about to. */
export function isDead(entry: KeyEntry, nowMs: number): boolean {
  const deadline = targetDeadline(entry);
  return deadline !== undefined && isPast(deadline, nowMs);
}

function writeOfDeadline(entry: KeyEntry): Omit<Issue, "seq"> {
  return { how: "write", delta: 0n, deadline: deadlinePrint(targetDeadline(entry)) };
}

/** True where the batch that is being planned creates the key. */
function willBePresent(entry: KeyEntry): boolean {
  for (const slot of entry.loadedSlots()) {
    if (slot.kind !== "t" && slot.issued && targetPrint(slot) !== undefined) return true;
  }
  return false;
}

/** True where the planned write of a slot also sets the key's deadline. */
export function carriesExpiry(slot: CellSlot, planned: Omit<Issue, "seq">): boolean {
  return (slot.kind === "s" || slot.kind === "w") && planned.how === "write";
}

/** True where the key's deadline in the server is not what it should be. */
export function needsExpiry(entry: KeyEntry): boolean {
  if (!entry.expiry && !entry.string && !entry.whole) return false;
  return deadlinePrint(targetDeadline(entry)) !== shownDeadlinePrint(entry);
}

/** How a batch compares what the server holds of a cell. */
export function expectOf(shown: string | undefined): Expect {
  return shown === undefined ? "-" : isSketchPrint(shown) ? "%" : isDigest(shown) ? "#" : "=";
}

/**
 * What a sketch that the server holds is to be raised by, where the target is what it holds and more. Undefined where it
 * must be compared and written like any string, or is no sketch.
 */
function raiseOf(slot: CellSlot): { readonly held: Buffer; readonly added: Buffer } | undefined {
  const { base, entry, pending, shown } = slot;
  // Only where a sketch wins is what is read one.
  if (slot.kind !== "s" || pending.length === 0 || !isSketchPrint(winnerOf(base)?.print ?? "")) return undefined;
  if (shown || entry.expired || !isSketch(base) || willBeHidden(slot)) return undefined;
  const target = targetCell(slot);
  if (!isSketch(target) || !base.siblings.every((known) => target.siblings.some((other) => sameDot(known, other)))) return undefined;
  const added = target.siblings.filter((other) => isSketchPrint(other.print) && !base.siblings.some((known) => sameDot(known, other)));
  const values = added.flatMap(({ value }) => value ?? []);
  const held = registerContent(base)?.value;
  const union = values.length === added.length && added.length > 0 ? uniteSketches(values) : undefined;
  return held && union ? { held, added: union } : undefined;
}

function isSketch(cell: Cell): boolean {
  return isSketchPrint(registerContent(cell)?.print ?? "");
}

const NOTHING: Omit<Issue, "seq"> = { how: "nothing", delta: 0n, deadline: undefined };
const WRITE: Omit<Issue, "seq"> = { how: "write", delta: 0n, deadline: undefined };
const RAISE: Omit<Issue, "seq"> = { how: "raise", delta: 0n, deadline: undefined };
