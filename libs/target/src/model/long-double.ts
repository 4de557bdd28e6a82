/**
 * INCRBYFLOAT as a server on x86 computes it: both numbers are read as 80-bit long doubles (64 bits of mantissa), added as such, and
 * printed with 17 digits behind the point, without the zeros at the end. Servers on other machines may round elsewhere.
 */
import { decimalText, DECIMAL_ONE } from "@meridian/merge";

const MANTISSA_BITS = 64;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** `mantissa * 2^power`. */
interface LongDouble {
  readonly mantissa: bigint;
  readonly power: number;
}

/** The sum as the server prints it, or undefined where one of the texts is no number. */
export function floatSum(held: string, added: string): string | undefined {
  const [a, b] = [longDoubleOf(held), longDoubleOf(added)];
  return a && b && printed(sumOf(a, b));
}

function longDoubleOf(text: string): LongDouble | undefined {
  if (!NUMBER.test(text)) return undefined;
  const [digits = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = digits.replace(/^[+-]/, "").split(".");
  const power = Number(exponent) - fraction.length;
  const magnitude = BigInt(whole + fraction);
  const signed = digits.startsWith("-") ? -magnitude : magnitude;
  return power >= 0 ? nearest(signed * 10n ** BigInt(power), 1n, 0) : nearest(signed, 10n ** BigInt(-power), 0);
}

/** The long double nearest to `numerator / denominator * 2^power`, ties to even. */
function nearest(numerator: bigint, denominator: bigint, power: number): LongDouble {
  if (numerator === 0n) return { mantissa: 0n, power: 0 };
  const magnitude = numerator < 0n ? -numerator : numerator;
  const excess = bitsOf(magnitude) - bitsOf(denominator);
  // One bit too many or exactly enough; never too few.
  let shift = MANTISSA_BITS - excess;
  const [top, bottom] = shift >= 0 ? [magnitude << BigInt(shift), denominator] : [magnitude, denominator << BigInt(-shift)];
  let kept = dividedToEven(top, bottom);
  if (bitsOf(kept) > MANTISSA_BITS) {
    shift -= 1;
    kept = dividedToEven(top, bottom * 2n);
  }
  return { mantissa: numerator < 0n ? -kept : kept, power: power - shift };
}

function sumOf(a: LongDouble, b: LongDouble): LongDouble {
  const power = Math.min(a.power, b.power);
  return nearest((a.mantissa << BigInt(a.power - power)) + (b.mantissa << BigInt(b.power - power)), 1n, power);
}

function printed({ mantissa, power }: LongDouble): string {
  const magnitude = (mantissa < 0n ? -mantissa : mantissa) * DECIMAL_ONE;
  const scaled = power >= 0 ? magnitude << BigInt(power) : dividedToEven(magnitude, 1n << BigInt(-power));
  return decimalText(mantissa < 0n ? -scaled : scaled);
}

function bitsOf(value: bigint): number {
  return value.toString(2).length;
}

function dividedToEven(top: bigint, bottom: bigint): bigint {
  const [whole, rest] = [top / bottom, (top % bottom) * 2n];
  return rest > bottom || (rest === bottom && whole % 2n === 1n) ? whole + 1n : whole;
}
