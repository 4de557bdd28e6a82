/**
 * The store on LMDB, with a bounded write-back table in front of it.
 *
 * A commit is one append to a redo file and a few map entries; the newest values are held in memory and merged into
 * LMDB in sorted order, off the caller's path. Promises the port: a commit that returned survives SIGKILL. After a
 * power loss the store stands at an earlier commit, whole: see README. Refuses a folder of another owner
 * (`STORE_FOREIGN`), of a live process (`STORE_LOCKED`), with unreadable files (`STORE_CORRUPT`), and commits when the
 * disk does not take them (`STORE_FULL`).
 */
import { mkdirSync } from "node:fs";
import { MeridianError } from "@meridian/words";
import type { RootDatabase } from "lmdb";
import { CellTable, type OnCell } from "./cell-table.js";
import { Checkpoint, CHECKPOINT_KEY, type CheckpointTarget } from "./checkpoint.js";
import { Snapshot } from "./disk-table.js";
import { Generation } from "./generation.js";
import { KeyFilter } from "./key-filter.js";
import { hashKey } from "./key-hash.js";
import { corruptStore, openEnvironment, openTable, type BinaryTable } from "./lmdb-files.js";
import { overlay, type LayerEntry } from "./overlay.js";
import { PLACES_MAX } from "./place-order.js";
import { PlainTable } from "./plain-table.js";
import type { IsPlain, Store, StoreTable, StoreWrite } from "./port.js";
import { ClosedRedoFile, isRedoFile, readRedoFiles, REDO_HEAD_BYTES, RedoLog, removeRedoFile } from "./redo-log.js";
import { SlabPool } from "./slab-pool.js";
import { StoreLock } from "./store-lock.js";
import { claimFolder } from "./store-owner.js";

/** Where the store is, to whom it belongs, and how much it may hold back in memory. */
export interface LmdbStoreOptions {
  readonly path: string;
  /** The writer whose state this is, for example `eu/0`. */
  readonly owner: string;
  /** Keys in memory at which they begin to move to the tables; 1,048,576 at most. */
  readonly heldEntriesMax?: number;
  /** Bytes in memory at which they begin to move to the tables. */
  readonly heldBytesMax?: number;
  /** See {@link Store.isPlain}; without it no value is. */
  readonly isPlain?: IsPlain;
}

/** Default of `heldEntriesMax`. */
export const HELD_ENTRIES_MAX = 131_072;

/** Default of `heldBytesMax`. */
export const HELD_BYTES_MAX = 16 << 20;

/** At this part of a limit what is held is forced to the disk, though not into the tables yet. */
const FORCE_FACTOR = 0.5;

/** Above this multiple of a limit a commit moves what is frozen itself, unless the writer thread is at work. */
const HELP_FACTOR = 2;

/** Above this multiple of a limit a commit waits for the writer thread, then moves the rest itself. */
const WAIT_FACTOR = 4;

/** Above this multiple of a limit, with a disk that does not answer, a commit is refused. */
const REFUSE_FACTOR = 8;

/** Opens or creates the store in the folder `path`. */
export function openLmdbStore(options: LmdbStoreOptions): LmdbStore {
  mkdirSync(options.path, { recursive: true });
  const lock = StoreLock.acquire(options.path);
  try {
    claimFolder(options.path, options.owner);
    return new LmdbStore(openEnvironment(options.path), lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A {@link Store} on LMDB. */
export class LmdbStore implements Store {
  readonly #options: Required<LmdbStoreOptions>;
  readonly #lock: StoreLock;
  readonly #root: RootDatabase<Buffer, string>;
  readonly #target: Target;
  readonly #checkpoint: Checkpoint;
  readonly #redo: RedoLog;
  /** Cells that have had a value that is not plain since the store was opened. */
  readonly #special = new KeyFilter();
  readonly #slabs = new SlabPool();
  readonly #ranged = new Set<StoreTable>();
  readonly #onWrite = (hash: number, { value, start, end }: StoreWrite): void => this.#noteCell(hash, value, start, end);
  #active = new Generation(this.#slabs, this.#ranged);
  #commits = 0;
  #open = true;
  /** The redo file was forced to the disk on the way of this generation. */
  #isForced = false;
  /** The owner forces commits itself, and must be told of every failure. */
  #isForcedByOwner = false;

  /** Use {@link openLmdbStore}. */
  constructor(root: RootDatabase<Buffer, string>, lock: StoreLock, options: LmdbStoreOptions) {
    this.#options = { heldEntriesMax: HELD_ENTRIES_MAX, heldBytesMax: HELD_BYTES_MAX, isPlain: () => false, ...options };
    // Twice: what was left by a life that died while one generation was on its way.
    if (this.#options.heldEntriesMax * REFUSE_FACTOR * 2 > PLACES_MAX) throw new RangeError(`${this.#options.heldEntriesMax} entries are too many to be held`);
    this.#lock = lock;
    this.#root = root;
    const onCell = (key: string, value: Buffer): void => this.#noteCell(hashKey(key), value);
    this.#target = openTarget(root, () => Math.max(1, this.pressure ** 2), onCell);
    this.#checkpoint = new Checkpoint(this.#target);
    this.#redo = new RedoLog(options.path, this.#replay());
  }

  get(table: StoreTable, key: string): Buffer | undefined {
    this.#assertOpen();
    const hash = hashKey(key);
    const place = this.#active.find(table, key, hash);
    if (place >= 0) return this.#active.value(place);
    const frozen = this.#checkpoint.generation;
    const older = frozen === undefined ? -1 : frozen.find(table, key, hash);
    return older >= 0 ? (frozen as Generation).value(older) : this.#target.tables[table].get(key, hash);
  }

  *range(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer]> {
    this.#assertOpen();
    if (from >= to) return;
    const commits = this.#commits;
    for (const [key, value] of this.#layers(table, from === "" ? "\0" : from, to)) {
      if (value === undefined) continue;
      yield [key, value];
      if (!this.#open || this.#commits !== commits) throw new Error("a range was read on after a later commit");
    }
  }

  isPlain(key: string): boolean {
    return !this.#special.has(hashKey(key));
  }

  commit(writes: readonly StoreWrite[]): void {
    this.#assertOpen();
    if (writes.length > 0) {
      this.#makeRoom();
      const record = this.#active.encode(writes);
      this.#redo.append(record);
      this.#active.accept(writes, record, this.#onWrite);
    }
    this.#commits += 1;
    if (this.#holds(1)) this.flush();
    else if (!this.#isForced && this.#holds(FORCE_FACTOR)) this.#force();
  }

  /** Begins to move what is held into the tables, unless that is already under way. For an idle moment. */
  flush(): void {
    this.#assertOpen();
    this.#beginCheckpoint();
  }

  async sync(): Promise<void> {
    this.#assertOpen();
    this.#isForcedByOwner = true;
    // A redo file counts only where those before it are whole: which they are was settled before this turn ended.
    await Promise.all([this.#checkpoint.sync(), this.#redo.sync()]);
  }

  /** Waits until a {@link flush} that is under way has ended. */
  async flushed(): Promise<void> {
    await this.#checkpoint.settled();
  }

  /** How full the memory is: 1 is where the move to disk begins, 8 where commits are refused. */
  get pressure(): number {
    return Math.max(this.#active.entries / this.#options.heldEntriesMax, this.#active.bytes / this.#options.heldBytesMax);
  }

  sizeBytes(): number {
    this.#assertOpen();
    const stats = this.#root.getStats() as { pageSize: number; lastPageNumber: number };
    return stats.pageSize * (stats.lastPageNumber + 1) + this.#redo.bytes + this.#checkpoint.redoBytes;
  }

  cellCount(): number {
    this.#assertOpen();
    return this.#target.tables.cell.cells;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    // Twice: what is on its way, then what was committed meanwhile.
    for (let round = 0; round < 2; round += 1) {
      this.#beginCheckpoint();
      await this.#checkpoint.settled();
    }
    this.#redo.close();
    this.#target.snapshot.close();
    await this.#root.close();
    this.#lock.release();
  }

  #noteCell(hash: number, value: Buffer | undefined, start = 0, end = value?.length ?? 0): void {
    if (value !== undefined && !this.#options.isPlain(value, start, end)) this.#special.add(hash);
  }

  #beginCheckpoint(): void {
    if (this.#checkpoint.generation !== undefined) return this.#checkpoint.retry();
    if (this.#active.entries === 0) return;
    this.#checkpoint.start({ generation: this.#active, redo: this.#redo.rotate() });
    this.#active = new Generation(this.#slabs, this.#ranged);
    this.#isForced = false;
  }

  /** A loss of power takes no more than half a generation. A disk that refuses is told of when the generation moves to the tables. */
  #force(): void {
    this.#isForced = true;
    if (!this.#isForcedByOwner) this.#redo.sync().catch(() => undefined);
  }

  #layers(table: StoreTable, from: string, to: string): Iterable<LayerEntry> {
    const disk = this.#target.tables[table].range(from, to);
    const frozen = this.#checkpoint.generation;
    const older = frozen === undefined ? disk : overlay(frozen.range(table, from, to), disk);
    return overlay(this.#active.range(table, from, to), older);
  }

  #holds(factor: number): boolean {
    return this.pressure >= factor;
  }

  /** Reached only where checkpoints are slower than commits, or the caller hardly yields to the event loop. */
  #makeRoom(): void {
    if (!this.#holds(HELP_FACTOR)) return;
    if (this.#checkpoint.finishNow(this.#holds(WAIT_FACTOR)) || !this.#holds(REFUSE_FACTOR)) return;
    throw new MeridianError("STORE_FULL", `the store holds ${this.#active.bytes} bytes that the disk does not take`, {
      advice: "the volume is too slow or stuck; nothing was committed, and a later attempt can succeed",
      retryable: true,
      cause: this.#checkpoint.failure,
    });
  }

  /** Brings the redo files of earlier lives into the tables. Returns the number of the next file. */
  #replay(): number {
    const { path } = this.#options;
    const done = Number(this.#target.meta.getBinary(CHECKPOINT_KEY)?.toString() ?? 0);
    const generation = new Generation(this.#slabs, this.#ranged);
    let next = done + 1;
    let last = done;
    const files = readRedoFiles(path);
    for (const { number, bytes } of files) {
      if (!isRedoFile(bytes)) throw corruptStore(path, `redo file ${number} in ${path} is not a redo file`);
      last = Math.max(last, number);
      // Behind a gap or a torn record nothing is a continuation of what was replayed.
      if (number === next && generation.load(bytes, REDO_HEAD_BYTES)) next += 1;
    }
    const { cell } = generation.ordered();
    for (let at = 0; at < cell.count; at += 1) this.#noteCell(hashKey(cell.key(at)), cell.value(at));
    if (generation.entries > 0) {
      this.#checkpoint.start({ generation, redo: new ClosedRedoFile(path, last, { fd: undefined, bytes: 0 }) });
      if (!this.#checkpoint.finishNow(false)) throw this.#checkpoint.failure;
    }
    for (const { number } of files) removeRedoFile(path, number);
    // A gap means a lost file, so the next file follows the last that the tables contain.
    return (generation.entries > 0 ? last : done) + 1;
  }

  #assertOpen(): void {
    if (!this.#open) throw new Error("the store is closed");
  }
}

/** The tables, of which that of the cells counts. */
type Target = CheckpointTarget & { readonly tables: { readonly cell: CellTable } };

function openTarget(root: RootDatabase<Buffer, string>, haste: () => number, onCell: OnCell): Target {
  // A transaction knows only the tables that were open when it began: the snapshot comes last.
  const [meta, cell, out, received, state] = ["meta", "cell", "out", "in", "state"].map((name) => openTable(root, name)) as [
    BinaryTable, BinaryTable, BinaryTable, BinaryTable, BinaryTable,
  ];
  const snapshot = new Snapshot(root);
  const tables = {
    cell: new CellTable(cell, snapshot, onCell),
    out: new PlainTable(out, snapshot),
    in: new PlainTable(received, snapshot),
    state: new PlainTable(state, snapshot),
  };
  return { root, meta, snapshot, tables, haste };
}
