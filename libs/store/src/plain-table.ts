/** A table with one LMDB entry per key: for tables of few or large entries (outgoing records, positions, state). */
import type { DiskPut, DiskTable, MergeStep, OrderedWrites, Snapshot } from "./disk-table.js";
import type { BinaryTable } from "./lmdb-files.js";

/** Limits of one step: writes, and bytes of values. */
const STEP_WRITES_MAX = 1024;
const STEP_BYTES_MAX = 1 << 20;

/** A {@link DiskTable} without any structure of its own. */
export class PlainTable implements DiskTable {
  readonly #table: BinaryTable;
  readonly #snapshot: Snapshot;

  constructor(table: BinaryTable, snapshot: Snapshot) {
    this.#table = table;
    this.#snapshot = snapshot;
  }

  get(key: string, _hash: number): Buffer | undefined {
    return this.#table.getBinary(key, this.#snapshot.options);
  }

  *range(from: string, to: string): Iterable<readonly [string, Buffer]> {
    const options = { start: from, end: to, ...this.#snapshot.options };
    for (const { key, value } of this.#table.getRange(options)) yield [key, value];
  }

  step(writes: OrderedWrites, from: number): MergeStep {
    const puts: DiskPut[] = [];
    let next = from;
    for (let bytes = 0; next < writes.count && puts.length < STEP_WRITES_MAX && bytes < STEP_BYTES_MAX; next += 1) {
      const value = writes.value(next);
      bytes += value === undefined ? 0 : value.length;
      puts.push({ table: this.#table, key: writes.key(next), value });
    }
    return { next, puts, adopt: () => undefined };
  }
}
