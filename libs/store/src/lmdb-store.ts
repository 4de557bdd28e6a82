/**
 * The store on LMDB, the simple way: one transaction per commit, one entry per write.
 *
 * Promises the port. Refuses a folder of another owner (`STORE_FOREIGN`), of a live process (`STORE_LOCKED`), or with
 * unreadable files (`STORE_CORRUPT`).
 */
import { mkdirSync } from "node:fs";
import { MeridianError } from "@meridian/words";
import type { RootDatabase } from "lmdb";
import { assertKey } from "./key-check.js";
import { openEnvironment, openTable, type BinaryTable } from "./lmdb-files.js";
import { STORE_TABLES, type Store, type StoreTable, type StoreWrite } from "./port.js";
import { StoreLock } from "./store-lock.js";

/** Where the store is and to whom it belongs. */
export interface LmdbStoreOptions {
  readonly path: string;
  /** The writer whose state this is, for example `eu/0`. */
  readonly owner: string;
}

/** Commit before returning; the flush to the disk may follow. */
const COMMIT_FLAGS = 0x10002 as never;

/** Opens or creates the store in the folder `path`. */
export function openLmdbStore(options: LmdbStoreOptions): LmdbStore {
  mkdirSync(options.path, { recursive: true });
  const lock = StoreLock.acquire(options.path);
  try {
    const root = openEnvironment(options.path);
    claim(root, options);
    return new LmdbStore(root, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A {@link Store} on LMDB. */
export class LmdbStore implements Store {
  readonly #root: RootDatabase<Buffer, string>;
  readonly #tables: Readonly<Record<StoreTable, BinaryTable>>;
  readonly #lock: StoreLock;
  #commits = 0;
  #open = true;

  constructor(root: RootDatabase<Buffer, string>, lock: StoreLock) {
    this.#root = root;
    this.#lock = lock;
    this.#tables = Object.fromEntries(STORE_TABLES.map((name) => [name, openTable(root, name)])) as never;
  }

  get(table: StoreTable, key: string): Buffer | undefined {
    this.#assertOpen();
    return this.#tables[table].getBinary(key);
  }

  *range(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer]> {
    this.#assertOpen();
    if (from >= to) return;
    const commits = this.#commits;
    for (const { key, value } of this.#tables[table].getRange({ start: from === "" ? "\0" : from, end: to })) {
      if (this.#commits !== commits) throw new Error("a range was read on after a later commit");
      yield [key, value];
    }
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#assertOpen();
    for (const write of writes) assertKey(write.key);
    this.#root.transactionSync(() => {
      for (const { table, key, value } of writes) {
        if (value === undefined) this.#tables[table].removeSync(key);
        else this.#tables[table].putSync(key, value);
      }
    }, COMMIT_FLAGS);
    this.#commits += 1;
  }

  sizeBytes(): number {
    this.#assertOpen();
    const stats = this.#root.getStats() as { pageSize: number; lastPageNumber: number };
    return stats.pageSize * (stats.lastPageNumber + 1);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#root.close();
    this.#lock.release();
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error("the store is closed");
  }
}

/** Writes the owner into a new store, or compares it with an old one's. */
function claim(root: RootDatabase<Buffer, string>, options: LmdbStoreOptions): void {
  const meta = openTable(root, "meta");
  const found = meta.getBinary("owner")?.toString();
  if (found === undefined) {
    root.transactionSync(() => meta.putSync("owner", Buffer.from(options.owner)), COMMIT_FLAGS);
  } else if (found !== options.owner) {
    throw new MeridianError("STORE_FOREIGN", `${options.path} belongs to ${found}, not to ${options.owner}`, {
      advice: "correct the store path, or the region's or server's name; a name never changes once a mesh runs",
    });
  }
}
