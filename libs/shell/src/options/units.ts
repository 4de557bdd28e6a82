/**
 * Spans of time and sizes as people write them.
 *
 * A bare number counts in the field's own unit. Sizes follow IEC and SI exactly: `KiB` is 1024 bytes, `kB` is 1000.
 */
import type { DurationUnit } from "./field.js";

const DURATION_MS: Readonly<Record<DurationUnit, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const QUANTITY = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)$/;

/** How a duration is written, for messages. */
export const DURATION_SAYS = Object.keys(DURATION_MS).join(", ");

/** How a size is written, for messages. */
export const SIZE_SAYS = "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB";

/** A span of time in `unit`, or `undefined` where the text is not one. May be fractional: the caller decides. */
export function parseDuration(text: string, unit: DurationUnit): number | undefined {
  const [, amount, written] = QUANTITY.exec(text) ?? [];
  if (amount === undefined || written === undefined) return undefined;
  const ms = written === "" ? DURATION_MS[unit] : DURATION_MS[written as DurationUnit];
  return ms === undefined ? undefined : (Number(amount) * ms) / DURATION_MS[unit];
}

/** A size in bytes, or `undefined` where the text is not one. */
export function parseSize(text: string): number | undefined {
  const [, amount, written] = QUANTITY.exec(text) ?? [];
  if (amount === undefined || written === undefined) return undefined;
  const bytes = SIZE_BYTES[written === "" ? "B" : written];
  return bytes === undefined ? undefined : Number(amount) * bytes;
}

/** A size as it would be written: the largest binary unit that divides it. */
export function formatSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const size = SIZE_BYTES[unit]!;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
