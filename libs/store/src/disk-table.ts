/**
 * What the store asks of a table on disk: reads of one snapshot, and merges in bounded steps.
 *
 * A step is computed from the snapshot and changes nothing by itself. The owner writes its puts in one transaction and
 * then, in one go, moves the snapshot and calls `adopt`; a table that keeps an index in memory so never sees one newer
 * or older than the snapshot.
 */
import type { RootDatabase, Transaction } from "lmdb";
import type { BinaryTable } from "./lmdb-files.js";

/** One entry to write into LMDB; `undefined` removes it. */
export interface DiskPut {
  readonly table: BinaryTable;
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** Writes in key order, each key once. What is asked for is made for the asking: keep it, or ask again. */
export interface OrderedWrites {
  readonly count: number;
  key(index: number): string;
  /** Undefined deletes. */
  value(index: number): Buffer | undefined;
}

/** A bounded part of a merge. */
export interface MergeStep {
  /** The first write that this step does not cover. */
  readonly next: number;
  readonly puts: readonly DiskPut[];
  /** To be called when the puts are committed and the snapshot has been moved. */
  adopt(): void;
}

/** A table on disk. */
export interface DiskTable {
  /** A copy of the value; `hash` is the key's. */
  get(key: string, hash: number): Buffer | undefined;
  range(from: string, to: string): Iterable<readonly [string, Buffer]>;
  /** Plans the merge of a bounded number of `writes`, beginning with the one at `from`; `haste` (1 and up) widens it. */
  step(writes: OrderedWrites, from: number, haste: number): MergeStep;
}

/** The snapshot that all reads use until it is moved: lmdb's own would move by itself between two event turns. */
export class Snapshot {
  readonly #root: RootDatabase<Buffer, string>;
  #options: { transaction: Transaction };

  constructor(root: RootDatabase<Buffer, string>) {
    this.#root = root;
    this.#options = { transaction: root.useReadTransaction() };
  }

  /** Options for lmdb's reads. */
  get options(): { transaction: Transaction } {
    return this.#options;
  }

  /** Moves to the newest commit. */
  move(): void {
    this.#options.transaction.done();
    this.#root.resetReadTxn();
    this.#options = { transaction: this.#root.useReadTransaction() };
  }

  close(): void {
    this.#options.transaction.done();
  }
}
