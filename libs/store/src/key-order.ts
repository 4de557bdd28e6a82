/**
 * The sorted set of a table's keys, brought up to date only when somebody asks for order.
 *
 * Additions cost a push. A question sorts what is new into a small side run, and merges that into the main run once it
 * has grown to an eighth of it: alternating commits and ranges never re-sort the whole.
 */

/** The side run is merged into the main run when it is this fraction of it. */
const SIDE_FRACTION = 8;

/** A growing, ordered set of binary strings. */
export class KeyOrder {
  #main: string[] = [];
  #side: string[] = [];
  #fresh: string[] = [];

  /** Adds a key that is not in the set. */
  add(key: string): void {
    const last = this.#main[this.#main.length - 1];
    if (this.#fresh.length === 0 && this.#side.length === 0 && (last === undefined || key > last)) this.#main.push(key);
    else this.#fresh.push(key);
  }

  /** Every key, in order. Not to be changed; valid until the next `add`. */
  all(): readonly string[] {
    this.settle();
    if (this.#side.length > 0) {
      this.#main = mergeSorted(this.#main, this.#side);
      this.#side = [];
    }
    return this.#main;
  }

  /** Replaces the set by `keys`, which are in order. */
  reset(keys: string[]): void {
    this.#main = keys;
    this.#side = [];
    this.#fresh = [];
  }

  /** True where there is a key with `from <= key < to`. */
  hasAny(from: string, to: string): boolean {
    this.settle();
    return isAnyIn(this.#main, from, to) || isAnyIn(this.#side, from, to);
  }

  /** Keys with `from <= key < to`, in order. */
  *range(from: string, to: string): Iterable<string> {
    this.settle();
    const main = this.#main;
    const side = this.#side;
    let left = lowerBound(main, from);
    let right = lowerBound(side, from);
    for (;;) {
      const a = main[left];
      const b = side[right];
      const key = b === undefined || (a !== undefined && a < b) ? a : b;
      if (key === undefined || key >= to) return;
      if (key === a) left += 1;
      else right += 1;
      yield key;
    }
  }

  /** Sorts what was added: a caller that does so now and then pays in small parts. */
  settle(): void {
    if (this.#fresh.length === 0) return;
    this.#side = mergeSorted(this.#side, this.#fresh.sort());
    this.#fresh = [];
    if (this.#side.length * SIDE_FRACTION <= this.#main.length) return;
    this.#main = mergeSorted(this.#main, this.#side);
    this.#side = [];
  }
}

/** Index of the first key that is not below `from`. */
export function lowerBound(keys: readonly string[], from: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAnyIn(keys: readonly string[], from: string, to: string): boolean {
  const first = keys[lowerBound(keys, from)];
  return first !== undefined && first < to;
}

function mergeSorted(a: string[], b: string[]): string[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged = new Array<string>(a.length + b.length);
  let left = 0;
  let right = 0;
  for (let at = 0; at < merged.length; at += 1) {
    const isLeft = right === b.length || (left < a.length && (a[left] as string) < (b[right] as string));
    merged[at] = (isLeft ? a[left++] : b[right++]) as string;
  }
  return merged;
}
