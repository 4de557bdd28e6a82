/**
 * The mark: what was applied to a server last, written by the apply script in the same transaction as the effects.
 *
 * Layout, big-endian:
 *
 *     u8 version | u32 epoch | f64 seq | u32 vectorBytes | vector | u32 n, n deferred names | u32 n, n settled names | entries
 *     vector  = u16 n, n x (u8 length, writer, 8 bytes hlc)
 *     name    = c kind | u16 db | u32 length, key | u32 length, field
 *     entries = until the end: 'm' u8 length, writer, 8 bytes hlc (messages) | 's' name (skipped)
 *               | 'n' name, text (note: digest) | 'r' name, text (refused: reason)
 *               | 'd' name, text (a list's removed value of more than 32 bytes, in the order of the edits)
 *               | 'u' text, text (channel of a message that was refused, reason)
 *     text    = u32 length, bytes
 *
 * The agent writes the header (all but the entries, of which it writes `m`); the script reads its fixed prefix with
 * `struct.unpack` and appends the entries, because only the script knows which cells did not match.
 * Refuses (`BAD_MARK`) what it cannot read whole.
 */
import {
  HLC_BYTES,
  parseWriterId,
  VersionVector,
  writeHlc,
  type Hlc,
  type ReadonlyVector,
  type WriterId,
} from "@meridian/words";
import { ByteCursor } from "./byte-cursor.js";
import { cellNameBytes, readCellName, writeCellName, type CellName } from "./cell-name.js";

/** First byte of every mark. */
export const MARK_VERSION = 1;

/** Bytes before the vector: version, epoch, seq and the vector's length. */
export const MARK_PREFIX_BYTES = 17;

/** The part of a mark that the agent decides before the batch runs. */
export interface MarkHeader {
  /** Lease of the agent that wrote it; a higher one fences it. 1 to 2^32 - 1. */
  readonly epoch: number;
  /** Position in the chain of this epoch's batches; 0 is the fence itself. */
  readonly seq: number;
  /** What is merged here once this mark has been read. */
  readonly vector: ReadonlyVector;
  /** Cells known to the agent that this batch leaves for later. */
  readonly deferred: readonly CellName[];
  /** Cells deferred by an earlier mark that this batch settles. A cell that is also skipped is not settled. */
  readonly settled: readonly CellName[];
  /** The batch tells subscribers what each of these writers has published up to here. */
  readonly told?: ReadonlyVector | undefined;
}

/** A digest of what a restored whole value became: the first 16 hex characters of the SHA-1 of its DUMP. */
export interface MarkNote {
  readonly cell: CellName;
  readonly digest: string;
}

/** A value that the batch removed from a list. */
export interface MarkRemoval {
  readonly cell: CellName;
  readonly value: Buffer;
}

/** A cell that the server will never take as sent, with its own words. */
export interface MarkRefusal {
  readonly cell: CellName;
  readonly reason: string;
}

/** A message that the server did not let the batch publish. */
export interface MarkSilence {
  readonly channel: string;
  readonly reason: string;
}

/** A decoded mark. */
export interface Mark {
  readonly epoch: number;
  readonly seq: number;
  readonly vector: VersionVector;
  readonly deferred: readonly CellName[];
  readonly settled: readonly CellName[];
  /** Cells of the batch whose value was not the expected one: nothing was written to them. Wins over `settled`. */
  readonly skipped: readonly CellName[];
  readonly notes: readonly MarkNote[];
  /** What was removed from lists and cannot be told from its print: where the wrong one of two equal ones went, it is put back. */
  readonly removed: readonly MarkRemoval[];
  /** Those of `skipped` that failed for a reason that a retry will meet again. */
  readonly refused: readonly MarkRefusal[];
  readonly told: ReadonlyVector | undefined;
  /** Messages among them that nobody heard. */
  readonly silenced: readonly MarkSilence[];
}

/** Encodes the header of a mark; the result is a complete mark too, with nothing skipped. */
export function encodeMarkHeader(header: MarkHeader): Buffer {
  const vector = header.vector.entries();
  let vectorBytes = 2;
  for (const [writer] of vector) vectorBytes += 1 + writer.length + HLC_BYTES;
  const told = header.told?.entries() ?? [];
  const entryBytes = told.reduce((sum, [writer]) => sum + 2 + writer.length + HLC_BYTES, 0);
  const bytes = Buffer.allocUnsafe(MARK_PREFIX_BYTES + vectorBytes + listBytes(header.deferred) + listBytes(header.settled) + entryBytes);
  bytes.writeUInt8(MARK_VERSION, 0);
  bytes.writeUInt32BE(header.epoch, 1);
  bytes.writeDoubleBE(header.seq, 5);
  bytes.writeUInt32BE(vectorBytes, 13);
  let at = bytes.writeUInt16BE(vector.length, MARK_PREFIX_BYTES);
  for (const [writer, hlc] of vector) at = writeDot(bytes, writer, hlc, at);
  at = writeList(bytes, header.settled, writeList(bytes, header.deferred, at));
  for (const [writer, hlc] of told) at = writeDot(bytes, writer, hlc, at + bytes.write("m", at, "latin1"));
  return bytes;
}

function writeDot(bytes: Buffer, writer: WriterId, hlc: Hlc, at: number): number {
  let end = bytes.writeUInt8(writer.length, at);
  end += bytes.write(writer, end, "latin1");
  writeHlc(bytes, hlc, end);
  return end + HLC_BYTES;
}

/**
 * Encodes one entry behind the header, as the script does: for models and tests. `text` is the digest of a note, the
 * reason of a refusal or the removed value.
 */
export function encodeMarkEntry(tag: "s" | "n" | "r" | "d", cell: CellName, text = ""): Buffer {
  const nameEnd = 1 + cellNameBytes(cell);
  const bytes = Buffer.allocUnsafe(tag === "s" ? nameEnd : nameEnd + 4 + text.length);
  bytes.write(tag, 0, "latin1");
  writeCellName(bytes, cell, 1);
  if (tag !== "s") bytes.write(text, bytes.writeUInt32BE(text.length, nameEnd), "latin1");
  return bytes;
}

/** Decodes a mark as found in the stream or in the server. Throws `BAD_MARK`. */
export function decodeMark(bytes: Buffer): Mark {
  const cursor = new ByteCursor(bytes, "mark");
  const version = cursor.u8();
  if (version !== MARK_VERSION) throw cursor.junk(`version ${version}, expected ${MARK_VERSION}`);
  const epoch = cursor.u32();
  const seq = cursor.whole();
  const vector = readVector(cursor);
  const deferred = readList(cursor);
  const settled = readList(cursor);
  const skipped: CellName[] = [];
  const notes: MarkNote[] = [];
  const refused: MarkRefusal[] = [];
  const removed: MarkRemoval[] = [];
  const silenced: MarkSilence[] = [];
  let told: VersionVector | undefined;
  while (!cursor.done) {
    const tag = cursor.text(1);
    if (tag === "m") {
      told ??= new VersionVector();
      readDot(cursor, told);
      continue;
    }
    if (tag === "u") {
      silenced.push({ channel: cursor.text(cursor.u32()), reason: cursor.text(cursor.u32()) });
      continue;
    }
    const cell = readCellName(cursor);
    if (tag === "s") skipped.push(cell);
    else if (tag === "n") notes.push({ cell, digest: cursor.text(cursor.u32()) });
    else if (tag === "d") removed.push({ cell, value: cursor.bytes(cursor.u32()) });
    else if (tag === "r") {
      skipped.push(cell);
      refused.push({ cell, reason: cursor.text(cursor.u32()) });
    } else throw cursor.junk(`no entry tag ${JSON.stringify(tag)}`);
  }
  return { epoch, seq, vector, deferred, settled, skipped, notes, removed, refused, told, silenced };
}

function readVector(cursor: ByteCursor): VersionVector {
  const vector = new VersionVector();
  const end = cursor.u32() + cursor.at;
  for (let left = cursor.u16(); left > 0; left--) readDot(cursor, vector);
  if (cursor.at !== end) throw cursor.junk(`the vector ends at byte ${end}`);
  return vector;
}

function readDot(cursor: ByteCursor, into: VersionVector): void {
  const name = cursor.text(cursor.u8());
  try {
    into.raise(parseWriterId(name), cursor.hlc());
  } catch (error) {
    throw cursor.junk(`no writer ${JSON.stringify(name)}`, error);
  }
}

function listBytes(names: readonly CellName[]): number {
  let bytes = 4;
  for (const name of names) bytes += cellNameBytes(name);
  return bytes;
}

function writeList(into: Buffer, names: readonly CellName[], at: number): number {
  let end = into.writeUInt32BE(names.length, at);
  for (const name of names) end = writeCellName(into, name, end);
  return end;
}

function readList(cursor: ByteCursor): CellName[] {
  const names: CellName[] = [];
  for (let left = cursor.u32(); left > 0; left--) names.push(readCellName(cursor));
  return names;
}
