/** Scores as Redis 7.0 reads and prints them: C's strtod and `%.17g`. */

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const DIGITS = 17;

/** The score, or undefined where Redis says "not a valid float". */
export function parseScore(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (INFINITE.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return undefined;
}

/** `%.17g`. */
export function printScore(score: number): string {
  if (!Number.isFinite(score)) return score > 0 ? "inf" : "-inf";
  if (score === 0) return Object.is(score, -0) ? "-0" : "0";
  const [mantissa = "", exponent = ""] = score.toExponential(DIGITS - 1).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= DIGITS) {
    return `${trimmed(mantissa)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return trimmed(score.toFixed(Math.min(100, DIGITS - 1 - power)));
}

function trimmed(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
