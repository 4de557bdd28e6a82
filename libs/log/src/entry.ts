/**
 * What is stored: a record is one entry, or several when it is larger than the adapter's limit. Each entry has a small
 * header beside the untouched payload (a stream field, a Kafka key), so that large payloads are never copied for it.
 *
 * Header, big-endian: version (1), flags (1), session (4), sequence (6), then for a fragment index (4) and count (4),
 * then for an entry that began a sequence in an empty log the raw position of what was last there, as text, if known.
 */
import { MeridianError } from "@meridian/words";
import type { RawPosition } from "./position.js";

/** The fields of an entry's header. */
export interface EntryHeader {
  /** The appending process's random number: tells the sequences of two processes apart. */
  readonly session: number;
  /** Counts the writer's entries, continued across processes; a resent entry keeps its number. */
  readonly sequence: number;
  /** Present on one of several pieces of a record. */
  readonly fragment?: { readonly index: number; readonly count: number };
  /** Present where the log held nothing to continue from: the raw position of its last entry ever, "" if unknown. */
  readonly anew?: RawPosition;
}

/** An entry on its way into the log. */
export interface Entry {
  readonly header: EntryHeader;
  readonly payload: Buffer;
}

/** An entry as the log returned it. */
export interface StoredEntry extends Entry {
  readonly raw: RawPosition;
}

/** Bytes of payload that a record can have: the largest Redis value (512 MiB) and its surroundings. */
export const RECORD_BYTES_MAX = 600 * 1024 * 1024;

const VERSION = 1;
const FLAG_FRAGMENT = 1;
const FLAG_ANEW = 2;
const FIXED_BYTES = 12;
const FRAGMENT_BYTES = 8;

/** Writes a header. */
export function encodeHeader(header: EntryHeader): Buffer {
  const anew = header.anew === undefined ? "" : header.anew;
  const fragmentBytes = header.fragment ? FRAGMENT_BYTES : 0;
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + fragmentBytes + anew.length);
  bytes[0] = VERSION;
  bytes[1] = (header.fragment ? FLAG_FRAGMENT : 0) | (header.anew === undefined ? 0 : FLAG_ANEW);
  bytes.writeUInt32BE(header.session, 2);
  bytes.writeUIntBE(header.sequence, 6, 6);
  if (header.fragment) {
    bytes.writeUInt32BE(header.fragment.index, FIXED_BYTES);
    bytes.writeUInt32BE(header.fragment.count, FIXED_BYTES + 4);
  }
  bytes.write(anew, FIXED_BYTES + fragmentBytes, "latin1");
  return bytes;
}

/** Reads a header. Throws `BAD_RECORD`. */
export function decodeHeader(bytes: Buffer | null | undefined, where: string): EntryHeader {
  if (!bytes || bytes.length < FIXED_BYTES) throw badEntry(where, "it has no header");
  if (bytes[0] !== VERSION) throw badEntry(where, `its header has version ${bytes[0]}, not ${VERSION}`);
  const flags = bytes[1] as number;
  const session = bytes.readUInt32BE(2);
  const sequence = bytes.readUIntBE(6, 6);
  let at = FIXED_BYTES;
  let fragment: EntryHeader["fragment"];
  if (flags & FLAG_FRAGMENT) {
    if (bytes.length < at + FRAGMENT_BYTES) throw badEntry(where, "its header is cut short");
    fragment = { index: bytes.readUInt32BE(at), count: bytes.readUInt32BE(at + 4) };
    if (fragment.index >= fragment.count) throw badEntry(where, `it is piece ${fragment.index} of ${fragment.count}`);
    at += FRAGMENT_BYTES;
  }
  const anew = flags & FLAG_ANEW ? bytes.toString("latin1", at) : undefined;
  return { session, sequence, ...(fragment && { fragment }), ...(anew !== undefined && { anew }) };
}

/** Whether a record can be complete with this entry. */
export function isLastPiece(header: EntryHeader): boolean {
  return header.fragment === undefined || header.fragment.index === header.fragment.count - 1;
}

/** Splits a record into payloads of at most `limit` bytes. An empty record is one empty payload. */
export function splitRecord(record: Buffer, limit: number): readonly Buffer[] {
  if (record.length <= limit) return [record];
  const pieces: Buffer[] = [];
  for (let at = 0; at < record.length; at += limit) pieces.push(record.subarray(at, at + limit));
  return pieces;
}

/** An entry that we did not write, or that was damaged. */
export function badEntry(where: string, what: string): MeridianError {
  return new MeridianError("BAD_RECORD", `${where} cannot be read: ${what}`, {
    advice: "something other than Meridian wrote to this log, or a newer agent did: give it a log of its own, or update",
  });
}
