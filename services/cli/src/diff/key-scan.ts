/**
 * All keys of one database, in chunks, by SCAN.
 *
 * Promises every key that is there from the beginning to the end of the scan, at least once (the server may name a key
 * twice while its table is resized). The next chunk is asked for before the current one is used. Reserved keys are left
 * out and counted.
 */
import type { Reply } from "@meridian/resp";
import { accepted, type ServerConnection } from "./server-connection.js";
import { bytesOf, listOf } from "./value-differences.js";

/** Keys asked for per SCAN. */
export const SCAN_COUNT = 500;
/** Keys of Meridian itself begin with this. */
export const RESERVED_PREFIX = Buffer.from("meridian:");

/** One chunk of a scan. */
export interface KeyChunk {
  readonly keys: readonly Buffer[];
  readonly reserved: number;
  /** Keys that begin as the caller does not want. */
  readonly leftOut: number;
}

/** Scans the selected database. `except`: beginnings of keys that are left out. */
export async function* scanKeys(connection: ServerConnection, except: readonly Buffer[] = []): AsyncGenerator<KeyChunk> {
  const ask = (cursor: Buffer): Promise<Reply> => connection.call("SCAN", cursor, "COUNT", SCAN_COUNT);
  let next: Promise<Reply> | undefined = ask(Buffer.from("0"));
  while (next !== undefined) {
    const reply = listOf(await next);
    const cursor = bytesOf(reply[0]!);
    next = cursor.toString() === "0" ? undefined : ask(cursor);
    next?.catch(() => undefined); // awaited above, unless the consumer gives up first
    const found = listOf(reply[1]!).map(bytesOf);
    const users = found.filter((key) => !beginsWith(key, RESERVED_PREFIX));
    const keys = users.filter((key) => !except.some((prefix) => beginsWith(key, prefix)));
    if (found.length > 0) yield { keys, reserved: found.length - users.length, leftOut: users.length - keys.length };
  }
}

function beginsWith(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/** The keys of `keys` that are absent on `connection`: one command where none is. */
export async function absentKeys(connection: ServerConnection, keys: readonly Buffer[]): Promise<Buffer[]> {
  if (keys.length === 0) return [];
  const present = await connection.call("EXISTS", ...keys);
  if (present === keys.length) return [];
  const replies = await connection.batch((writer) => {
    for (const key of keys) writer.command(["EXISTS", key]);
  });
  return keys.filter((_, index) => accepted(replies[index]!, connection.address, "EXISTS") === 0);
}

/** Number of keys per database that has any, from INFO keyspace. */
export async function databaseSizes(connection: ServerConnection): Promise<Map<number, number>> {
  const text = bytesOf(await connection.call("INFO", "keyspace")).toString();
  return new Map([...text.matchAll(/^db(\d+):keys=(\d+)/gm)].map(([, db, keys]) => [Number(db), Number(keys)]));
}
