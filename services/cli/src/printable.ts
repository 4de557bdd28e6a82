/**
 * Bytes as text for people: printable ASCII as it is, everything else escaped as in `redis-cli`, quoted, and cut at a
 * limit with the true length beside it. Two different byte strings below the limit never look the same.
 */

const NAMED: Readonly<Record<number, string>> = { 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 92: "\\\\" };

/** Quotes `bytes`; above `bytesMax` the middle part is left out and the length is stated. */
export function printable(bytes: Buffer, bytesMax = 80): string {
  if (bytes.length <= bytesMax) return `"${escape(bytes)}"`;
  return `"${escape(bytes.subarray(0, bytesMax))}"... (${bytes.length} bytes)`;
}

function escape(bytes: Buffer): string {
  let text = "";
  for (const byte of bytes) {
    text += NAMED[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`);
  }
  return text;
}

/** `12,345,678`. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** `1 key`, `2 keys`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1.4 MB`: bytes in units of 1024. */
export function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `0.8 ms`, `120 ms`, `4.2 s`: a duration, short. */
export function millisecondsText(ms: number): string {
  if (!Number.isFinite(ms)) return "-";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
