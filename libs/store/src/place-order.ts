/**
 * Sorts the places of writes by their keys, without a string per key: as numbers, five bytes of every key at a time, behind what
 * all have in common.
 *
 * Promise: the order is that of the port, bytewise. Limit: {@link PLACES_MAX} places. Sorting costs about 0.1 us per key; keys that
 * are told apart late cost that again for every five bytes.
 */

/** Places that can be sorted at once. */
export const PLACES_MAX = 1 << 24;

/** Where a key stands. */
export interface KeyBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Finds the key of the write at a place. The answer may be the same object each time. */
export type KeyOf = (place: number) => KeyBytes;

/** Bytes of a key that one number holds, above the 24 bits that say which key it is. */
const DIGITS = 5;
/** Up to so many keys comparing is faster. */
const COMPARED_MAX = 12;
/** Which half of a 64-bit number comes first on this machine. */
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** One sort, in two parts: making it reads the keys, {@link PlaceSort.finish} puts `places` in order. No two keys may be equal. */
export class PlaceSort {
  readonly #places: Int32Array;
  readonly #keyOf: KeyOf;
  readonly #from: number;
  readonly #numbers: BigUint64Array;

  constructor(places: Int32Array, keyOf: KeyOf, depth = 0) {
    if (places.length > PLACES_MAX) throw new RangeError(`${places.length} places cannot be sorted at once`);
    this.#places = places;
    this.#keyOf = keyOf;
    this.#from = places.length === 0 ? depth : depth + this.#common(depth);
    this.#numbers = this.#numbered(this.#from);
  }

  finish(): void {
    const places = this.#places;
    const halves = new Uint32Array(this.#numbers.sort().buffer);
    const unsorted = places.slice();
    for (let at = 0; at < places.length; at += 1) places[at] = unsorted[(halves[2 * at + LOW] as number) & (PLACES_MAX - 1)] as number;
    for (let start = 0, end: number; start < places.length; start = end) {
      for (end = start + 1; end < places.length && isEqual(halves, start, end); ) end += 1;
      if (end - start > 1) this.#sortAlike(places.subarray(start, end));
    }
  }

  /** Keys with equal numbers. One that ends within looks like one that goes on with zeros. */
  #sortAlike(places: Int32Array): void {
    const from = this.#from;
    if (places.length <= COMPARED_MAX) return this.#insert(places, from);
    const isEnded = places.some((place) => {
      const { start, end } = this.#keyOf(place);
      return end - start < from + DIGITS;
    });
    if (isEnded) places.set(Array.from(places).sort((a, b) => this.#compare(a, b, from)));
    else new PlaceSort(places, this.#keyOf, from + DIGITS).finish();
  }

  /** How many bytes from `depth` on all keys have in common. */
  #common(depth: number): number {
    const places = this.#places;
    const { bytes, start, end } = this.#keyOf(places[0] as number);
    let common = end - start - depth;
    for (let at = 1; at < places.length && common > 0; at += 1) {
      const other = this.#keyOf(places[at] as number);
      common = Math.min(common, other.end - other.start - depth);
      let same = 0;
      while (same < common && bytes[start + depth + same] === other.bytes[other.start + depth + same]) same += 1;
      common = same;
    }
    return common;
  }

  /** The five bytes of every key from `from` on, zeros where it has ended, each with its index. */
  #numbered(from: number): BigUint64Array {
    const places = this.#places;
    const numbers = new BigUint64Array(places.length);
    const halves = new Uint32Array(numbers.buffer);
    for (let at = 0; at < places.length; at += 1) {
      const { bytes, start, end } = this.#keyOf(places[at] as number);
      const first = start + from;
      let high = 0;
      for (let digit = 0; digit < DIGITS - 1; digit += 1) high = (high << 8) | (first + digit < end ? (bytes[first + digit] as number) : 0);
      const last = first + DIGITS - 1 < end ? (bytes[first + DIGITS - 1] as number) : 0;
      halves[2 * at + 1 - LOW] = high;
      halves[2 * at + LOW] = (last << 24) | at;
    }
    return numbers;
  }

  #insert(places: Int32Array, depth: number): void {
    for (let at = 1; at < places.length; at += 1) {
      const place = places[at] as number;
      let to = at;
      for (; to > 0 && this.#compare(places[to - 1] as number, place, depth) > 0; to -= 1) places[to] = places[to - 1] as number;
      places[to] = place;
    }
  }

  #compare(a: number, b: number, depth: number): number {
    const { bytes, start, end } = this.#keyOf(a);
    const other = this.#keyOf(b);
    const [length, otherLength] = [end - start, other.end - other.start];
    for (let at = depth; at < length && at < otherLength; at += 1) {
      const difference = (bytes[start + at] as number) - (other.bytes[other.start + at] as number);
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }
}

/** Whether two numbers are equal but for the index. */
function isEqual(halves: Uint32Array, one: number, other: number): boolean {
  if (halves[2 * one + 1 - LOW] !== halves[2 * other + 1 - LOW]) return false;
  return (halves[2 * one + LOW] as number) >>> 24 === (halves[2 * other + LOW] as number) >>> 24;
}
