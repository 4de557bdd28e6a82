/**
 * Reading keys at an exact position of the stream.
 *
 * The read script sets {@link READ_KEY} to one payload and deletes it in the same transaction, so that the state of the
 * keys arrives in the stream exactly where it was true. Layout, big-endian:
 *
 *     u8 version | u32 epoch | f64 id | u32 n, n x value
 *     value = c type | u16 db | u32 length, key | f64 deadline | content
 *     type  = '-' none | 's' string | 'h' hash | 'e' set | 'z' sorted set | 'l' list | 'x' stream | 'f' first entry of a
 *           stream | 'w' whole (DUMP) | '!' refused
 *     content = nothing | text (s, w, f, !) | u32 n, n texts (h, e, z, l, x);   text = u32 length, bytes
 */
import { ByteCursor } from "./byte-cursor.js";

/** First byte of every read result. */
export const READ_VERSION = 1;

/** A key to read. `first`: of a stream, nothing but the id of its first entry. `whole`: as one value, whatever its type. */
export interface ReadKey {
  readonly db: number;
  readonly key: string;
  readonly first?: boolean;
  readonly whole?: boolean;
}

/** Keys to read together, at one position. */
export interface ReadRequest {
  readonly id: number;
  readonly keys: readonly ReadKey[];
}

/** What a key holds, as far as we split it into cells. */
export type ReadType = "none" | "string" | "hash" | "set" | "zset" | "list" | "stream" | "first" | "whole";

/** One key as it was at the position of the read. */
export interface ReadValue {
  readonly db: number;
  readonly key: string;
  /** `none` also where the read was refused. */
  readonly type: ReadType;
  /** Milliseconds since 1970, -1 without expiry. */
  readonly deadlineMs: number;
  /** The string's value, the id of a stream's first entry (empty: it has none), or DUMP of a whole value. */
  readonly payload?: Buffer;
  /**
   * Hash: field, value, ...; set: members; sorted set: member, score as text (`inf` and `-inf` included), ...; list: elements;
   * stream: last id, number of groups, of each its name and last delivered id, then of each entry id and pairs.
   */
  readonly items?: Buffer[];
  /** Why the content is not here: `too large: N bytes`. */
  readonly refused?: string;
}

/** A decoded result of one read script. */
export interface ReadResult {
  readonly id: number;
  readonly epoch: number;
  readonly values: ReadValue[];
}

const TYPES: Readonly<Record<string, ReadType>> = { "-": "none", s: "string", h: "hash", e: "set", z: "zset", l: "list", x: "stream", f: "first", w: "whole", "!": "none" };

const TAGS: Readonly<Record<ReadType, string>> = { none: "-", string: "s", hash: "h", set: "e", zset: "z", list: "l", stream: "x", first: "f", whole: "w" };

/** Encodes a result as the read script does: for models and tests. */
export function encodeReadResult(result: ReadResult): Buffer {
  const head = Buffer.allocUnsafe(17);
  head.writeUInt8(READ_VERSION, 0);
  head.writeUInt32BE(result.epoch, 1);
  head.writeDoubleBE(result.id, 5);
  head.writeUInt32BE(result.values.length, 13);
  return Buffer.concat([head, ...result.values.flatMap(valueParts)]);
}

function valueParts(value: ReadValue): Buffer[] {
  const head = Buffer.allocUnsafe(15 + value.key.length);
  head.write(value.refused === undefined ? TAGS[value.type] : "!", 0, "latin1");
  head.writeUInt16BE(value.db, 1);
  const keyAt = head.writeUInt32BE(value.key.length, 3);
  head.writeDoubleBE(value.deadlineMs, keyAt + head.write(value.key, keyAt, "latin1"));
  if (value.refused !== undefined) return [head, ...sized(Buffer.from(value.refused, "latin1"))];
  if (value.payload !== undefined) return [head, ...sized(value.payload)];
  if (value.items !== undefined) return [head, u32(value.items.length), ...value.items.flatMap(sized)];
  return [head];
}

function sized(bytes: Buffer): [Buffer, Buffer] {
  return [u32(bytes.length), bytes];
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

/** Decodes what the read script wrote. Payloads and items share memory with `bytes`. Throws `BAD_MARK`. */
export function decodeReadResult(bytes: Buffer): ReadResult {
  const cursor = new ByteCursor(bytes, "read result");
  const version = cursor.u8();
  if (version !== READ_VERSION) throw cursor.junk(`version ${version}, expected ${READ_VERSION}`);
  const epoch = cursor.u32();
  const id = cursor.whole();
  const values: ReadValue[] = [];
  for (let left = cursor.u32(); left > 0; left--) values.push(readValue(cursor));
  if (!cursor.done) throw cursor.junk("bytes behind the last value");
  return { id, epoch, values };
}

function readValue(cursor: ByteCursor): ReadValue {
  const tag = cursor.text(1);
  const type = TYPES[tag];
  if (type === undefined) throw cursor.junk(`no value type ${JSON.stringify(tag)}`);
  const db = cursor.u16();
  const key = cursor.text(cursor.u32());
  const deadlineMs = cursor.whole();
  if (tag === "-") return { db, key, type, deadlineMs };
  if (tag === "!") return { db, key, type, deadlineMs, refused: cursor.text(cursor.u32()) };
  if (tag === "s" || tag === "w" || tag === "f") return { db, key, type, deadlineMs, payload: cursor.bytes(cursor.u32()) };
  const items: Buffer[] = [];
  for (let left = cursor.u32(); left > 0; left--) items.push(cursor.bytes(cursor.u32()));
  return { db, key, type, deadlineMs, items };
}
