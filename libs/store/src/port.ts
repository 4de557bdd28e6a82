/**
 * The store port: a small ordered map on disk, with one transaction per batch.
 *
 * Promises: a commit is whole or absent, in order, and survives the death of the process (SIGKILL) once `commit` has
 * returned; reads see every committed write; keys are ordered bytewise. Refuses: keys outside of 1 to
 * {@link KEY_BYTES_MAX} bytes, and reading on in a range after a later commit (an assertion: the caller's mistake).
 */

/** The tables of a store: versions of cells, outgoing records, received positions, and everything single. */
export type StoreTable = "cell" | "out" | "in" | "state";

/** Every {@link StoreTable}. */
export const STORE_TABLES: readonly StoreTable[] = ["cell", "out", "in", "state"];

/** Longest key, in bytes. */
export const KEY_BYTES_MAX = 1900;

/** Whether a cell's value, `bytes[start, end)`, is so plain that its owner may replace it unread. */
export type IsPlain = (bytes: Buffer, start: number, end: number) => boolean;

/** One write: a value, or `undefined` to delete. The last write of a key within a commit wins. */
export interface StoreWrite {
  readonly table: StoreTable;
  /** A "binary" (latin1) string: one char is one byte. */
  readonly key: string;
  /** Copied by `commit`: the caller may reuse the buffer. An empty value is a value. */
  readonly value: Buffer | undefined;
  /** Where the value begins and ends in its buffer; both or none: it is the whole buffer. So many values may stand in one. */
  readonly start?: number;
  readonly end?: number;
}

/** An embedded store, owned by one pipeline. All calls are synchronous but `close`. */
export interface Store {
  /** The value of a key. It may be read only until the next call on the store: copy to keep. */
  get(table: StoreTable, key: string): Buffer | undefined;

  /**
   * Entries with `from <= key < to` in key order, read lazily. A value may be read only until the next step or call.
   * Read it to its end, or leave it, before the next commit: stepping on after a commit throws.
   */
  range(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer]>;

  /**
   * True only where the value of a cell is absent or plain, as the owner of the store defines it when opening; where it is
   * plain, false may be answered all the same. Touches no page.
   */
  isPlain(key: string): boolean;

  /** Applies all writes as one transaction. When it returns they survive SIGKILL of this process. */
  commit(writes: readonly StoreWrite[]): void;

  /** Resolves when everything that was committed before the call survives a loss of power. Undefined where nothing outlives the process. */
  sync?(): Promise<void>;

  /** How much waits in memory for the disk, as a share of its limit: above 1, slow down. Undefined where nothing waits. */
  readonly pressure?: number;
  /** Begins to move what waits to the disk, unless that is under way. */
  flush?(): void;
  /** Bytes that the store occupies on disk (or would, for the memory adapter: keys and values). */
  sizeBytes(): number;

  /** Records of cells and keys that the store holds; what waits for the disk may not be counted yet. */
  cellCount(): number;

  /** Writes what is held back and releases the files. Every later call throws. */
  close(): Promise<void>;
}
