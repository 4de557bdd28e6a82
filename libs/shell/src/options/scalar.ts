/**
 * Scalars: from what was written to a value of the declared kind, or a statement of what was found and what is allowed.
 *
 * Text fields accept unquoted numbers as the characters that were written (`name: 007` is `"007"`); number fields do
 * not accept quoted text. What comes from the environment or a flag is text that may mean either.
 */
import type { ChoiceField, NumberField, ScalarField, TextField, UrlField } from "./field.js";
import { shown } from "./problem.js";
import { formOf, type Raw, type RawScalar } from "./raw.js";
import { DURATION_SAYS, formatSize, parseDuration, parseSize, SIZE_SAYS } from "./units.js";

/** A value, or why there is none. */
export type ScalarReading = { readonly value: string | number | boolean } | { readonly found: string; readonly allowed: string };

/** Reads one scalar of a field. */
export function readScalar(field: ScalarField, raw: Raw): ScalarReading {
  const allowed = allowedText(field);
  if (raw.form !== "scalar") return { found: formOf(raw), allowed };
  if (raw.type === "empty" || raw.text === "") return { found: "nothing", allowed: `${allowed}; leave the name out to not set it` };
  switch (field.kind) {
    case "text":
      return readText(field, raw, allowed);
    case "secret":
      return raw.type === "boolean" ? { found: "a boolean (not shown)", allowed: `${allowed}; quote it` } : { value: raw.text };
    case "boolean":
      return readBoolean(raw, allowed);
    case "choice":
      return readChoice(field, raw, allowed);
    case "url":
      return readUrl(field, raw, allowed);
    case "integer":
    case "number":
      return readNumber(field, raw, numberOf(raw), allowed);
    case "duration":
      return readNumber({ ...field, kind: "integer" }, raw, parseDuration(raw.text, field.unit), allowed);
    case "bytes":
      return readNumber({ ...field, kind: "integer" }, raw, parseSize(raw.text), allowed);
  }
}

/** What a field allows, in words. */
export function allowedText(field: ScalarField): string {
  switch (field.kind) {
    case "text":
      return field.shape?.says ?? "text";
    case "secret":
      return "text (never shown)";
    case "boolean":
      return "true or false";
    case "choice":
      return `one of ${field.values.join(", ")}`;
    case "url":
      return `an address ${field.schemes.map((scheme) => `${scheme}://`).join(" or ")}[user:password@]host[:port], special characters as %XX, nothing behind it`;
    case "integer":
    case "number":
      return `${field.kind === "integer" ? "a whole number" : "a number"}${unitText(field.unit)}${boundsText(field.min, field.max, String)}`;
    case "duration":
      return `a whole number of ${field.unit}, or with a unit (${DURATION_SAYS})${boundsText(field.min, field.max, (value) => `${value}${field.unit}`)}`;
    case "bytes":
      return `a number of bytes, or with a unit (${SIZE_SAYS})${boundsText(field.min, field.max, formatSize)}`;
  }
}

function unitText(unit: string | undefined): string {
  return unit === undefined ? "" : ` of ${unit}`;
}

function boundsText(min: number | undefined, max: number | undefined, format: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return `, ${format(min)} to ${format(max)}`;
  if (min !== undefined) return `, at least ${format(min)}`;
  return max === undefined ? "" : `, at most ${format(max)}`;
}

function readText(field: TextField, raw: RawScalar, allowed: string): ScalarReading {
  if (raw.type === "boolean") return { found: `the boolean ${raw.text}`, allowed: `${allowed}; quote it if text is meant` };
  if (field.shape !== undefined && !field.shape.accepts(raw.text)) return { found: shown(raw.text), allowed };
  return { value: raw.text };
}

function readBoolean(raw: RawScalar, allowed: string): ScalarReading {
  const untyped = raw.type === "any" || raw.type === "boolean";
  const text = raw.text.toLowerCase();
  if (untyped && (text === "true" || text === "false")) return { value: text === "true" };
  return { found: shown(raw.text), allowed };
}

function readChoice(field: ChoiceField, raw: RawScalar, allowed: string): ScalarReading {
  return field.values.includes(raw.text) ? { value: raw.text } : { found: shown(raw.text), allowed };
}

function numberOf(raw: RawScalar): number | undefined {
  if (raw.type === "text" || raw.type === "boolean") return undefined;
  return /^[-+]?\d+(\.\d+)?$/.test(raw.text) ? Number(raw.text) : undefined;
}

function readNumber(field: NumberField, raw: RawScalar, value: number | undefined, allowed: string): ScalarReading {
  const whole = value !== undefined && (field.kind === "number" || Number.isSafeInteger(value));
  if (!whole || value < (field.min ?? -Infinity) || value > (field.max ?? Infinity)) return { found: shown(raw.text), allowed };
  return { value };
}

function readUrl(field: UrlField, raw: RawScalar, allowed: string): ScalarReading {
  // What cannot be parsed cannot be masked by its parts: everything before the last @ may be a password.
  const found = shown(raw.text.replace(/^.*@/s, "***@"));
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//.exec(raw.text)?.[1];
  if (scheme === undefined || !field.schemes.includes(scheme)) return { found, allowed };
  const url = URL.canParse(raw.text) ? new URL(raw.text) : undefined;
  const bare = url !== undefined && url.hostname !== "" && /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  return bare && url.port !== "0" && decodable(`${url.username}${url.password}`) ? { value: raw.text.replace(/\/$/, "") } : { found, allowed };
}

/** A percent sign in a password must be written as %25. */
function decodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
