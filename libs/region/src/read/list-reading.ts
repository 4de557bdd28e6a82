/** What a read of a list means: local writes where its content was unknown, and what the server holds in any case. */
import { editsBetween, elementPrint, POSITION_BYTES_MAX, printOf, valueOfPrint, type Sibling } from "@meridian/merge";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { doubtOf, elementsOf, heldElements, listOf, showHeld, targetPlaces } from "../keys/list-content.js";
import { keepValues } from "../apply/list-settle.js";
import type { HeldElement } from "../keys/list-state.js";
import type { ListWrites } from "../capture/list-writes.js";
import type { ValueSlice } from "../keys/value-slice.js";
import { willBeHidden } from "../apply/type-clash.js";

/** Turns the difference between what was known and what was read into local writes. */
export function reconcileList(entry: KeyEntry, items: readonly Buffer[], keys: KeySpace, lists: ListWrites): void {
  const slot = keys.single(entry, "l");
  if (doubtOf(slot) === "content" && slot.list?.isReplaced === false) {
    addFound(slot, items, lists);
    return;
  }
  const prints = items.map((item) => printOf(item));
  const values = items.map(sliceOf);
  const edits = editsBetween(heldElements(slot).map(({ print }) => print), prints);
  if (edits.length > 0 && isTooDeep(slot)) {
    lists.renew(entry, values);
    return;
  }
  for (const { index, removed, from, to } of edits.reverse()) {
    lists.removeRange(entry, index, removed);
    lists.insert(entry, index, values.slice(from, to));
  }
}

function sliceOf(bytes: Buffer): ValueSlice {
  return { bytes, start: 0, end: bytes.length };
}

/**
 * Nobody knows what the server held: what is found and stands nowhere in `base` clients have added; what stands there and is not found
 * may never have been written, and comes back, but where only the server had it.
 */
function addFound(slot: CellSlot, items: readonly Buffer[], lists: ListWrites): void {
  const known = heldElements(slot);
  const prints = items.map((item) => printOf(item));
  const edits = editsBetween(known.map(({ print }) => print), prints);
  const missing = new Set(edits.flatMap(({ index, removed }) => Array.from({ length: removed }, (_, at) => index + at)));
  const added = new Set(edits.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)));
  for (const at of added) {
    const elsewhere = [...missing].find((index) => known[index]?.print === prints[at]);
    if (elsewhere === undefined) continue;
    missing.delete(elsewhere);
    added.delete(at);
  }
  const isGone = (index: number): boolean => missing.has(index) && hadOnlyCopy(slot, known[index] as HeldElement);
  for (const { index, removed, from, to } of edits.reverse()) {
    lists.insert(slot.entry, index + removed, items.slice(from, to).filter((_, at) => added.has(from + at)).map(sliceOf));
    for (let at = index + removed - 1; at >= index; at -= 1) if (isGone(at)) lists.removeRange(slot.entry, at, 1);
  }
}

/** True where the server alone had the value: so it was there. */
function hadOnlyCopy(slot: CellSlot, { position, print }: HeldElement): boolean {
  if (valueOfPrint(print) !== undefined) return false;
  const { siblings } = listOf(slot).sequence.get(position) ?? { siblings: [] };
  return siblings.every(({ value }) => value === undefined);
}

/** Levels are added one by one: well before the limit there is room for every insert of one read. */
function isTooDeep(slot: CellSlot): boolean {
  for (const { position } of listOf(slot).sequence.from(0)) if (position.length > POSITION_BYTES_MAX - DEEPEST_STEP) return true;
  return false;
}

/** Bytes that one more level can take. */
const DEEPEST_STEP = 100;

/** Notes what the server holds, and keeps the values that will be needed. */
export function showListRead(slot: CellSlot, items: readonly Buffer[]): "equal" | "differs" {
  const { sequence } = listOf(slot);
  const known = elementsOf(sequence);
  const prints = items.map((item) => printOf(item));
  const held: HeldElement[] = [];
  let at = 0;
  for (const { index, removed, from, to } of [...editsBetween(known.map(({ print }) => print), prints), END]) {
    held.push(...known.slice(at, index));
    held.push(...prints.slice(from, to).map((print) => ({ position: "", print })));
    at = index + removed;
  }
  const values = (): ReadonlyMap<string, Buffer> => new Map(items.map((item) => [printOf(item), item]));
  if (willBeHidden(slot)) keepAll(slot, values());
  else if (slot.pending.length > 0) keepHidden(slot, values());
  listOf(slot).sought = true;
  const result = showHeld(slot, held);
  if (result === "differs") keepValues(sequence, held, items.map((item) => Buffer.from(item)));
  return result;
}

const END = { index: Number.MAX_SAFE_INTEGER, removed: 0, from: 0, to: 0 };

/** Values of a list that goes for another type: only the server held them. */
function keepAll(slot: CellSlot, values: ReadonlyMap<string, Buffer>): void {
  const { sequence } = listOf(slot);
  for (const { position, siblings } of [...sequence.from(0)]) {
    if (!siblings.some(({ value, print }) => !value && print.startsWith("#") && values.has(print))) continue;
    sequence.put(position, siblings.map((sibling) => ({ ...sibling, value: sibling.value ?? copyOf(values.get(sibling.print)) })));
  }
}

function copyOf(value: Buffer | undefined): Buffer | undefined {
  return value && Buffer.from(value);
}

/** Values of elements that something pending may hide: only the server held them. */
function keepHidden(slot: CellSlot, values: ReadonlyMap<string, Buffer>): void {
  const { sequence } = listOf(slot);
  const kept = (sibling: Sibling): Sibling => {
    const value = sibling.value ?? values.get(sibling.print);
    return value && sibling.print.startsWith("#") ? { ...sibling, value: sibling.value ?? Buffer.from(value) } : sibling;
  };
  for (const [position, siblings] of targetPlaces(slot)) {
    const element = siblings.length > 1 ? sequence.get(position) : undefined;
    if (element && elementPrint(element).startsWith("#")) sequence.put(position, element.siblings.map(kept));
  }
}
