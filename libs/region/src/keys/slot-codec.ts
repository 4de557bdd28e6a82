/**
 * Cells and keys as records of the store. A plain string key (one sibling, no deadline) takes about 16 bytes beside its
 * name; everything rarer costs only where it is.
 */
import { HLC_BYTES, readHlc, VersionVector, type Dot, type Hlc, type ReadonlyVector, type RunningSum } from "@meridian/words";
import { emptyCell, isSketchPrint, type Cell, type CellChange, type ChangeAction, type EarlyContext, type Sibling } from "@meridian/merge";
import type { ByteReader, ByteWriter } from "@meridian/wire";
import type { CellSlot } from "./key-entry.js";
import type { PlainPrint } from "./value-slice.js";
import type { WriterTable } from "./writer-table.js";

const MANY = 7;
const HAS_SUMS = 0x08;
const HAS_EARLY = 0x10;
const HAS_PENDING = 0x20;
const HAS_SHOWN = 0x40;
const HAS_NOTHING_SHOWN = 0x80;

const NUMBER_NONE = 0;
const NUMBER_FINITE = 1;
const NUMBER_INFINITE = 2;
const NUMBER_SUPERSEDED = 3;
const HAS_VALUE = 4;

/** How the record of a slot begins that has one sibling and nothing else. */
export const ONE_SIBLING = 1;

/** How the print of a value begins that stands in it whole. */
const WHOLE_PRINT = 0x3d;
/** And that of one whose digest stands in it. */
const DIGEST_PRINT = 0x23;

const CREATES = { creates: true };
const DECIMAL = { decimal: true } as const;

/** Two bits of a change's first byte, and a third beyond the flags between them. */
const ACTIONS = ["put", "increment", "remove", "wipe", "take", "delete", "assign", "erase"] as const satisfies readonly ChangeAction[];

/** Both at once say nothing of what is shown: then another byte does, and says whether there are wipes. */
const HAS_MORE = HAS_SHOWN | HAS_NOTHING_SHOWN;
const HAS_WIPES = 0x01;

/** Writes a slot: its base, and what must survive a crash of what is pending (only what the frontier covers). */
export function writeSlot(out: ByteWriter, slot: CellSlot, pending: readonly CellChange[], writers: WriterTable): void {
  const { siblings, sums, early, wipes } = slot.base;
  const shown = slot.shown?.print !== undefined ? HAS_SHOWN : slot.shown ? HAS_NOTHING_SHOWN : 0;
  out.byte(
    Math.min(siblings.length, MANY) |
      (sums.length > 0 ? HAS_SUMS : 0) |
      (early.length > 0 ? HAS_EARLY : 0) |
      (pending.length > 0 ? HAS_PENDING : 0) |
      (wipes ? HAS_MORE : shown),
  );
  if (wipes) {
    out.byte(shown | HAS_WIPES);
    writeList(out, wipes, (wipe) => writeDot(out, wipe, writers));
  }
  if (siblings.length >= MANY) out.varint(siblings.length);
  for (const sibling of siblings) writeSibling(out, sibling, writers);
  if (sums.length > 0) writeList(out, sums, (sum) => writeSum(out, sum, writers));
  if (early.length > 0) writeEarly(out, early, writers);
  if (pending.length > 0) writeList(out, pending, (change) => writeChange(out, change, writers));
  if (slot.shown?.print !== undefined) out.text(slot.shown.print);
}

/** Reads what {@link writeSlot} wrote into a fresh slot. */
export function readSlot(from: ByteReader, slot: CellSlot, writers: WriterTable): void {
  let head = from.byte();
  const cell = emptyCell();
  if ((head & HAS_MORE) === HAS_MORE) {
    head = (head & ~HAS_MORE) | (from.byte() & HAS_MORE);
    cell.wipes = readList(from, () => readDot(from, writers));
  }
  let count = head & MANY;
  if (count === MANY) count = from.varint();
  if (count > 0) {
    const siblings: Sibling[] = [];
    for (let left = count; left > 0; left -= 1) siblings.push(readSibling(from, writers));
    cell.siblings = siblings;
  }
  if (head & HAS_SUMS) cell.sums = readList(from, () => readSum(from, writers));
  if (head & HAS_EARLY) cell.early = readEarly(from, writers);
  slot.base = cell;
  if (head & HAS_PENDING) {
    slot.pending = readList(from, () => readChange(from, writers));
    slot.excepted = true;
  }
  if (head & HAS_SHOWN) slot.shown = { print: from.text() };
  else if (head & HAS_NOTHING_SHOWN) slot.shown = { print: undefined };
  slot.listed = slot.excepted || slot.shown !== undefined;
}

/** Writes contexts that ran ahead. `more` writes what an exception says beside its dot. */
export function writeEarly<E extends Dot>(
  out: ByteWriter,
  early: readonly EarlyContext<E>[],
  writers: WriterTable,
  more?: (excepted: E) => void,
): void {
  writeList(out, early, ({ vector, unseen }) => {
    writeVector(out, vector, writers);
    writeList(out, unseen, (excepted) => {
      writeDot(out, excepted, writers);
      more?.(excepted);
    });
  });
}

/** Reads what {@link writeEarly} wrote. */
export function readEarly<M extends object = object>(from: ByteReader, writers: WriterTable, more?: () => M): EarlyContext<Dot & M>[] {
  return readList(from, () => ({
    vector: readVector(from, writers),
    unseen: readList(from, () => (more ? { ...readDot(from, writers), ...more() } : (readDot(from, writers) as Dot & M))),
  }));
}

/** Writes one surviving write. */
export function writeSibling(out: ByteWriter, sibling: Sibling, writers: WriterTable): void {
  const { number, value } = sibling;
  const form =
    number === 0 ? NUMBER_NONE : number === Infinity ? NUMBER_INFINITE : number === -Infinity ? NUMBER_SUPERSEDED : NUMBER_FINITE;
  out.varint(writers.indexOf(sibling.writer) * 8 + form + (value ? HAS_VALUE : 0));
  out.hlc(sibling.hlc);
  out.text(sibling.print);
  if (form === NUMBER_FINITE) out.double(number);
  if (value) out.slice(value, 0, value.length);
  if (isSketchPrint(sibling.print)) writeEarly(out, sibling.seen ? [sibling.seen] : [], writers);
}

/** Writes what the writer of this number wrote, without a deadline, as {@link writeSibling} would. */
export function writePlainSibling(out: ByteWriter, writer: number, hlc: Hlc, print: PlainPrint): void {
  out.varint(writer * 8 + NUMBER_INFINITE);
  out.hlc(hlc);
  if (typeof print === "string") return out.text(print);
  const { bytes, start, end } = print;
  out.varint(end - start + 1);
  out.byte(WHOLE_PRINT);
  out.raw(bytes, start, end);
}

/** The one sibling of a plain string; its writer by number, its print without the mark that stands before it. */
export interface PlainSibling {
  readonly writer: number;
  readonly hlc: Hlc;
  /** The value, or its digest where that is what is kept. */
  readonly held: string;
  readonly isDigest: boolean;
}

/**
 * Reads what {@link writePlainSibling} wrote, of a writer below 16, where it ends the record. Undefined where there is anything
 * else: a deadline, a value, more behind it, or the print of a sketch.
 */
export function readPlainSibling(bytes: Buffer, at: number): PlainSibling | undefined {
  const head = bytes[at] as number;
  const printAt = at + HLC_BYTES + 2;
  const length = bytes[printAt - 1] as number;
  const first = bytes[printAt];
  if (head > 0x7f || (head & 7) !== NUMBER_INFINITE || printAt + length !== bytes.length) return undefined;
  if (first !== WHOLE_PRINT && first !== DIGEST_PRINT) return undefined;
  return { writer: head >>> 3, hlc: readHlc(bytes, at + 1), held: bytes.toString("latin1", printAt + 1), isDigest: first === DIGEST_PRINT };
}

/** Reads what {@link writeSibling} wrote. */
export function readSibling(from: ByteReader, writers: WriterTable): Sibling {
  const head = from.varint();
  const form = head & 3;
  const hlc = from.hlc();
  const print = from.text();
  const number = form === NUMBER_FINITE ? from.double() : form === NUMBER_INFINITE ? Infinity : form === NUMBER_SUPERSEDED ? -Infinity : 0;
  const value = head & HAS_VALUE ? from.copy() : undefined;
  const seen = isSketchPrint(print) ? readEarly(from, writers)[0] : undefined;
  const writer = writers.at(Math.floor(head / 8));
  return seen ? { writer, hlc, print, number, value, seen } : { writer, hlc, print, number, value };
}

function writeSum(out: ByteWriter, sum: Cell["sums"][number], writers: WriterTable): void {
  out.varint(writers.indexOf(sum.writer) * 2 + (sum.decimal ? 1 : 0));
  out.hlc(sum.birth);
  out.hlc(sum.upTo);
  out.bigint(sum.sum);
  out.hlc(sum.absorbedUpTo);
  out.bigint(sum.absorbed);
}

function readSum(from: ByteReader, writers: WriterTable): Cell["sums"][number] {
  const head = from.varint();
  const sum = {
    writer: writers.at(Math.floor(head / 2)),
    birth: from.hlc(),
    upTo: from.hlc(),
    sum: from.bigint(),
    absorbedUpTo: from.hlc(),
    absorbed: from.bigint(),
  };
  return head % 2 === 1 ? { ...sum, decimal: true } : sum;
}

/** Writes a change that is pending. */
export function writeChange(out: ByteWriter, change: CellChange, writers: WriterTable): void {
  const action = ACTIONS.indexOf(change.action);
  out.byte((action & 3) | (change.ahead ? 4 : 0) | (change.creates ? 8 : 0) | ((action & 4) << 2) | (change.decimal ? 32 : 0));
  writeSibling(out, change, writers);
  out.hlc(change.birth);
  out.bigint(change.sum);
  writeVector(out, change.context, writers);
  if (change.ahead) writeVector(out, change.ahead, writers);
  writeList(out, change.unseen, (dot) => writeDot(out, dot, writers));
  writeList(out, change.absorbed, (seen) => {
    writeDot(out, { writer: seen.writer, hlc: seen.upTo }, writers);
    out.hlc(seen.birth);
    out.byte(seen.decimal ? 1 : 0);
    out.bigint(seen.sum);
  });
}

/** Reads what {@link writeChange} wrote. */
export function readChange(from: ByteReader, writers: WriterTable): CellChange {
  const head = from.byte();
  const action = ACTIONS[(head & 3) | ((head & 16) >> 2)] ?? "remove";
  const { writer, hlc, print, number, value } = readSibling(from, writers);
  const birth = from.hlc();
  const sum = from.bigint();
  const context = readVector(from, writers);
  const ahead = head & 4 ? readVector(from, writers) : undefined;
  const unseen = readList(from, () => readDot(from, writers));
  const absorbed = readList(from, (): RunningSum => {
    const seen = readDot(from, writers);
    const birth = from.hlc();
    const decimal = from.byte() === 1 ? DECIMAL : undefined;
    return { writer: seen.writer, upTo: seen.hlc, birth, sum: from.bigint(), ...decimal };
  });
  const flags = { ...(head & 8 ? CREATES : undefined), ...(head & 32 ? DECIMAL : undefined) };
  return { action, writer, hlc, print, number, value, birth, sum, context, ahead, unseen, absorbed, ...flags };
}

function writeDot(out: ByteWriter, dot: Dot, writers: WriterTable): void {
  out.varint(writers.indexOf(dot.writer));
  out.hlc(dot.hlc);
}

function readDot(from: ByteReader, writers: WriterTable): Dot {
  return { writer: writers.at(from.varint()), hlc: from.hlc() };
}

function writeVector(out: ByteWriter, vector: ReadonlyVector, writers: WriterTable): void {
  writeList(out, vector.entries(), ([writer, hlc]) => {
    out.varint(writers.indexOf(writer));
    out.hlc(hlc);
  });
}

function readVector(from: ByteReader, writers: WriterTable): VersionVector {
  const vector = new VersionVector();
  for (let left = from.varint(); left > 0; left -= 1) vector.raise(writers.at(from.varint()), from.hlc());
  return vector;
}

/** Writes how many there are, and each. */
export function writeList<T>(out: ByteWriter, list: readonly T[], write: (item: T) => void): void {
  out.varint(list.length);
  for (const item of list) write(item);
}

/** Reads what {@link writeList} wrote. */
export function readList<T>(from: ByteReader, read: () => T): T[] {
  const list: T[] = [];
  for (let left = from.varint(); left > 0; left -= 1) list.push(read());
  return list;
}
