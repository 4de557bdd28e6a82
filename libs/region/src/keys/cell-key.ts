/**
 * Names of records in the store: binary strings, at most 1,900 characters, ordered so that a key's members stand
 * together. Names longer than the limit stand as their SHA-256; the record then holds the name itself.
 */
import { createHash } from "node:crypto";
import type { CellKind } from "@meridian/words";

/** Names up to this many bytes stand in the record's name as they are. */
export const NAME_BYTES_MAX = 700;

/** Stands before a name that stands as it is. */
const SHORT = "=";

/** The record of a key. */
export function entryKey(db: number, key: string): string {
  // Asked for with every command: of short names nothing but the name is put together.
  return isHashedName(key) ? `K${dbPart(db)}${namePart(key)}` : (entryPrefixes[db] ??= `K${dbPart(db)}${SHORT}`) + key;
}

/** What names of keys' records begin with, by database. */
const entryPrefixes: string[] = [];

/** The record of a field or member. */
export function memberKey(db: number, key: string, kind: CellKind, field: string): string {
  return `${memberPrefix(db, key)}${kind}${namePart(field)}`;
}

/** Everything that begins with this is a member of the key. */
export function memberPrefix(db: number, key: string): string {
  const name = namePart(key);
  return `M${dbPart(db)}${String.fromCharCode(name.length >> 8, name.length & 0xff)}${name}`;
}

/** The first name behind all that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\xff`;
}

/** True where the record must hold the name. */
export function isHashedName(name: string): boolean {
  return name.length > NAME_BYTES_MAX;
}

function namePart(name: string): string {
  if (!isHashedName(name)) return SHORT + name;
  return `#${createHash("sha256").update(name, "latin1").digest("binary")}`;
}

function dbPart(db: number): string {
  return String.fromCharCode(db >> 8, db & 0xff);
}
