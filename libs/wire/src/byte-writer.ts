/**
 * A growing byte buffer for rows: varints, binary strings, slices, doubles, versions. Grows by doubling, is re-used
 * after `take`, and never holds more than `retainBytesMax` while idle.
 */
import { HLC_BYTES, writeHlc, type Hlc } from "@meridian/words";

const FIRST_BYTES = 256;
/** Below this many bytes a loop is faster than a native copy, and makes no garbage. */
const LOOP_BYTES_MAX = 64;
const RETAIN_BYTES_MAX = 1024 * 1024;

/** What stands behind a multiple of 2^{@link LARGE_BITS}. */
export const LARGE_SIGN = "*";
/** Scores are multiples of 2^-1074; most are of a much larger step. */
export const LARGE_BITS = 960n;

/** Appends primitive values to one buffer. */
export class ByteWriter {
  // From the pool: most writers of a simulated region never hold more.
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** An unsigned integer below 2^53, seven bits a byte, low bits first. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest = rest > 0x7fffffff ? Math.floor(rest / 128) : rest >>> 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** Length and bytes of a binary string. */
  text(value: string): void {
    this.varint(value.length);
    this.#reserve(value.length);
    if (value.length > LOOP_BYTES_MAX) this.#length += this.#buffer.write(value, this.#length, "latin1");
    else for (let at = 0; at < value.length; at += 1) this.#buffer[this.#length++] = value.charCodeAt(at);
  }

  /** Length and bytes of a slice. */
  slice(from: Buffer, start: number, end: number): void {
    this.varint(end - start);
    this.raw(from, start, end);
  }

  /** Bytes without their length. */
  raw(from: Buffer, start = 0, end = from.length): void {
    this.#reserve(end - start);
    const into = this.#buffer;
    if (end - start > LOOP_BYTES_MAX) from.copy(into, this.#length, start, end);
    else for (let at = start, to = this.#length; at < end; at += 1, to += 1) into[to] = from[at] as number;
    this.#length += end - start;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleBE(value, this.#length);
  }

  hlc(value: Hlc): void {
    this.#reserve(HLC_BYTES);
    writeHlc(this.#buffer, value, this.#length);
    this.#length += HLC_BYTES;
  }

  /** A signed integer of any size: decimal text, or where it is a large multiple of 2^960, as sums of scores are, what it is times that. */
  bigint(value: bigint): void {
    // What a counter has absorbed is nearly always nothing.
    if (value === 0n) return this.text("0");
    const times = value >> LARGE_BITS;
    if (times !== 0n && times !== -1n && times << LARGE_BITS === value) this.text(`${times.toString()}${LARGE_SIGN}`);
    else this.text(value.toString());
  }

  /** What was written stands at the beginning of this buffer, until more is written. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** The writer begins anew; what was written may be read until then. */
  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > RETAIN_BYTES_MAX) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.clear();
    return bytes;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
