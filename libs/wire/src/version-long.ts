/** Versions as the generated code's 64-bit integers: 48 bits of milliseconds, 16 bits of counter. */
import Long from "long";
import { HLC_ZERO, hlcCounter, hlcMs, hlcOf, type Hlc } from "@meridian/words";

const LOW_MS = 0x10000;

/** A reading as a fixed64. Reading zero is zero. */
export function toLong(reading: Hlc): Long {
  if (reading === 0) return Long.UZERO;
  const ms = hlcMs(reading);
  return new Long(((ms % LOW_MS) << 16) | hlcCounter(reading), Math.floor(ms / LOW_MS), true);
}

/** A fixed64 as a reading. Absent is zero. */
export function fromLong(value: Long | null | undefined): Hlc {
  if (!value || value.isZero()) return HLC_ZERO;
  return hlcOf((value.high >>> 0) * LOW_MS + (value.low >>> 16), value.low & 0xffff);
}
