/**
 * Merging sorted writes into a block of cells, with splits.
 *
 * Most merges patch the block as it is; this module does the others: where the block becomes too large, or where a
 * key does not share its prefix. Pure: bytes in, bytes out.
 */
import type { BlockArena } from "./block-arena.js";
import { BLOCK_BYTES_MAX, cellBytes, writeLengths } from "./block-format.js";
import { patchBlock } from "./block-patch.js";
import type { BlockReader } from "./block-reader.js";

/** Share of a block to which the parts of a split are filled. */
const SPLIT_FILL = 0.7;


/** Sorted writes of one merge: `undefined` deletes. */
export interface SortedWrites {
  readonly keys: readonly string[];
  value(index: number): Buffer | undefined;
}

/** What a merge needs beside its block: memory for the result, and who is told of every key that comes or goes. */
export interface MergeContext {
  readonly arena: BlockArena;
  onNewKey(key: string): void;
  onGoneKey(): void;
}

/** One block after a merge. Its bytes belong to the arena. */
export interface MergedBlock {
  readonly firstKey: string;
  readonly bytes: Buffer;
}

/**
 * Merges `writes[from, to)` into a block. The result is empty where no cell is left, and several blocks where one
 * would be too large. A single cell that is larger than a block gets a block of its own size.
 */
export function mergeBlock(block: BlockReader, writes: SortedWrites, from: number, to: number, context: MergeContext): MergedBlock[] {
  const quick = patchBlock(block, writes, from, to, context);
  if (quick !== undefined) return [quick];
  const items = mergeItems(block, writes, from, to, context);
  if (items.length === 0) return [];
  return split(items).map(([start, end]) => emit(items, start, end, context.arena));
}

/** The cells of a merge in key order: a cell of the block (index >= 0) or a write (-1 - index). */
class Items {
  readonly block: BlockReader;
  readonly writes: SortedWrites;
  readonly #refs: number[] = [];
  readonly #values: (Buffer | undefined)[] = [];

  constructor(block: BlockReader, writes: SortedWrites) {
    this.block = block;
    this.writes = writes;
  }

  get length(): number {
    return this.#refs.length;
  }

  pushCells(start: number, end: number): void {
    for (let cell = start; cell < end; cell += 1) {
      this.#refs.push(cell);
      this.#values.push(undefined);
    }
  }

  pushWrite(index: number, value: Buffer): void {
    this.#refs.push(-1 - index);
    this.#values.push(value);
  }

  /** The block's cell at `at`, or -1 where it is a write. */
  cell(at: number): number {
    const ref = this.#refs[at] as number;
    return ref < 0 ? -1 : ref;
  }

  key(at: number): string {
    const ref = this.#refs[at] as number;
    return ref < 0 ? (this.writes.keys[-1 - ref] as string) : this.block.key(ref);
  }

  keyLength(at: number): number {
    const ref = this.#refs[at] as number;
    return ref < 0 ? (this.writes.keys[-1 - ref] as string).length : this.block.keyLength(ref);
  }

  value(at: number): Buffer {
    return this.#values[at] as Buffer;
  }

  valueLength(at: number): number {
    const ref = this.#refs[at] as number;
    return ref < 0 ? (this.#values[at] as Buffer).length : this.block.valueLength(ref);
  }
}

function mergeItems(block: BlockReader, writes: SortedWrites, from: number, to: number, context: MergeContext): Items {
  const items = new Items(block, writes);
  let cell = 0;
  for (let index = from; index < to; index += 1) {
    const key = writes.keys[index] as string;
    const place = block.lowerBound(key, cell);
    items.pushCells(cell, place);
    cell = place < block.count && block.compare(place, key) === 0 ? place + 1 : place;
    const value = writes.value(index);
    if (value === undefined) {
      if (cell !== place) context.onGoneKey();
      continue;
    }
    if (cell === place) context.onNewKey(key);
    items.pushWrite(index, value);
  }
  items.pushCells(cell, block.count);
  return items;
}

/** Cuts the cells into runs of which each fits a block. */
function split(items: Items): [number, number][] {
  const prefix = commonPrefix(items.key(0), items.key(items.length - 1));
  const sizes = Array.from({ length: items.length }, (_, at) => cellBytes(items.keyLength(at) - prefix, items.valueLength(at)));
  const total = sizes.reduce((sum, size) => sum + size, 2 + prefix);
  if (total <= BLOCK_BYTES_MAX) return [[0, items.length]];
  const target = total / Math.max(2, Math.ceil(total / (BLOCK_BYTES_MAX * SPLIT_FILL)));
  const runs: [number, number][] = [];
  let start = 0;
  let filled = 0;
  sizes.forEach((size, at) => {
    if (at > start && filled + size / 2 > target) {
      runs.push([start, at]);
      start = at;
      filled = 0;
    }
    filled += size;
  });
  runs.push([start, items.length]);
  return runs;
}

function emit(items: Items, start: number, end: number, arena: BlockArena): MergedBlock {
  const firstKey = items.key(start);
  const prefix = end - start === 1 ? firstKey.length : commonPrefix(firstKey, items.key(end - 1));
  let room = 2 + prefix;
  for (let at = start; at < end; at += 1) room += cellBytes(items.keyLength(at) - prefix, items.valueLength(at));
  const bytes = arena.take(room);
  bytes.writeUInt16LE(prefix, 0);
  let to = 2 + bytes.write(firstKey.slice(0, prefix), 2, "latin1");
  const whole = prefix === items.block.prefixLength;
  for (let at = start; at < end; ) {
    const cell = items.cell(at);
    if (cell >= 0 && whole) {
      let last = at;
      while (last + 1 < end && items.cell(last + 1) === cell + last + 1 - at) last += 1;
      to += items.block.copyCells(cell, cell + last + 1 - at, bytes, to);
      at = last + 1;
    } else {
      to = emitCell(items, at, prefix, bytes, to);
      at += 1;
    }
  }
  return { firstKey, bytes };
}

function emitCell(items: Items, at: number, prefix: number, bytes: Buffer, to: number): number {
  const cell = items.cell(at);
  const suffix = items.key(at).slice(prefix);
  let next = writeLengths(bytes, suffix.length, items.valueLength(at), to);
  next += bytes.write(suffix, next, "latin1");
  return next + (cell >= 0 ? items.block.copyValue(cell, bytes, next) : items.value(at).copy(bytes, next));
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}
