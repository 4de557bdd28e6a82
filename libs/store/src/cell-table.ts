/**
 * The table of cells: blocks in LMDB, an index of their first keys and a filter of all keys in memory.
 *
 * A lookup costs one filter probe where the key is absent, else one LMDB get and a search in a page. The index costs
 * about 60 bytes per block of some 90 cells, the filter 10 to 20 bits per cell; both are built when the store opens.
 * The first block stands under the smallest possible key, so that every key has a block.
 */
import { BlockArena } from "./block-arena.js";
import { BlockReader } from "./block-reader.js";
import { valueInBlock } from "./block-search.js";
import { mergeBlock, type SortedWrites } from "./cell-block.js";
import type { DiskPut, DiskTable, MergeStep, OrderedWrites, Snapshot } from "./disk-table.js";
import { hashKey } from "./key-hash.js";
import { KeyFilter } from "./key-filter.js";
import { LabelIndex } from "./label-index.js";
import type { BinaryTable } from "./lmdb-files.js";

/** Blocks that one unhurried step reads and rewrites: about a millisecond of the caller's thread. */
const STEP_BLOCKS_MAX = 192;

const FIRST_LABEL = "\0";
const EMPTY = Buffer.alloc(0);

/** Called for every cell that a table holds when it is opened. */
export type OnCell = (key: string, value: Buffer) => void;

interface LabelEdit {
  readonly index: number;
  readonly labels: readonly string[];
}

/** The {@link DiskTable} of cells. */
export class CellTable implements DiskTable {
  readonly #table: BinaryTable;
  readonly #snapshot: Snapshot;
  readonly #reader = new BlockReader();
  readonly #filter = new KeyFilter();
  readonly #context = { arena: new BlockArena(), onNewKey: (key: string) => this.#noteNew(key), onGoneKey: () => void (this.#change -= 1) };
  #cells = 0;
  /** By how many cells the step that is being planned changes their number. */
  #change = 0;
  readonly #index: LabelIndex;

  constructor(table: BinaryTable, snapshot: Snapshot, onCell?: OnCell) {
    this.#table = table;
    this.#snapshot = snapshot;
    const labels: string[] = [];
    for (const { key, value } of table.getRange({ start: FIRST_LABEL, ...snapshot.options })) {
      labels.push(key);
      this.#reader.open(value, value.length);
      this.#cells += this.#reader.count;
      for (let cell = 0; cell < this.#reader.count; cell += 1) {
        const cellKey = this.#reader.key(cell);
        this.#filter.add(hashKey(cellKey));
        onCell?.(cellKey, this.#reader.value(cell));
      }
    }
    if (labels[0] !== FIRST_LABEL) labels.unshift(FIRST_LABEL);
    this.#index = new LabelIndex(labels);
  }

  get #labels(): readonly string[] {
    return this.#index.labels;
  }

  /** Blocks on disk. */
  get blocks(): number {
    return this.#labels.length;
  }

  /** Cells on disk. */
  get cells(): number {
    return this.#cells;
  }

  get(key: string, hash: number): Buffer | undefined {
    if (!this.#filter.has(hash)) return undefined;
    const bytes = this.#table.getBinaryFast(this.#labels[this.#blockOf(key)] as string, this.#snapshot.options);
    return bytes && valueInBlock(bytes, bytes.length, key);
  }

  *range(from: string, to: string): Iterable<readonly [string, Buffer]> {
    const reader = new BlockReader();
    for (let block = this.#blockOf(from); block < this.#labels.length && (this.#labels[block] as string) < to; block += 1) {
      const bytes = this.#table.getBinary(this.#labels[block] as string, this.#snapshot.options) ?? EMPTY;
      reader.open(bytes, bytes.length);
      for (let cell = reader.lowerBound(from); cell < reader.count; cell += 1) {
        const key = reader.key(cell);
        if (key >= to) return;
        yield [key, reader.value(cell)];
      }
    }
  }

  step(writes: OrderedWrites, from: number, haste: number): MergeStep {
    // The owner has committed the step before: its blocks are no longer needed.
    this.#context.arena.reset();
    this.#change = 0;
    const puts: DiskPut[] = [];
    const edits: LabelEdit[] = [];
    let next = from;
    let key = next < writes.count ? writes.key(next) : undefined;
    for (let blocks = 0; key !== undefined && blocks < STEP_BLOCKS_MAX * haste; blocks += 1) {
      const index = this.#blockOf(key);
      const limit = this.#labels[index + 1];
      const start = next;
      const keys: string[] = [];
      do {
        keys.push(key);
        next += 1;
        key = next < writes.count ? writes.key(next) : undefined;
      } while (key !== undefined && (limit === undefined || key < limit));
      edits.push({ index, labels: this.#mergeInto(index, { keys, value: (at) => writes.value(start + at) }, puts) });
    }
    const change = this.#change;
    return { next, puts, adopt: () => this.#adopt(edits, change) };
  }

  #noteNew(key: string): void {
    this.#filter.add(hashKey(key));
    this.#change += 1;
  }

  #mergeInto(index: number, writes: SortedWrites, puts: DiskPut[]): string[] {
    const label = this.#labels[index] as string;
    this.#openBlock(index);
    const merged = mergeBlock(this.#reader, writes, 0, writes.keys.length, this.#context);
    if (merged.length === 0) {
      puts.push({ table: this.#table, key: label, value: undefined });
      return label === FIRST_LABEL ? [FIRST_LABEL] : [];
    }
    return merged.map(({ firstKey, bytes }, at) => {
      const key = at === 0 ? label : firstKey;
      puts.push({ table: this.#table, key, value: bytes });
      return key;
    });
  }

  #adopt(edits: readonly LabelEdit[], change: number): void {
    this.#cells += change;
    const [first, last] = [edits[0], edits[edits.length - 1]];
    if (first === undefined || last === undefined) return;
    const region: string[] = [];
    let at = first.index;
    for (const edit of edits) {
      while (at < edit.index) region.push(this.#labels[at++] as string);
      region.push(...edit.labels);
      at += 1;
    }
    this.#index.replace(first.index, last.index + 1, region);
  }

  #openBlock(index: number): void {
    const bytes = this.#table.getBinaryFast(this.#labels[index] as string, this.#snapshot.options);
    this.#reader.open(bytes ?? EMPTY, bytes?.length ?? 0);
  }

  /** The last block whose label is not above `key`. */
  #blockOf(key: string): number {
    return this.#index.floor(key);
  }
}
