/**
 * The LMDB environment of a store: how it is opened, and which files are refused.
 *
 * LMDB maps its file and trusts every byte of it: a file that is not its own, or that was cut short, kills the process
 * instead of failing. So the header is checked here before LMDB sees it. Refuses with `STORE_CORRUPT`.
 */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { open, type Database, type RootDatabase } from "lmdb";
import { latin1Key } from "./lmdb-key.js";

/** The data file of an LMDB folder. */
export const DATA_FILE = "data.mdb";

/** Named tables that one environment may hold. */
const TABLES_MAX = 8;

const META_BYTES = 168;
const META_MAGIC = 0xbeefc0de;
const FIRST_META_AT = 24;

/** One table of binary keys and binary values. */
export type BinaryTable = Database<Buffer, string>;

/** Checks the header of an existing data file; a missing file is fine. Throws `STORE_CORRUPT`. */
export function assertReadableData(path: string): void {
  const file = join(path, DATA_FILE);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined || size === 0) return;
  const header = readHeader(file);
  if (header.length < META_BYTES || header.readUInt32LE(FIRST_META_AT) !== META_MAGIC) {
    throw corruptStore(path, `${file} is not a store's data file`);
  }
}

/** Opens the environment. Throws `STORE_CORRUPT` where LMDB refuses the files. */
export function openEnvironment(path: string): RootDatabase<Buffer, string> {
  assertReadableData(path);
  try {
    return open<Buffer, string>({ path, maxDbs: TABLES_MAX, encoding: "binary", keyEncoder: latin1Key, cache: false });
  } catch (cause) {
    throw corruptStore(path, `${join(path, DATA_FILE)} cannot be opened: ${String(cause)}`, cause);
  }
}

/** Opens one table of an environment, creating it when absent. */
export function openTable(root: RootDatabase<Buffer, string>, name: string): BinaryTable {
  return root.openDB<Buffer, string>({ name, encoding: "binary", cache: false, keyEncoder: latin1Key } as never);
}

/** The error of a store whose files cannot be read. */
export function corruptStore(path: string, message: string, cause?: unknown): MeridianError {
  return new MeridianError("STORE_CORRUPT", message, {
    advice: `move ${path} away and start again: the agent then adopts its versions from its own log and hydrates from a peer`,
    cause,
  });
}

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(META_BYTES);
  const fd = openSync(file, "r");
  try {
    return header.subarray(0, readSync(fd, header, 0, META_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}
