/**
 * Readings of a hybrid logical clock.
 *
 * On every wire and disk a reading is 64 bits: 48 bits of milliseconds since 1970, then a 16-bit counter, big-endian,
 * so that byte order is time order (Kulkarni, Demirbas et al. 2014 suggest this layout). In memory a reading is one
 * JavaScript number, because a BigInt costs twenty times as much per tick and a pair costs an object: the milliseconds
 * are counted from 2020 and the counter carries into them after {@link COUNTER_LIMIT} ticks, which makes every reading
 * until the year 2089 an exact integer below 2^53. A writer would need 4 million versions per second, sustained, for
 * the carry to be seen, and then it is only a millisecond ahead.
 */
declare const hlcBrand: unique symbol;

/** One reading. Compare with `<`; the next reading is `+ 1`. */
export type Hlc = number & { readonly [hlcBrand]: true };

/** Milliseconds since 1970 of reading zero: 2020-01-01T00:00:00Z. */
export const HLC_EPOCH_MS = 1_577_836_800_000;

/** Readings per millisecond before the counter carries. */
export const COUNTER_LIMIT = 4096;

/** The last millisecond that a reading can hold (year 2089). */
export const HLC_LAST_MS = HLC_EPOCH_MS + 2 ** 41 - 1;

/** Before every reading. */
export const HLC_ZERO = 0 as Hlc;

/** The reading `counter` ticks into millisecond `ms` (since 1970). */
export function hlcOf(ms: number, counter = 0): Hlc {
  return ((ms - HLC_EPOCH_MS) * COUNTER_LIMIT + counter) as Hlc;
}

/** Milliseconds since 1970 of a reading. */
export function hlcMs(reading: Hlc): number {
  return Math.floor(reading / COUNTER_LIMIT) + HLC_EPOCH_MS;
}

/** The counter of a reading, 0 to 4095. */
export function hlcCounter(reading: Hlc): number {
  return reading % COUNTER_LIMIT;
}

/** Bytes of a reading on the wire. */
export const HLC_BYTES = 8;
/** Of the milliseconds' six bytes the last four. */
const LOW_RANGE = 2 ** 32;

/** Writes the 64-bit form (48-bit milliseconds, 16-bit counter, big-endian) at `at`. Reading zero is 8 zero bytes. */
export function writeHlc(into: Buffer, reading: Hlc, at: number): void {
  if (at + HLC_BYTES > into.length) throw new RangeError(`${HLC_BYTES} bytes do not fit at ${at}`);
  const ms = reading === 0 ? 0 : hlcMs(reading);
  const counter = reading === 0 ? 0 : hlcCounter(reading);
  const high = Math.floor(ms / LOW_RANGE);
  const low = ms >>> 0;
  into[at] = high >>> 8;
  into[at + 1] = high;
  into[at + 2] = low >>> 24;
  into[at + 3] = low >>> 16;
  into[at + 4] = low >>> 8;
  into[at + 5] = low;
  into[at + 6] = counter >>> 8;
  into[at + 7] = counter;
}

/** Reads what {@link writeHlc} wrote. */
export function readHlc(from: Buffer, at: number): Hlc {
  if (at + HLC_BYTES > from.length) throw new RangeError(`no ${HLC_BYTES} bytes at ${at}`);
  const byte = (index: number): number => from[at + index] as number;
  const ms = ((byte(0) << 8) | byte(1)) * LOW_RANGE + byte(2) * 2 ** 24 + ((byte(3) << 16) | (byte(4) << 8) | byte(5));
  return ms === 0 ? HLC_ZERO : hlcOf(ms, (byte(6) << 8) | byte(7));
}

/** `2026-11-21T02:24:58.123Z+7`: for people. */
export function formatHlc(reading: Hlc): string {
  return reading === 0 ? "never" : `${new Date(hlcMs(reading)).toISOString()}+${hlcCounter(reading)}`;
}
