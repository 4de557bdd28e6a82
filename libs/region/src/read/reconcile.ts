/**
 * Takes what was read of a key at a position of the stream for what local clients have written, and turns the
 * difference to the known cells into local writes. Serves commands whose result the stream does not carry, and the
 * first import.
 */
import { digestPrintOf, isSketchPrint, printOf, stringPrintOf, uniteSketches } from "@meridian/merge";
import type { ReadValue } from "@meridian/mark";
import { isHeld, numberOfPrint, scoreText, shownDeadlinePrint, shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry, MemberKind } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { isDue } from "../apply/server-deadlines.js";
import { reconcileList } from "./list-reading.js";
import { dropKnown } from "./replaced-type.js";
import type { ListWrites } from "../capture/list-writes.js";
import type { LocalStreams } from "../capture/local-streams.js";
import { entriesUnder, printOfStreamCell, readStream, reconcileStream, type ReadStream } from "./reconcile-stream.js";
import type { LocalWrites } from "../capture/local-writes.js";
import type { ValueSlice } from "../keys/value-slice.js";

/** Where the difference is written. */
export interface ReconcileContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly streams: LocalStreams;
  readonly lists: ListWrites;
}

/** Writes the difference; afterwards `base` says what the server holds. */
export function reconcile(entry: KeyEntry, value: ReadValue, { keys, writes, streams, lists }: ReconcileContext, nowMs: number): void {
  if (value.type === "none") {
    if (isDue(entry, nowMs)) writes.expire(entry, nowMs);
    else if (entry.doubted) removeSure(entry, keys, writes, lists);
    else if (entry.list?.unsure && entry.list.list?.isReplaced === false) reconcileList(entry, [], keys, lists);
    // What is hidden behind another type, or about to come back, no client has removed.
    else if (!entry.mayClash || isHeld(entry)) writes.removeKey(entry);
    return;
  }
  const deadline = value.deadlineMs < 0 ? Infinity : value.deadlineMs;
  if (value.type === "string") reconcileString(entry, value.payload ?? EMPTY, deadline, { keys, writes }, nowMs);
  else if (value.type === "whole") reconcileWhole(entry, value.payload ?? EMPTY, deadline, keys, writes);
  else if (value.type === "stream") reconcileStream(entry, readStream(value.items ?? []), { keys, writes, streams }, nowMs);
  else if (value.type === "list") {
    if (holdsOther(entry, "l", keys)) dropKnown(entry, writes, nowMs);
    reconcileList(entry, value.items ?? [], keys, lists);
  } else reconcileMembers(entry, value, keys, writes, nowMs);
  reconcileDeadline(entry, deadline, writes);
}

const EMPTY = Buffer.alloc(0);

function reconcileString(entry: KeyEntry, payload: Buffer, deadline: number, { keys, writes }: Pick<ReconcileContext, "keys" | "writes">, nowMs: number): void {
  const print = stringPrintOf(payload);
  if (entry.string && shownPrint(entry.string) === print && isAlone(entry, "s", keys)) return;
  const canonical = isSketchPrint(print) ? uniteSketches([payload]) : undefined;
  if (!canonical) {
    writes.putString(entry, print, slice(payload), deadline);
    return;
  }
  if (holdsOther(entry, "s", keys)) dropKnown(entry, writes, nowMs, true);
  writes.putSketch(entry, print, slice(canonical));
}

function reconcileWhole(entry: KeyEntry, payload: Buffer, deadline: number, keys: KeySpace, writes: LocalWrites): void {
  const print = entry.whole ? printOfWhole(entry.whole, payload) : digestPrintOf(payload);
  if (entry.whole && shownPrint(entry.whole) === print && isAlone(entry, "w", keys)) return;
  writes.putWhole(entry, print, slice(payload), deadline);
}

/** True where the server held nothing else of the key. What is hidden behind another type is not in question. */
function isAlone(entry: KeyEntry, kind: CellSlot["kind"], keys: KeySpace): boolean {
  return entry.mayClash ? !holdsOther(entry, kind, keys) : entry.presentMembers === 0 && !entry.list;
}

/**
 * True where something of another type was known of the key. Where it is not certain that the server ever held it beside what
 * is there, no client can be said to have removed it.
 */
function holdsOther(entry: KeyEntry, kind: CellSlot["kind"], keys: KeySpace): boolean {
  const isOther = (slot: CellSlot): boolean => slot.kind !== kind && slot.kind !== "t" && shownPrint(slot) !== undefined;
  return keys.allSlots(entry).some((slot) => isOther(slot) && !(slot.unsure && (entry.mayClash || entry.doubted)));
}

function reconcileMembers(entry: KeyEntry, value: ReadValue, keys: KeySpace, writes: LocalWrites, nowMs: number): void {
  const kind: MemberKind = value.type === "hash" ? "h" : value.type === "set" ? "e" : "z";
  const found = new Set<string>();
  const step = kind === "e" ? 1 : 2;
  const items = value.items ?? [];
  if (holdsOther(entry, kind, keys)) dropKnown(entry, writes, nowMs);
  for (let at = 0; at < items.length; at += step) {
    const field = (items[at] as Buffer).toString("latin1");
    found.add(field);
    reconcileMember(keys.member(entry, kind, field), items[at + 1] ?? EMPTY, writes);
  }
  for (const slot of keys.allSlots(entry)) {
    if (slot.kind !== kind || found.has(slot.field) || shownPrint(slot) === undefined) continue;
    if (!entry.doubted || !slot.unsure) writes.removeMember(entry, kind, slot.field);
  }
}

/**
 * A key that is not there, and was in doubt: commands upon it were passed over until it was read. What the server surely held of it a
 * client has removed since; of the rest nobody knows whether it ever was there.
 */
function removeSure(entry: KeyEntry, keys: KeySpace, writes: LocalWrites, lists: ListWrites): void {
  const slots = keys.allSlots(entry);
  if (!entry.mayClash && isHeld(entry) && !slots.some(({ unsure }) => unsure)) return writes.removeKey(entry);
  for (const slot of slots) {
    const { kind, field } = slot;
    const isMember = kind === "h" || kind === "e" || kind === "z";
    if (slot.list) reconcileList(entry, [], keys, lists);
    if (isMember && !slot.unsure && shownPrint(slot) !== undefined) writes.removeMember(entry, kind, field);
  }
}

function reconcileMember(slot: CellSlot, content: Buffer, writes: LocalWrites): void {
  const { entry, field } = slot;
  const shown = shownPrint(slot);
  if (slot.kind === "e") {
    if (shown === undefined) writes.addMember(entry, field);
  } else if (slot.kind === "h") {
    const print = printOf(content);
    if (shown !== print) writes.putField(entry, field, print, slice(content));
  } else {
    const score = numberOfPrint(`=${content.toString("latin1")}`);
    if (shown === undefined || numberOfPrint(shown) !== score) writes.putScore(entry, field, score);
  }
}

function reconcileDeadline(entry: KeyEntry, deadline: number, writes: LocalWrites): void {
  const shown = shownDeadlinePrint(entry);
  const known = shown === undefined ? Infinity : numberOfPrint(shown);
  if (known !== deadline) writes.putExpiry(entry, deadline);
}

function slice(bytes: Buffer): ValueSlice {
  return { bytes, start: 0, end: bytes.length };
}

/** What a read found of one key, cell by cell. */
export class ReadCells {
  readonly #value: ReadValue;
  readonly #members = new Map<string, Buffer>();
  readonly #stream: ReadStream | undefined;

  constructor(value: ReadValue) {
    this.#value = value;
    if (value.type === "stream") {
      this.#stream = readStream(value.items ?? []);
      return;
    }
    const step = value.type === "set" ? 1 : 2;
    const items = value.items ?? [];
    for (let at = 0; at < items.length; at += step) {
      this.#members.set((items[at] as Buffer).toString("latin1"), items[at + step - 1] as Buffer);
    }
  }

  /** What the server holds of a cell. */
  print(slot: CellSlot): string | undefined {
    const { type, deadlineMs, payload } = this.#value;
    const { kind } = slot;
    if (kind === "t") return type === "none" || deadlineMs < 0 ? undefined : `=${deadlineMs}`;
    if (kind === "s") return type === "string" ? stringPrintOf(payload ?? EMPTY) : undefined;
    if (kind === "x" || kind === "g") return this.#stream && printOfStreamCell(slot, this.#stream);
    if (kind === "w") return type === "whole" ? printOfWhole(slot, payload ?? EMPTY) : undefined;
    const content = this.#member(slot);
    if (content === undefined) return undefined;
    return kind === "e" ? "" : kind === "h" ? printOf(content) : `=${scoreText(numberOfPrint(`=${content.toString("latin1")}`))}`;
  }

  /** The bytes of a cell, where the agent may have to keep them. */
  bytes(slot: CellSlot): Buffer | undefined {
    if (slot.kind === "s" || slot.kind === "w") return this.#value.payload;
    return slot.kind === "h" ? this.#member(slot) : undefined;
  }

  /** All values that were read of a cell: of an entry's those under every id that it may have. */
  all(slot: CellSlot): readonly Buffer[] {
    if (slot.kind === "x" && slot.field !== "") return this.#stream ? entriesUnder(slot, this.#stream) : [];
    const bytes = this.bytes(slot);
    return bytes ? [bytes] : [];
  }

  /** The print of a value of a cell. */
  printOf({ kind }: CellSlot, bytes: Buffer): string {
    return kind === "s" ? stringPrintOf(bytes) : kind === "w" ? digestPrintOf(bytes) : printOf(bytes);
  }

  #member({ kind, field }: CellSlot): Buffer | undefined {
    return this.#value.type === TYPE_OF[kind] ? this.#members.get(field) : undefined;
  }
}

/** A whole value's print; of what we have restored, the print that it had when it was sent. */
export function printOfWhole({ restored }: CellSlot, payload: Buffer): string {
  const print = digestPrintOf(payload);
  return restored?.held === print ? restored.print : print;
}

const TYPE_OF: Readonly<Record<string, ReadValue["type"]>> = { h: "hash", e: "set", z: "zset" };
