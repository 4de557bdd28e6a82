/**
 * A log line for people: time, level, message, then the fields that matter.
 *
 * Takes the JSON line that would have been written. A line that is not JSON passes through unchanged.
 */

const COLOURS: Readonly<Record<string, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

/** Fields that are the same in every line of a process. */
const COMMON = new Set(["level", "time", "pid", "hostname", "name", "msg", "err"]);

/** Formats one JSON line, with colours or without. Ends with a newline. */
export function prettyLine(line: string, coloured: boolean): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const paint = (code: number, text: string): string => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  const level = String(record["level"]);
  const time = paint(90, String(record["time"]).slice(11, 23));
  const fields = Object.entries(record)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => paint(90, `${name}=${fieldText(value)}`));
  const head = [time, paint(COLOURS[level] ?? 0, level.toUpperCase().padEnd(5)), printable(String(record["msg"])), ...fields].join(" ");
  return `${head}\n${errorLines(record["err"])}`;
}

function fieldText(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Control characters in a message could rewrite the terminal. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function errorLines(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, advice, message, stack } = error as Record<string, unknown>;
  const own = typeof advice === "string";
  const first = own ? `${String(code)}: ${String(message)}\n    → ${advice}` : String(stack ?? message);
  return `${printable(first).replace(/^/gm, "    ")}\n`;
}
