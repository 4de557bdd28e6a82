/**
 * Records of the log, decoded: each once, whoever asks, for several checkers read the same ones; what stands in a log never
 * changes. What is handed out is shared, and not to be changed.
 */
import { decodeRecord, type LogEntry } from "@meridian/wire";
import type { WriterId } from "@meridian/words";

const DECODED = new WeakMap<Buffer, LogEntry>();

/** The content of a record. Throws `BAD_RECORD`, as {@link decodeRecord} does. */
export function readRecord(bytes: Buffer, writer: WriterId): LogEntry {
  const known = DECODED.get(bytes);
  if (known) return known;
  const decoded = decodeRecord(bytes, writer);
  DECODED.set(bytes, decoded);
  return decoded;
}
