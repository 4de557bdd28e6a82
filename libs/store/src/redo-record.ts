/**
 * The bytes of a commit, in memory and in the redo log.
 *
 * A record is `u32 payload length, u32 CRC-32 of the payload, payload`; the payload is a sequence of writes: `u8 table,
 * u16 key length, key, u32 value length (all ones: delete), value`. Little-endian. Pure.
 */
import { crc32 } from "node:zlib";
import { KEY_BYTES_MAX, type StoreWrite } from "./port.js";

/** Bytes of a record before its payload. */
export const RECORD_HEAD_BYTES = 8;

const KEY_AT = 3;
const WRITE_HEAD_BYTES = 7;
const DELETED = 0xffffffff;
/** Below this many bytes a loop is faster than a native copy. */
const LOOP_BYTES_MAX = 48;

/** Bytes that the record of a commit takes. Throws `RangeError` on a key of a length that the port refuses. */
export function recordBytes(writes: readonly StoreWrite[]): number {
  let total = RECORD_HEAD_BYTES;
  for (const write of writes) {
    const { key } = write;
    if (key.length === 0 || key.length > KEY_BYTES_MAX) {
      throw new RangeError(`a store key has ${key.length} bytes; 1 to ${KEY_BYTES_MAX} are allowed`);
    }
    total += WRITE_HEAD_BYTES + key.length + valueBytes(write);
  }
  return total;
}

function valueBytes({ value, start, end }: StoreWrite): number {
  return value === undefined ? 0 : (end ?? value.length) - (start ?? 0);
}

/** Encodes one write at `at`; returns where it ends. Throws `RangeError` where a char of the key is not a byte. */
export function encodeWrite(bytes: Buffer, at: number, table: number, write: StoreWrite): number {
  const { key } = write;
  bytes[at] = table;
  bytes[at + 1] = key.length & 0xff;
  bytes[at + 2] = key.length >>> 8;
  let seen = 0;
  for (let index = 0; index < key.length; index += 1) {
    const char = key.charCodeAt(index);
    seen |= char;
    bytes[at + KEY_AT + index] = char;
  }
  if (seen > 0xff) throw new RangeError("a store key must be a latin1 string: one char, one byte");
  return encodeValue(bytes, at + KEY_AT + key.length, write);
}

function encodeValue(bytes: Buffer, at: number, write: StoreWrite): number {
  const { value, start = 0 } = write;
  const length = value === undefined ? DELETED : valueBytes(write);
  bytes[at] = length & 0xff;
  bytes[at + 1] = (length >>> 8) & 0xff;
  bytes[at + 2] = (length >>> 16) & 0xff;
  bytes[at + 3] = length >>> 24;
  if (value === undefined) return at + 4;
  if (length > LOOP_BYTES_MAX) value.copy(bytes, at + 4, start, start + length);
  else for (let index = 0; index < length; index += 1) bytes[at + 4 + index] = value[start + index] as number;
  return at + 4 + length;
}

/** Writes the head of the record whose payload ends at `end`. */
export function sealRecord(bytes: Buffer, start: number, end: number): void {
  bytes.writeUInt32LE(end - start - RECORD_HEAD_BYTES, start);
  bytes.writeUInt32LE(crc32(bytes.subarray(start + RECORD_HEAD_BYTES, end)), start + 4);
}

/** Where the record at `at` ends, or undefined where it is cut short or damaged. */
export function recordEnd(file: Buffer, at: number): number | undefined {
  if (at + RECORD_HEAD_BYTES > file.length) return undefined;
  const end = at + RECORD_HEAD_BYTES + file.readUInt32LE(at);
  if (end > file.length || end === at + RECORD_HEAD_BYTES) return undefined;
  return crc32(file.subarray(at + RECORD_HEAD_BYTES, end)) === file.readUInt32LE(at + 4) ? end : undefined;
}

/** The table of the write at `at`, as an index. */
export function tableAt(bytes: Buffer, at: number): number {
  return bytes[at] as number;
}

/** The key of the write at `at`. */
export function keyAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at + KEY_AT, at + KEY_AT + keyLengthAt(bytes, at));
}

/** Where the key of the write at `at` begins. */
export function keyStart(at: number): number {
  return at + KEY_AT;
}

/** Where the key of the write at `at` ends. */
export function keyEnd(bytes: Buffer, at: number): number {
  return at + KEY_AT + keyLengthAt(bytes, at);
}

/** Whether the write at `at` is one of this table and key. */
export function isKeyAt(bytes: Buffer, at: number, table: number, key: string): boolean {
  if (bytes[at] !== table || keyLengthAt(bytes, at) !== key.length) return false;
  // From the end: keys of one kind begin alike.
  for (let index = key.length - 1; index >= 0; index -= 1) {
    if (bytes[at + KEY_AT + index] !== key.charCodeAt(index)) return false;
  }
  return true;
}

/** The value of the write at `at` (a view); undefined is a deletion. */
export function valueAt(bytes: Buffer, at: number): Buffer | undefined {
  const start = at + KEY_AT + keyLengthAt(bytes, at);
  const length = bytes.readUInt32LE(start);
  return length === DELETED ? undefined : bytes.subarray(start + 4, start + 4 + length);
}

/** Where the write at `at` ends. */
export function writeEnd(bytes: Buffer, at: number): number {
  const start = at + KEY_AT + keyLengthAt(bytes, at);
  const length = bytes.readUInt32LE(start);
  return start + 4 + (length === DELETED ? 0 : length);
}

function keyLengthAt(bytes: Buffer, at: number): number {
  return (bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8);
}
