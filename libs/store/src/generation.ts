/**
 * One generation of commits that are in the redo log and not yet in the tables.
 *
 * Commits are encoded into slabs, in the very bytes that the redo log gets; a hash table points at the newest write of
 * each key in them. So a commit copies its bytes once, and an entry costs 16 bytes beside them and no object. Order is
 * made only when somebody asks for a range, and at the end, for the checkpoint: of places, not of strings.
 */
import type { OrderedWrites } from "./disk-table.js";
import { KeyOrder } from "./key-order.js";
import { hashKey } from "./key-hash.js";
import { PlaceSort, type KeyBytes } from "./place-order.js";
import { PlaceTable } from "./place-table.js";
import { SLAB_BYTES, type SlabPool } from "./slab-pool.js";
import { STORE_TABLES, type StoreTable, type StoreWrite } from "./port.js";
import {
  encodeWrite, keyAt, keyEnd, keyStart, isKeyAt, recordBytes, recordEnd, RECORD_HEAD_BYTES, sealRecord, tableAt, valueAt, writeEnd,
} from "./redo-record.js";

/** Of {@link SLAB_BYTES}. */
const SLAB_SHIFT = 20;

/** Makes equal keys of two tables differ in hash. */
const TABLE_STEP = 0x9e3779b9;

/** New keys of a table of which ranges are asked for that are sorted at once: sorting all of them for the first range would be a stall. */
const ORDER_KEYS = 1024;

const NO_BYTES = Buffer.alloc(0);

interface Slab {
  readonly bytes: Buffer;
  /** Position of its first byte in the generation; a multiple of {@link SLAB_BYTES}. */
  readonly base: number;
}

/** The bytes of one record, ready for the redo log. */
export interface EncodedRecord {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Writes of every table, in key order. */
export type Ordered = Readonly<Record<StoreTable, OrderedWrites>>;

/** The newest values of a bounded run of commits. */
export class Generation {
  readonly #newest = new PlaceTable();
  readonly #orders = STORE_TABLES.map(() => new KeyOrder());
  /** Per table, where the first write of each key stands that is not in the order yet. */
  readonly #unordered: number[][] = STORE_TABLES.map(() => []);
  /** The slab of every mebibyte of positions. */
  readonly #slabs: Slab[] = [];
  readonly #pool: SlabPool;
  readonly #ranged: Set<StoreTable>;
  #slab: Slab | undefined;
  #used = 0;
  readonly #keyBytes: { bytes: Buffer; start: number; end: number } = { bytes: NO_BYTES, start: 0, end: 0 };
  /** What {@link #isSame} compares with. */
  #soughtTable = 0;
  #soughtKey = "";
  readonly #isSame = (place: number): boolean => {
    const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
    return isKeyAt(bytes, place - base, this.#soughtTable, this.#soughtKey);
  };

  /** Always the same object. */
  readonly #keyOf = (place: number): KeyBytes => {
    const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
    const key = this.#keyBytes;
    key.bytes = bytes;
    key.start = keyStart(place - base);
    key.end = keyEnd(bytes, place - base);
    return key;
  };

  /** `ranged` are the tables of which ranges have been asked for, in this generation or before: their keys are kept in order. */
  constructor(pool: SlabPool, ranged: Set<StoreTable>) {
    this.#pool = pool;
    this.#ranged = ranged;
  }

  /** Gives its memory back: nothing of it may be read any more. */
  release(): void {
    for (const slab of new Set(this.#slabs)) this.#pool.give(slab.bytes);
    this.#slabs.length = 0;
  }

  /** Keys held, over all tables. */
  get entries(): number {
    return this.#newest.size;
  }

  /** Bytes of memory held in slabs. */
  get bytes(): number {
    return this.#slabs.length * SLAB_BYTES;
  }

  /** Where the newest write of a key stands, for {@link value}; -1 where this generation has none. */
  find(table: StoreTable, key: string, hash: number): number {
    const index = STORE_TABLES.indexOf(table);
    return this.#newest.placeIn(this.#slotOf(index, key, hashIn(index, hash)));
  }

  /** The value written at a place; undefined is a deletion. Its bytes do not change before {@link release}. */
  value(place: number): Buffer | undefined {
    const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
    return valueAt(bytes, place - base);
  }

  /** The newest write of every key, by table and in key order, deletions included. Nothing may be accepted afterwards. */
  ordered(): Ordered {
    const parts = this.ordering();
    for (;;) {
      const part = parts.next();
      if (part.done === true) return part.value;
    }
  }

  /** {@link ordered} in parts of some milliseconds each. */
  *ordering(): Generator<undefined, Ordered> {
    const places = this.#placesByTable();
    yield;
    for (const some of places) {
      const sort = new PlaceSort(some, this.#keyOf);
      yield;
      sort.finish();
      yield;
    }
    type Four = [OrderedWrites, OrderedWrites, OrderedWrites, OrderedWrites];
    const [cell, out, received, state] = places.map((some) => this.#writesAt(some)) as Four;
    return { cell, out, in: received, state };
  }

  /** Entries with `from <= key < to` in order; undefined is a deletion. */
  *range(table: StoreTable, from: string, to: string): Iterable<readonly [string, Buffer | undefined]> {
    this.#ranged.add(table);
    for (const key of this.#order(table).range(from, to)) yield [key, this.value(this.find(table, key, hashKey(key)))];
  }

  /** Encodes a commit. It is not visible before {@link accept}. Throws `RangeError` on a key that the port refuses. */
  encode(writes: readonly StoreWrite[]): EncodedRecord {
    const { bytes } = this.#reserve(recordBytes(writes));
    const start = this.#used;
    let end = start + RECORD_HEAD_BYTES;
    for (const write of writes) end = encodeWrite(bytes, end, STORE_TABLES.indexOf(write.table), write);
    sealRecord(bytes, start, end);
    return { bytes, start, end };
  }

  /** Makes the commit that was encoded last visible. `onCell` is told of every write of a cell, with the {@link hashKey} of its key. */
  accept(writes: readonly StoreWrite[], record: EncodedRecord, onCell: (hash: number, write: StoreWrite) => void): void {
    const { base } = this.#slab as Slab;
    this.#used = record.end;
    let at = record.start + RECORD_HEAD_BYTES;
    for (const write of writes) {
      const { table, key } = write;
      const hash = hashKey(key);
      this.#point(STORE_TABLES.indexOf(table), key, hash, base + at);
      if (table === "cell") onCell(hash, write);
      at = writeEnd(record.bytes, at);
    }
    for (const table of this.#ranged) {
      if ((this.#unordered[STORE_TABLES.indexOf(table)] as number[]).length >= ORDER_KEYS) this.#order(table).settle();
    }
  }

  /** Takes over the records of a redo file up to the first that is damaged. Returns whether all were good. */
  load(file: Buffer, from: number): boolean {
    if (file.length <= from) return true;
    const { bytes, base } = this.#reserve(file.length - from);
    const shift = base + this.#used - from;
    file.copy(bytes, this.#used, from);
    this.#used += file.length - from;
    let at = from;
    for (let end = recordEnd(file, at); end !== undefined; end = recordEnd(file, at)) {
      for (at += RECORD_HEAD_BYTES; at < end; at = writeEnd(file, at)) {
        const key = keyAt(file, at);
        this.#point(tableAt(file, at), key, hashKey(key), at + shift);
      }
    }
    return at === file.length;
  }

  #placesByTable(): Int32Array[] {
    // In the order in which they were written they are read at a fraction of the price.
    const all = this.#newest.places().sort();
    const byTable = STORE_TABLES.map(() => new Int32Array(all.length));
    const counts = STORE_TABLES.map(() => 0);
    for (const place of all) {
      const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
      const table = tableAt(bytes, place - base);
      (byTable[table] as Int32Array)[(counts[table] as number)++] = place;
    }
    return byTable.map((places, table) => places.subarray(0, counts[table]));
  }

  #writesAt(places: Int32Array): OrderedWrites {
    const key = (index: number): string => {
      const place = places[index] as number;
      const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
      return keyAt(bytes, place - base);
    };
    return { count: places.length, key, value: (index) => this.value(places[index] as number) };
  }

  #slotOf(table: number, key: string, hash: number): number {
    this.#soughtTable = table;
    this.#soughtKey = key;
    return this.#newest.slotOf(hash, this.#isSame);
  }

  #point(table: number, key: string, keyHash: number, place: number): void {
    const hash = hashIn(table, keyHash);
    const slot = this.#slotOf(table, key, hash);
    if (this.#newest.placeIn(slot) < 0) (this.#unordered[table] as number[]).push(place);
    this.#newest.fill(slot, hash, place);
  }

  #order(table: StoreTable): KeyOrder {
    const index = STORE_TABLES.indexOf(table);
    const order = this.#orders[index] as KeyOrder;
    for (const place of this.#unordered[index] as number[]) {
      const { bytes, base } = this.#slabs[place >>> SLAB_SHIFT] as Slab;
      order.add(keyAt(bytes, place - base));
    }
    this.#unordered[index] = [];
    return order;
  }

  #reserve(size: number): Slab {
    if (this.#slab !== undefined && this.#used + size <= this.#slab.bytes.length) return this.#slab;
    const count = Math.max(1, Math.ceil(size / SLAB_BYTES));
    const bytes = count === 1 ? this.#pool.take() : Buffer.allocUnsafeSlow(count * SLAB_BYTES);
    const slab = { bytes, base: this.#slabs.length * SLAB_BYTES };
    for (let each = 0; each < count; each += 1) this.#slabs.push(slab);
    this.#slab = slab;
    this.#used = 0;
    return slab;
  }
}

function hashIn(table: number, hash: number): number {
  return (hash + Math.imul(table, TABLE_STEP)) | 0;
}
