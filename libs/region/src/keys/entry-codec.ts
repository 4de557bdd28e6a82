/** A key's own record: its string, whole value and expiry, how many members it has, and its flags. */
import { ByteReader, type ByteWriter } from "@meridian/wire";
import type { CellKind, Hlc, Unseen } from "@meridian/words";
import { CellSlot, KeyEntry, type MemberSource } from "./key-entry.js";
import { isHashedName } from "./cell-key.js";
import { readListHeader, writeListHeader } from "./list-codec.js";
import type { PlainPrint } from "./value-slice.js";
import { ONE_SIBLING, readEarly, readPlainSibling, readSlot, writeEarly, writePlainSibling, writeSlot, type PlainSibling } from "./slot-codec.js";
import type { WriterTable } from "./writer-table.js";
import type { CellChange } from "@meridian/merge";

const HAS_STRING = 0x01;
const HAS_WHOLE = 0x02;
const HAS_EXPIRY = 0x04;
const HAS_MEMBERS = 0x08;
const HAS_EARLY = 0x10;
const IS_BLIND = 0x20;
const IS_EXPIRED = 0x40;
const HAS_NAME = 0x80;

/** Added to the number of members where the key has a list: its header stands at the record's end. */
const LIST_MARK = 2 ** 40;
/** Added to it where the server has evicted the key: so its record never looks like that of a plain string. */
const EVICTED_MARK = 2 ** 41;

const MEMBER_KINDS = ["h", "e", "z", "x", "g"] as const;

/** Which of a slot's pending changes must be written: those that the frontier covers. */
export type DurablePending = (slot: CellSlot) => readonly CellChange[];

/** Writes a key's record. */
export function writeEntry(out: ByteWriter, entry: KeyEntry, writers: WriterTable, durable: DurablePending): void {
  const { string, whole, expiry } = entry;
  const named = isHashedName(entry.key);
  out.byte(
    (string ? HAS_STRING : 0) |
      (whole ? HAS_WHOLE : 0) |
      (expiry ? HAS_EXPIRY : 0) |
      (entry.memberRecords > 0 || entry.list || entry.evicted ? HAS_MEMBERS : 0) |
      (entry.early.length > 0 ? HAS_EARLY : 0) |
      (entry.blind ? IS_BLIND : 0) |
      (entry.expired ? IS_EXPIRED : 0) |
      (named ? HAS_NAME : 0),
  );
  if (named) out.text(entry.key);
  if (string) writeSlot(out, string, durable(string), writers);
  if (whole) writeSlot(out, whole, durable(whole), writers);
  if (expiry) writeSlot(out, expiry, durable(expiry), writers);
  if (entry.memberRecords > 0 || entry.list || entry.evicted) {
    out.varint(entry.memberRecords + (entry.list ? LIST_MARK : 0) + (entry.evicted ? EVICTED_MARK : 0));
    out.varint(entry.present.h);
    out.varint(entry.present.e);
    out.varint(entry.present.z);
    out.varint(entry.present.x);
    out.varint(entry.present.g);
  }
  if (entry.early.length > 0) writeEarly(out, entry.early, writers, (unseen) => writeCellOf(out, unseen));
  if (entry.list) writeListHeader(out, entry.list, durable(entry.list), writers);
  // Last, and only where it is: most keys have nothing to be forgotten.
  if (entry.buried > 0) out.varint(entry.buried);
}

/** True where a key's record says no more than one string, whose replacement takes everything along. */
export function isPlainRecord(bytes: Buffer, start = 0): boolean {
  return bytes[start] === HAS_STRING && bytes[start + 1] === ONE_SIBLING;
}

/** Appends the record of a key of which no more is known than one value without a deadline: what {@link writeEntry} would write. */
export function writePlainRecord(out: ByteWriter, writer: number, hlc: Hlc, print: PlainPrint): void {
  out.byte(HAS_STRING);
  out.byte(ONE_SIBLING);
  writePlainSibling(out, writer, hlc, print);
}

/** Reads what {@link writePlainRecord} wrote; undefined where a record says more than that. */
export function readPlainRecord(bytes: Buffer): PlainSibling | undefined {
  return isPlainRecord(bytes) ? readPlainSibling(bytes, 2) : undefined;
}

/** Reads a key's record. */
export function readEntry(bytes: Buffer, db: number, key: string, writers: WriterTable, source?: MemberSource): KeyEntry {
  const entry = new KeyEntry(db, key, source);
  const from = new ByteReader(bytes);
  const head = from.byte();
  if (head & HAS_NAME) from.text();
  const slot = (kind: CellKind): CellSlot => {
    const read = new CellSlot(entry, kind, "");
    readSlot(from, read, writers);
    entry.addType(kind);
    return read;
  };
  if (head & HAS_STRING) entry.string = slot("s");
  if (head & HAS_WHOLE) entry.whole = slot("w");
  if (head & HAS_EXPIRY) entry.expiry = slot("t");
  let hasList = false;
  if (head & HAS_MEMBERS) {
    let count = from.varint();
    entry.evicted = count >= EVICTED_MARK;
    entry.evictedListed = entry.evicted;
    if (entry.evicted) count -= EVICTED_MARK;
    hasList = count >= LIST_MARK;
    entry.memberRecords = hasList ? count - LIST_MARK : count;
    entry.present = { h: from.varint(), e: from.varint(), z: from.varint(), x: from.varint(), g: from.varint() };
    for (const kind of MEMBER_KINDS) if (entry.present[kind] > 0) entry.addType(kind);
  }
  if (head & HAS_EARLY) entry.early = readEarly(from, writers, () => readCellOf(from));
  if (hasList) {
    entry.list = new CellSlot(entry, "l", "");
    readListHeader(from, entry.list, writers);
    entry.addType("l");
  }
  if (!from.done) entry.buried = from.varint();
  entry.blind = (head & IS_BLIND) !== 0;
  entry.expired = (head & IS_EXPIRED) !== 0;
  entry.stored = true;
  entry.listed = entry.blind;
  return entry;
}

function writeCellOf(out: ByteWriter, { kind, field }: Unseen): void {
  out.text(kind);
  out.text(field);
}

function readCellOf(from: ByteReader): Pick<Unseen, "kind" | "field"> {
  return { kind: from.text() as CellKind, field: from.text() };
}

/** Writes a field's or member's record. */
export function writeMember(out: ByteWriter, slot: CellSlot, writers: WriterTable, durable: DurablePending): void {
  const named = isHashedName(slot.field);
  out.byte(named ? 1 : 0);
  if (named) out.text(slot.field);
  writeSlot(out, slot, durable(slot), writers);
  if (slot.buried > 0) out.varint(slot.buried);
}

/** Reads a member's record into a fresh slot. `name` is what the record's own name says, where it is not hashed. */
export function readMember(bytes: Buffer, entry: KeyEntry, kind: CellKind, name: string, writers: WriterTable): CellSlot {
  const from = new ByteReader(bytes);
  const field = from.byte() === 1 ? from.text() : name;
  const slot = new CellSlot(entry, kind, field);
  readSlot(from, slot, writers);
  if (!from.done) slot.buried = from.varint();
  slot.stored = true;
  return slot;
}
