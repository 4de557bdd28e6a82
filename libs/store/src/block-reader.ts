/**
 * Reads blocks of cells. One reader serves all blocks of a table: it indexes one block at a time, without objects.
 *
 * The format stands in `block-format.ts`.
 */
import { PREFIX_AT, WIDE } from "./block-format.js";

/** Below this many bytes a loop is faster than a native copy. */
const LOOP_BYTES_MAX = 64;

/** A cursor over the cells of one block. */
export class BlockReader {
  #bytes: Buffer = Buffer.alloc(0);
  #prefix = "";
  #count = 0;
  #end = 0;
  /** Where each cell begins, where its suffix begins, where its value begins; and where the value ends. */
  #starts = new Int32Array(256);
  #suffixes = new Int32Array(256);
  #values = new Int32Array(256);
  #ends = new Int32Array(256);

  /** Indexes `bytes[0, length)`; an empty block has no bytes. The bytes must not change while it is read. */
  open(bytes: Buffer, length: number): void {
    this.#bytes = bytes;
    this.#end = length;
    this.#count = 0;
    this.#prefix = "";
    if (length === 0) return;
    let at = PREFIX_AT + bytes.readUInt16LE(0);
    this.#prefix = bytes.toString("latin1", PREFIX_AT, at);
    while (at < length) at = this.#indexCell(at);
  }

  get count(): number {
    return this.#count;
  }

  get prefixLength(): number {
    return this.#end === 0 ? -1 : this.#prefix.length;
  }

  /** Bytes of the whole block. */
  get bytes(): number {
    return this.#end;
  }

  /** Whether a key begins with the block's prefix. */
  hasPrefixOf(key: string): boolean {
    return key.startsWith(this.#prefix);
  }

  key(cell: number): string {
    return this.#prefix + this.#bytes.toString("latin1", this.#suffixes[cell], this.#values[cell]);
  }

  keyLength(cell: number): number {
    return this.#prefix.length + (this.#values[cell] as number) - (this.#suffixes[cell] as number);
  }

  valueLength(cell: number): number {
    return (this.#ends[cell] as number) - (this.#values[cell] as number);
  }

  /** A copy of the cell's value. */
  value(cell: number): Buffer {
    const copy = Buffer.allocUnsafe(this.valueLength(cell));
    this.copyValue(cell, copy, 0);
    return copy;
  }

  /** The first cell from `least` on whose key is not below `key`. */
  lowerBound(key: string, least = 0): number {
    let low = least;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Negative, zero or positive as the cell's key is below, equal to or above `key`. */
  compare(cell: number, key: string): number {
    const prefix = this.#prefix;
    if (!key.startsWith(prefix)) return prefix < key ? -1 : 1;
    const bytes = this.#bytes;
    const end = this.#values[cell] as number;
    let at = this.#suffixes[cell] as number;
    for (let char = prefix.length; char < key.length; char += 1, at += 1) {
      if (at === end) return -1;
      const difference = (bytes[at] as number) - key.charCodeAt(char);
      if (difference !== 0) return difference;
    }
    return end - at;
  }

  /** Bytes of the cells `[from, to)`. */
  cellsBytes(from: number, to: number): number {
    return from === to ? 0 : (this.#ends[to - 1] as number) - (this.#starts[from] as number);
  }

  /** Copies what stands before the first cell to the start of `into`; returns the bytes copied. */
  copyHead(into: Buffer): number {
    return this.#copy(0, PREFIX_AT + this.#prefix.length, into, 0);
  }

  /** Copies whole cells `[from, to)`; returns the bytes copied. */
  copyCells(from: number, to: number, into: Buffer, at: number): number {
    if (from === to) return 0;
    return this.#copy(this.#starts[from] as number, this.#ends[to - 1] as number, into, at);
  }

  /** Copies one value; returns the bytes copied. */
  copyValue(cell: number, into: Buffer, at: number): number {
    return this.#copy(this.#values[cell] as number, this.#ends[cell] as number, into, at);
  }

  #copy(start: number, end: number, into: Buffer, at: number): number {
    if (end - start > LOOP_BYTES_MAX) this.#bytes.copy(into, at, start, end);
    else for (let from = start, to = at; from < end; from += 1, to += 1) into[to] = this.#bytes[from] as number;
    return end - start;
  }

  #indexCell(start: number): number {
    if (this.#count === this.#starts.length) this.#grow();
    const bytes = this.#bytes;
    let at = start;
    let suffix = bytes[at++] as number;
    if (suffix === WIDE) {
      suffix = bytes.readUInt16LE(at);
      at += 2;
    }
    let value = bytes[at++] as number;
    if (value === WIDE) {
      value = bytes.readUInt32LE(at);
      at += 4;
    }
    const cell = this.#count++;
    this.#starts[cell] = start;
    this.#suffixes[cell] = at;
    this.#values[cell] = at + suffix;
    this.#ends[cell] = at + suffix + value;
    return at + suffix + value;
  }

  #grow(): void {
    const grown = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.#starts = grown(this.#starts);
    this.#suffixes = grown(this.#suffixes);
    this.#values = grown(this.#values);
    this.#ends = grown(this.#ends);
  }
}
