/**
 * The store in memory: for tests and the simulator.
 *
 * Promises the port's semantics exactly, fast: a hash map per table, and an order that is brought up to date only when
 * a range is asked. A simulated crash is {@link MemoryStore.crash}: what was committed lives on in a new store, and
 * the old one refuses every call, as a dead process would. {@link MemoryStore.snapshot} and `restore` set a whole
 * store back to an earlier commit, as a restored disk would.
 */
import { assertKey } from "./key-check.js";
import { STORE_TABLES, type IsPlain, type Store, type StoreTable, type StoreWrite } from "./port.js";
import { SortedTable } from "./sorted-table.js";

declare const snapshotBrand: unique symbol;

/** The content of a {@link MemoryStore} after one commit. Never changes. */
export interface MemorySnapshot {
  readonly [snapshotBrand]: true;
}

type Tables = Readonly<Record<StoreTable, SortedTable>>;

/** A {@link Store} without a disk. */
export class MemoryStore implements Store {
  #tables: Tables;
  #commits = 0;
  #open = true;
  readonly #isPlain: IsPlain;

  /** `isPlain`: see {@link Store.isPlain}; without it no value is. */
  constructor(from?: MemorySnapshot, isPlain: IsPlain = () => false) {
    this.#tables = from === undefined ? emptyTables() : copyTables(tablesOf(from));
    this.#isPlain = isPlain;
  }

  /** Commits so far in this store's life. */
  get commits(): number {
    return this.#commits;
  }

  get(table: StoreTable, key: string): Buffer | undefined {
    this.#assertOpen();
    return this.#tables[table].get(key);
  }

  range(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer]> {
    this.#assertOpen();
    // Most ranges that a region asks for hold nothing: they cost no generator.
    return this.#tables[table].mayHold(from, to) ? this.#entries(table, from, to) : NO_ENTRIES;
  }

  *#entries(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer]> {
    const commits = this.#commits;
    for (const entry of this.#tables[table].range(from, to)) {
      if (this.#commits !== commits) throw new Error("a range was read on after a later commit");
      yield entry;
    }
  }

  isPlain(key: string): boolean {
    const value = this.get("cell", key);
    return value === undefined || this.#isPlain(value, 0, value.length);
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#assertOpen();
    for (const write of writes) assertKey(write.key);
    for (const { table, key, value, start, end } of writes) {
      if (value === undefined) this.#tables[table].delete(key);
      else this.#tables[table].set(key, copyOf(value, start, end));
    }
    this.#commits += 1;
  }

  sizeBytes(): number {
    this.#assertOpen();
    return STORE_TABLES.reduce((sum, table) => sum + this.#tables[table].bytes, 0);
  }

  cellCount(): number {
    this.#assertOpen();
    return this.#tables.cell.size;
  }

  /** What is committed now; costs one map copy per table, values are shared. */
  snapshot(): MemorySnapshot {
    this.#assertOpen();
    return copyTables(this.#tables) as unknown as MemorySnapshot;
  }

  /** Sets this store to an earlier content. */
  restore(snapshot: MemorySnapshot): void {
    this.#assertOpen();
    this.#tables = copyTables(tablesOf(snapshot));
    this.#commits += 1;
  }

  /** Kills the owner: returns a store with everything that was committed; this one throws from now on. */
  crash(): MemoryStore {
    this.#assertOpen();
    this.#open = false;
    const heir = new MemoryStore(undefined, this.#isPlain);
    heir.#tables = this.#tables;
    return heir;
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error("the store is closed");
  }
}

const NO_ENTRIES: readonly (readonly [string, Buffer])[] = [];

function copyOf(value: Buffer, start = 0, end = value.length): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  value.copy(copy, 0, start, end);
  return copy;
}

function emptyTables(): Tables {
  return { cell: new SortedTable(), out: new SortedTable(), in: new SortedTable(), state: new SortedTable() };
}

function copyTables(tables: Tables): Tables {
  return { cell: tables.cell.copy(), out: tables.out.copy(), in: tables.in.copy(), state: tables.state.copy() };
}

function tablesOf(snapshot: MemorySnapshot): Tables {
  return snapshot as unknown as Tables;
}
