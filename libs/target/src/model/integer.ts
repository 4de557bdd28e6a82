/** Signed 64-bit integers in their canonical decimal form, the only form that Redis increments. */

const CANONICAL = /^(?:0|-?[1-9]\d{0,18})$/;
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
/** Up to this many characters a number is exact, and so is the sum of two. */
const SAFE_CHARACTERS = 15;

/** Whether `text` is a canonical 64-bit integer. */
export function isInteger(text: string): boolean {
  if (!CANONICAL.test(text)) return false;
  if (text.length <= SAFE_CHARACTERS) return true;
  const value = BigInt(text);
  return value >= MIN && value <= MAX;
}

/** The sum of two canonical integers, or undefined where it leaves 64 bits. */
export function sumOf(a: string, b: string): string | undefined {
  if (a.length <= SAFE_CHARACTERS && b.length <= SAFE_CHARACTERS) return String(Number(a) + Number(b));
  const sum = BigInt(a) + BigInt(b);
  return sum >= MIN && sum <= MAX ? String(sum) : undefined;
}

/** `-text`, or undefined for the smallest integer. */
export function negated(text: string): string | undefined {
  const value = -BigInt(text);
  return value > MAX ? undefined : String(value);
}

/** An integer reply: a bigint beyond 2^53, as the reply parser gives it. */
export function integerReply(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
