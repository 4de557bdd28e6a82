/**
 * An ordered map from binary strings to buffers, for many point writes and few ranges.
 *
 * Reads and writes cost a hash lookup. New keys wait in a list that is sorted and merged when a range is asked;
 * deleted keys stay in the order until half of it is dead. Keys that come in ascending order are never sorted again.
 */

/** Below this many keys a dead entry costs less than compacting. */
const COMPACT_KEYS_MIN = 64;

/** An ordered map of buffers. */
export class SortedTable {
  /** A key that is present with `undefined` is deleted, and still stands in the order. */
  #values = new Map<string, Buffer | undefined>();
  #order: string[] = [];
  #fresh: string[] = [];
  #dead = 0;
  #bytes = 0;

  /** Bytes of all keys and values. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of entries. */
  get size(): number {
    return this.#values.size - this.#dead;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  /** Takes ownership of `value`. */
  set(key: string, value: Buffer): void {
    const old = this.#values.get(key);
    if (old !== undefined) {
      this.#bytes += value.length - old.length;
    } else {
      this.#bytes += key.length + value.length;
      if (this.#values.has(key)) this.#dead -= 1;
      else this.#place(key);
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    const old = this.#values.get(key);
    if (old === undefined) return;
    this.#bytes -= key.length + old.length;
    this.#values.set(key, undefined);
    this.#dead += 1;
    if (this.#dead > COMPACT_KEYS_MIN && this.#dead * 2 > this.#values.size) this.#compact();
  }

  /** Entries with `from <= key < to`, in order. The table must not change meanwhile. */
  *range(from: string, to: string): Iterable<readonly [string, Buffer]> {
    this.#settle();
    const order = this.#order;
    for (let at = lowerBound(order, from); at < order.length; at += 1) {
      const key = order[at] as string;
      if (key >= to) return;
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** An independent table with the same entries (buffers are shared). */
  copy(): SortedTable {
    this.#compact();
    const twin = new SortedTable();
    twin.#values = new Map(this.#values);
    twin.#order = this.#order.slice();
    twin.#bytes = this.#bytes;
    return twin;
  }

  #place(key: string): void {
    const last = this.#order[this.#order.length - 1];
    if (this.#fresh.length === 0 && (last === undefined || key > last)) this.#order.push(key);
    else this.#fresh.push(key);
  }

  #settle(): void {
    if (this.#fresh.length === 0) return;
    this.#order = mergeSorted(this.#order, this.#fresh.sort(compareKeys));
    this.#fresh = [];
  }

  #compact(): void {
    this.#settle();
    if (this.#dead === 0) return;
    this.#order = this.#order.filter((key) => this.#values.get(key) !== undefined);
    for (const [key, value] of this.#values) if (value === undefined) this.#values.delete(key);
    this.#dead = 0;
  }
}

/** Orders binary strings bytewise. */
export function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lowerBound(order: readonly string[], from: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle] as string) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mergeSorted(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = new Array<string>(a.length + b.length);
  let left = 0;
  let right = 0;
  for (let at = 0; at < merged.length; at += 1) {
    const fromLeft = right >= b.length || (left < a.length && (a[left] as string) < (b[right] as string));
    merged[at] = (fromLeft ? a[left++] : b[right++]) as string;
  }
  return merged;
}
