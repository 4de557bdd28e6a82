/**
 * An entry as a stream holds it: two fields, the header and the untouched payload.
 */
import type { WriterId } from "@meridian/words";
import { decodeHeader, type StoredEntry } from "./entry.js";
import { streamKey } from "./redis-options.js";

/** Fields of a stream entry: header and data. */
export const FIELD_HEADER = "h";
export const FIELD_DATA = "d";

/** A stream entry as ioredis gives it: id, then fields and values in turn. */
export type RawStreamEntry = readonly [Buffer, readonly Buffer[]];

/** Reads a stream entry. Throws `BAD_RECORD`. */
export function storedEntry([id, fields]: RawStreamEntry, writer: WriterId): StoredEntry {
  const raw = id.toString("latin1");
  const where = `entry ${raw} of ${streamKey(writer)}`;
  let header: Buffer | undefined;
  let payload = Buffer.alloc(0);
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = (fields[at] as Buffer).toString("latin1");
    if (name === FIELD_HEADER) header = fields[at + 1];
    else if (name === FIELD_DATA) payload = fields[at + 1] as Buffer<ArrayBuffer>;
  }
  return { raw, header: decodeHeader(header, where), payload };
}
