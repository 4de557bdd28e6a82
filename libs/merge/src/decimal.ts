/**
 * Decimal numbers, as INCRBYFLOAT and HINCRBYFLOAT print them: at most 17 digits behind the point, no exponent, no zeros at the
 * end. They are held as integers, multiples of 10^-17, so that adding is exact and does not depend on its order, which adding
 * floating-point numbers does. An increment counts for the difference between what the server printed before and after it:
 * so the results of one region alone are those that its server printed, whatever its long double rounds.
 */

/** Digits behind the point that a server prints. */
export const DECIMAL_DIGITS = 17;
/** One, in multiples of 10^-17. */
export const DECIMAL_ONE = 10n ** BigInt(DECIMAL_DIGITS);
/** Powers of ten that are read in `1e3`; beyond this a text is no number here. */
const EXPONENT_MAX = 40;
/** Digits before the point that the apply script adds. */
const PLAIN_WHOLE_DIGITS_MAX = 25;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
const PLAIN = new RegExp(`^-?\\d{1,${PLAIN_WHOLE_DIGITS_MAX}}(?:\\.\\d{1,${DECIMAL_DIGITS}})?$`);

/**
 * The number in a text, as a multiple of 10^-17; what lies below that is rounded, halves away from zero. Undefined where
 * INCRBYFLOAT would refuse it, and for what it would take but nobody writes (hexadecimal, exponents beyond 40).
 */
export function decimalOf(text: string): bigint | undefined {
  const found = DECIMAL.exec(text);
  if (!found) return undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = found;
  if (whole.length + fraction.length === 0 || Math.abs(Number(power)) > EXPONENT_MAX) return undefined;
  const shift = DECIMAL_DIGITS + Number(power) - fraction.length;
  const digits = BigInt(whole + fraction);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : rounded(digits, 10n ** BigInt(-shift));
  return sign === "-" ? -magnitude : magnitude;
}

function rounded(digits: bigint, unit: bigint): bigint {
  return (2n * digits + unit) / (2n * unit);
}

/** A multiple of 10^-17 as a server prints it. */
export function decimalText(scaled: bigint): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(DECIMAL_DIGITS + 1, "0");
  const fraction = digits.slice(-DECIMAL_DIGITS).replace(/0+$/, "");
  return `${scaled < 0n ? "-" : ""}${digits.slice(0, -DECIMAL_DIGITS)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** The number that a print holds as a text, or undefined. */
export function decimalOfPrint(print: string): bigint | undefined {
  return print.charCodeAt(0) === 0x3d ? decimalOf(print.slice(1)) : undefined;
}

/** The number that a print holds in a form that the apply script can add to, or undefined. */
export function plainDecimalOfPrint(print: string): bigint | undefined {
  return isPlainDecimal(print.slice(1)) ? decimalOfPrint(print) : undefined;
}

/** True for a number without exponent or plus sign, of at most 25 digits before and 17 behind the point. */
export function isPlainDecimal(text: string): boolean {
  return PLAIN.test(text);
}
