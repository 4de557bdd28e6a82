/**
 * An ordered map from binary strings to buffers, for many point writes and few ranges.
 *
 * Reads and writes cost a hash lookup; order is made when a range asks for it. Deleted keys stay in the order until
 * half of it is dead.
 */
import { KeyOrder } from "./key-order.js";

/** Below this many keys a dead entry costs less than compacting. */
const COMPACT_KEYS_MIN = 64;

/** An ordered map of buffers. */
export class SortedTable {
  /** A key that is present with `undefined` is deleted, and still stands in the order. */
  #values = new Map<string, Buffer | undefined>();
  readonly #order = new KeyOrder();
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
      else this.#order.add(key);
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

  /** False: there is no entry with `from <= key < to`. */
  mayHold(from: string, to: string): boolean {
    return this.#order.hasAny(from, to);
  }

  /** Entries with `from <= key < to`, in order. The table must not change meanwhile. */
  *range(from: string, to: string): Iterable<readonly [string, Buffer]> {
    for (const key of this.#order.range(from, to)) {
      const value = this.#values.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** An independent table with the same entries (buffers are shared). */
  copy(): SortedTable {
    this.#compact();
    const twin = new SortedTable();
    twin.#values = new Map(this.#values);
    twin.#order.reset([...this.#order.all()]);
    twin.#bytes = this.#bytes;
    return twin;
  }

  #compact(): void {
    if (this.#dead === 0) return;
    this.#order.reset(this.#order.all().filter((key) => this.#values.get(key) !== undefined));
    for (const [key, value] of this.#values) if (value === undefined) this.#values.delete(key);
    this.#dead = 0;
  }
}
