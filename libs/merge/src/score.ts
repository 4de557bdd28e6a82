/**
 * Exact sums of scores. Floating-point addition depends on its order, and two regions add in different orders; so
 * increments are added as integers, multiples of 2^-1074, the smallest step a double can make, and rounded once.
 */
const view = new DataView(new ArrayBuffer(8));
const FRACTION_BITS = 52n;
const SCALE_BITS = 1074n;
const WHOLE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** A finite double as a multiple of 2^-1074. */
export function scaledOf(value: number): bigint {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> FRACTION_BITS) & 0x7ffn;
  const fraction = bits & ((1n << FRACTION_BITS) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << FRACTION_BITS)) << (exponent - 1n);
  return bits >> 63n ? -magnitude : magnitude;
}

/** The double nearest to a multiple of 2^-1074, ties to even; beyond the largest double, infinity. */
export function doubleOf(scaled: bigint): number {
  // Most scores are whole numbers.
  const whole = scaled >> SCALE_BITS;
  if (whole <= WHOLE_MAX && whole >= -WHOLE_MAX && whole << SCALE_BITS === scaled) return Number(whole);
  const negative = scaled < 0n;
  const magnitude = negative ? -scaled : scaled;
  const bits = BigInt(magnitude.toString(2).length);
  let rounded: number;
  if (bits <= FRACTION_BITS + 1n) {
    rounded = timesTwoTo(Number(magnitude), Number(-SCALE_BITS));
  } else {
    const drop = bits - FRACTION_BITS - 1n;
    const half = 1n << (drop - 1n);
    const rest = magnitude & ((1n << drop) - 1n);
    let kept = magnitude >> drop;
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
    rounded = timesTwoTo(Number(kept), Number(drop - SCALE_BITS));
  }
  return negative ? -rounded : rounded;
}

/** `value * 2^power`, exact for every result that is a double: one power of two may itself be out of range. */
function timesTwoTo(value: number, power: number): number {
  const first = Math.max(-1000, Math.min(1000, power));
  return value * 2 ** first * 2 ** (power - first);
}
