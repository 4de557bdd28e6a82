/**
 * The keys that belong to Meridian inside a captured server.
 *
 * Promise: everything that we ever write for ourselves stands under {@link RESERVED_PREFIX}, in database 0, so that
 * capture can tell it from user data by looking at bytes, without building a string.
 */

/** Every key of ours begins with this; user keys under it are not replicated. */
export const RESERVED_PREFIX = "meridian:";

/** Holds the mark: what was applied here last. Always in database 0. */
export const MARK_KEY = "meridian:mark";

/** Carries the result of a read through the stream; set and deleted in one transaction. */
export const READ_KEY = "meridian:read";

/**
 * For how long a read's result is set, in ms, though it is deleted at once: the stream then carries its absolute deadline, and
 * so the server's clock at the position of the read.
 */
export const READ_TTL_MS = 60_000;

/** Where a payload is tried out before the mark is written; never seen in the stream, never left behind. */
export const TRIAL_KEY = "meridian:trial";

/** Where a sketch stands while it is compared and united, beside {@link TRIAL_KEY} and like it. */
export const SKETCH_KEY = "meridian:sketch";

const PREFIX_BYTES = Buffer.from(RESERVED_PREFIX, "latin1");
const MARK_BYTES = Buffer.from(MARK_KEY, "latin1");
const READ_BYTES = Buffer.from(READ_KEY, "latin1");

/** Whether the key at `buffer[start, end)` is one of ours. Allocates nothing. */
export function isReserved(buffer: Buffer, start: number, end: number): boolean {
  return end - start >= PREFIX_BYTES.length && startsWith(buffer, start, PREFIX_BYTES);
}

/** Whether `buffer[start, end)` is exactly {@link MARK_KEY}. Allocates nothing. */
export function isMarkKey(buffer: Buffer, start: number, end: number): boolean {
  return end - start === MARK_BYTES.length && startsWith(buffer, start, MARK_BYTES);
}

/** Whether `buffer[start, end)` is exactly {@link READ_KEY}. Allocates nothing. */
export function isReadKey(buffer: Buffer, start: number, end: number): boolean {
  return end - start === READ_BYTES.length && startsWith(buffer, start, READ_BYTES);
}

function startsWith(buffer: Buffer, start: number, wanted: Buffer): boolean {
  for (let i = 0; i < wanted.length; i++) if (buffer[start + i] !== wanted[i]) return false;
  return true;
}
