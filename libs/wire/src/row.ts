/**
 * One mutation as a row of bytes. Rows follow each other without padding; what a row leaves out stands in the row
 * before it (database, version). The layout is in the package's README.
 */
import { HLC_ZERO, MutationKind, VersionVector, type Absorbed, type CellKind, type Hlc, type Mutation, type MutationDetail } from "@meridian/words";
import type { WriterId } from "@meridian/words";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { assertStreamIds } from "./stream-words.js";

const KIND_MASK = 0x1f;
const CONTINUES = 0x20;
const SAME_VERSION = 0x40;
const HAS_DETAIL = 0x80;

const K = MutationKind;
/** Beside the cell's kind: a sum of decimals was taken away. */
const DECIMAL = 0x80;
const CELL_KINDS: readonly CellKind[] = ["s", "h", "e", "z", "t", "w", "l", "x", "g"];

/** Writers as small numbers within one frame. */
export interface WriterTable {
  indexOf(writer: WriterId): number;
}

/** What stands in the rows before and need not be repeated. */
export interface RowState {
  db: number;
  hlc: Hlc;
}

/** Appends one mutation. `value` is taken from the mutation's own slice. */
export function writeRow(out: ByteWriter, m: Mutation, state: RowState, writers: WriterTable): void {
  if (m.db !== state.db) {
    out.byte(K.Database);
    out.varint(m.db);
    state.db = m.db;
  }
  if (m.creates) out.byte(K.Creates);
  const same = m.hlc === state.hlc;
  out.byte(m.kind | (m.continues ? CONTINUES : 0) | (same ? SAME_VERSION : 0) | (m.detail ? HAS_DETAIL : 0));
  if (!same) out.varint(m.hlc - state.hlc);
  state.hlc = m.hlc;
  out.text(m.key);
  writeBody(out, m);
  if (m.detail) writeDetail(out, m.detail, writers);
}

function writeBody(out: ByteWriter, m: Mutation): void {
  switch (m.kind) {
    case K.PutString:
    case K.PutWhole:
      out.double(m.number);
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.PutRegister:
      out.hlc(m.birth);
      out.double(m.number);
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.PutEntry:
      out.text(m.field);
      out.byte(m.number);
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.PutField:
    case K.PutElements:
    case K.RemoveEntry:
    case K.PutGroup:
      out.text(m.field);
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.RemoveElements:
    case K.PutSketch:
    case K.Message:
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.PutScore:
      out.text(m.field);
      out.double(m.number);
      return;
    case K.IncrementField:
    case K.IncrementScore:
    case K.IncrementDecimalField:
      out.text(m.field);
      out.hlc(m.birth);
      out.bigint(m.sum);
      return;
    case K.IncrementString:
    case K.IncrementDecimal:
      out.hlc(m.birth);
      out.bigint(m.sum);
      return;
    case K.PutExpiry:
      out.double(m.number);
      return;
    case K.PutStream:
      out.slice(m.bytes, m.valueStart, m.valueEnd);
      return;
    case K.RemoveField:
    case K.AddMember:
    case K.RemoveMember:
    case K.RemoveScore:
    case K.RemoveGroup:
      out.text(m.field);
      return;
    default:
  }
}

function writeDetail(out: ByteWriter, detail: MutationDetail, writers: WriterTable): void {
  const context = detail.context?.entries() ?? [];
  out.varint(context.length);
  for (const [writer, hlc] of context) {
    out.varint(writers.indexOf(writer));
    out.hlc(hlc);
  }
  out.varint(detail.unseen.length);
  for (const unseen of detail.unseen) {
    out.byte(CELL_KINDS.indexOf(unseen.kind));
    out.text(unseen.field);
    out.varint(writers.indexOf(unseen.writer));
    out.hlc(unseen.hlc);
  }
  out.varint(detail.absorbed.length);
  for (const part of detail.absorbed) {
    out.byte(CELL_KINDS.indexOf(part.kind) | (part.decimal ? DECIMAL : 0));
    out.text(part.field);
    out.varint(writers.indexOf(part.writer));
    out.hlc(part.birth);
    out.hlc(part.upTo);
    out.bigint(part.sum);
  }
}

/** Reads the next mutation into `m`, which is re-used. `state` carries database and version from row to row. */
export function readRow(from: ByteReader, m: Mutation, state: RowState, writers: readonly WriterId[]): void {
  let head = from.byte();
  while ((head & KIND_MASK) === K.Database) {
    state.db = from.varint();
    head = from.byte();
  }
  m.creates = (head & KIND_MASK) === K.Creates;
  if (m.creates) head = from.byte();
  m.kind = (head & KIND_MASK) as MutationKind;
  m.continues = (head & CONTINUES) !== 0;
  if ((head & SAME_VERSION) === 0) state.hlc = (state.hlc + from.varint()) as Hlc;
  m.hlc = state.hlc;
  m.db = state.db;
  m.key = from.text();
  m.field = "";
  m.bytes = from.bytes;
  readBody(from, m);
  m.detail = (head & HAS_DETAIL) === 0 ? undefined : readDetail(from, writers);
}

function readBody(from: ByteReader, m: Mutation): void {
  switch (m.kind) {
    case K.PutString:
    case K.PutWhole:
      m.number = from.double();
      readValue(from, m);
      return;
    case K.PutRegister:
      m.birth = from.hlc();
      m.number = from.double();
      readValue(from, m);
      return;
    case K.PutEntry:
      m.field = from.text();
      m.number = from.byte();
      readValue(from, m);
      assertStreamIds(m);
      return;
    case K.RemoveEntry:
    case K.PutGroup:
      m.field = from.text();
      readValue(from, m);
      assertStreamIds(m);
      return;
    case K.PutField:
    case K.PutElements:
      m.field = from.text();
      readValue(from, m);
      return;
    case K.RemoveElements:
    case K.PutSketch:
    case K.Message:
      readValue(from, m);
      return;
    case K.PutScore:
      m.field = from.text();
      m.number = from.double();
      return;
    case K.IncrementField:
    case K.IncrementScore:
    case K.IncrementDecimalField:
      m.field = from.text();
      m.birth = from.hlc();
      m.sum = from.bigint();
      return;
    case K.IncrementString:
    case K.IncrementDecimal:
      m.birth = from.hlc();
      m.sum = from.bigint();
      return;
    case K.PutExpiry:
      m.number = from.double();
      return;
    case K.PutStream:
      readValue(from, m);
      assertStreamIds(m);
      return;
    case K.RemoveField:
    case K.AddMember:
    case K.RemoveMember:
    case K.RemoveScore:
    case K.RemoveGroup:
      m.field = from.text();
      return;
    default:
  }
}

function readValue(from: ByteReader, m: Mutation): void {
  const length = from.varint();
  m.valueStart = from.at;
  m.valueEnd = from.skip(length);
}

function readDetail(from: ByteReader, writers: readonly WriterId[]): MutationDetail {
  const writer = (): WriterId => writers[from.varint()] as WriterId;
  const kind = (): CellKind => CELL_KINDS[from.byte()] as CellKind;
  const context = repeat(from, () => [writer(), from.hlc()] as const);
  return {
    context: context.length === 0 ? undefined : new VersionVector(context),
    unseen: repeat(from, () => ({ kind: kind(), field: from.text(), writer: writer(), hlc: from.hlc() })),
    absorbed: repeat(from, () => readAbsorbed(from, writer)),
  };
}

function readAbsorbed(from: ByteReader, writer: () => WriterId): Absorbed {
  const head = from.byte();
  const kind = CELL_KINDS[head & ~DECIMAL] as CellKind;
  const absorbed = { kind, field: from.text(), writer: writer(), birth: from.hlc(), upTo: from.hlc(), sum: from.bigint() };
  return head & DECIMAL ? { ...absorbed, decimal: true } : absorbed;
}

function repeat<T>(from: ByteReader, read: () => T): T[] {
  const list: T[] = [];
  for (let left = from.varint(); left > 0; left -= 1) list.push(read());
  return list;
}

const NO_BYTES = Buffer.alloc(0);

/** An empty mutation to read into. */
export function blankMutation(): Mutation {
  return {
    kind: K.RemoveKey,
    hlc: HLC_ZERO,
    continues: false,
    creates: false,
    db: 0,
    key: "",
    field: "",
    bytes: NO_BYTES,
    valueStart: 0,
    valueEnd: 0,
    number: 0,
    birth: HLC_ZERO,
    sum: 0n,
    detail: undefined,
  };
}
