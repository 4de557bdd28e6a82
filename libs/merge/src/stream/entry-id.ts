/**
 * Ids of stream entries. A cell is named by its *field*: the id in a form that sorts as ids do, so that a range of names is
 * a range of ids. Each number is written in decimal behind a letter that says how many digits it has (`b` two, `m`
 * thirteen): `1526919030474-55` is `m1526919030474b55`.
 *
 * Refuses (undefined) what no server gives as an entry's id.
 */
import type { Dot } from "@meridian/words";
import { hash } from "node:crypto";

const ID = /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/;
const LETTER_BEFORE_A = 96;

/** Ids of entries that had to make room begin here within their millisecond: 2^52, beyond what servers count up to. */
const MOVED_FROM = 1n << 52n;
const MOVED_HEX_DIGITS = 13;

/** The id of a stream that never had an entry. */
export const NO_ENTRY_ID = "0-0";

/** The name of the cell of an id. */
export function fieldOfId(id: string): string | undefined {
  const match = ID.exec(id);
  return match ? part(match[1] as string) + part(match[2] as string) : undefined;
}

function part(digits: string): string {
  return String.fromCharCode(LETTER_BEFORE_A + digits.length) + digits;
}

/** The id of a cell: what `fieldOfId` was given. */
export function idOfField(field: string): string {
  const end = 1 + field.charCodeAt(0) - LETTER_BEFORE_A;
  return `${field.slice(1, end)}-${field.slice(end + 1)}`;
}

/** The greater of two ids. */
export function greaterId(a: string, b: string): string {
  return isBelow(a, b) ? b : a;
}

/** True where id `a` is less than id `b`. */
export function isBelow(a: string, b: string): boolean {
  return (fieldOfId(a) ?? "") < (fieldOfId(b) ?? "");
}

/**
 * The id under which an entry stands whose own id another one has: in the same millisecond, behind all that servers count
 * up to, at a place that follows from the entry alone. Below 2^53, so that every client library can hold it.
 */
export function movedId(field: string, { writer, hlc }: Dot): string {
  const digest = hash("sha1", `${field} ${writer} ${hlc}`, "hex");
  const offset = BigInt(`0x${digest.slice(0, MOVED_HEX_DIGITS)}`);
  return `${idOfField(field).split("-")[0]}-${MOVED_FROM + offset}`;
}

/** Where the cells of entries can be that stand under `id` though it is not their own: the same millisecond. */
export function fieldsBesideId(id: string): { readonly from: string; readonly to: string } | undefined {
  const [ms = "", seq = ""] = id.split("-");
  if (BigInt(seq) < MOVED_FROM) return undefined;
  return { from: part(ms), to: `${part(ms)}~` };
}
