/**
 * The LMDB environment of a store: how it is opened, and which files are refused.
 *
 * LMDB maps its file and trusts every byte of it: a file that is not its own, or that was cut short, kills the process
 * instead of failing. So the header is checked here before LMDB sees it. Refuses with `STORE_CORRUPT`.
 */
import { closeSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { open, type RootDatabase, type Transaction } from "lmdb";
import { latin1Key } from "./lmdb-key.js";

/** The data file of an LMDB folder. */
export const DATA_FILE = "data.mdb";

/** Named tables that one environment may hold. */
const TABLES_MAX = 8;

/** Address space that is reserved for the file: where it has to be mapped anew, the old mapping stays resident too. */
const MAP_BYTES = 4 * 2 ** 30;

/** LMDB's header: two pages, each with a 24-byte page head and this. */
const PAGE_BYTES = 4096;
const META_MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const LAST_PAGE_AT = 0x90;
const TRANSACTION_AT = 0x98;

/** Pages by which a sound file may be shorter than its header says: pages that were freed before they were written. */
const SHORT_PAGES_MAX = 256;

/** Options of a read: the transaction whose snapshot it sees. */
export interface ReadOptions {
  readonly transaction?: Transaction;
}

/** One table of binary keys and binary values: what is used of lmdb's, with the options that its types leave out. */
export interface BinaryTable {
  getBinary(key: string, options?: ReadOptions): Buffer | undefined;
  /** The buffer is lmdb's own and overwritten by the next get; only its `length` bytes count. */
  getBinaryFast(key: string, options?: ReadOptions): Buffer | undefined;
  getRange(options: ReadOptions & { start: string; end?: string }): Iterable<{ key: string; value: Buffer }>;
  put(key: string, value: Buffer): Promise<boolean>;
  remove(key: string): Promise<boolean>;
}

/** Checks the header of an existing data file; a missing file is fine. Throws `STORE_CORRUPT`. */
export function assertReadableData(path: string): void {
  const file = join(path, DATA_FILE);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return;
  const header = readStart(file, 2 * PAGE_BYTES);
  const metas = [0, PAGE_BYTES].filter((at) => header.length >= at + PAGE_BYTES && header.readUInt32LE(at + MAGIC_AT) === META_MAGIC);
  if (metas.length < 2) throw corruptStore(path, `${file} is not a store's data file`);
  const newest = metas.reduce((a, b) => (transactionOf(header, a) >= transactionOf(header, b) ? a : b));
  const pages = Number(header.readBigUInt64LE(newest + LAST_PAGE_AT)) + 1;
  if (pages - size / PAGE_BYTES > SHORT_PAGES_MAX) throw corruptStore(path, `${file} was cut short: ${pages} pages should be there`);
  // Reading a mapped page behind the end of the file would kill the process.
  if (pages * PAGE_BYTES > size) truncateSync(file, pages * PAGE_BYTES);
}

/** Opens the environment. Throws `STORE_CORRUPT` where LMDB refuses the files. */
export function openEnvironment(path: string): RootDatabase<Buffer, string> {
  assertReadableData(path);
  try {
    return open<Buffer, string>({
      path,
      maxDbs: TABLES_MAX,
      mapSize: MAP_BYTES,
      pageSize: PAGE_BYTES,
      overlappingSync: false,
      encoding: "binary",
      keyEncoder: latin1Key,
      cache: false,
    });
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

function transactionOf(header: Buffer, meta: number): bigint {
  return header.readBigUInt64LE(meta + TRANSACTION_AT);
}

function readStart(file: string, bytes: number): Buffer {
  const start = Buffer.alloc(bytes);
  const fd = openSync(file, "r");
  try {
    return start.subarray(0, readSync(fd, start, 0, bytes, 0));
  } finally {
    closeSync(fd);
  }
}
