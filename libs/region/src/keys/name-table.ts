/**
 * A map from names to what comes and goes in masses. Open addressing over one array.
 *
 * A `Map` of the language would do the same, but one that is emptied, or grows, leaves its former table behind pointing at the
 * next: once that former table is old, whatever was ever put into the map outlives the young generation, and collecting it
 * costs several times what using it does. Limit: it holds what its caller has in flight, and does not shrink.
 */

const FIRST_SLOTS = 64;

/** A value that knows its name, and the {@link hashOfName} of it. */
export interface Named {
  readonly name: string;
  readonly hash: number;
}

/** See the module's comment. A name comes with its hash, so that whoever asks several times computes it once. */
export class NameTable<V extends Named> {
  #slots = new Array<V | undefined>(FIRST_SLOTS).fill(undefined);
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(name: string, hash: number): V | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#slotOf(name, hash)];
  }

  /** Puts a value in, in the place of one of the same name. */
  set(value: V): void {
    const slot = this.#slotOf(value.name, value.hash);
    const isNew = this.#slots[slot] === undefined;
    this.#slots[slot] = value;
    if (!isNew) return;
    this.#size += 1;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  /** Takes a value out; undefined: there was none. */
  take(name: string, hash: number): V | undefined {
    if (this.#size === 0) return undefined;
    const slot = this.#slotOf(name, hash);
    const value = this.#slots[slot];
    if (value === undefined) return undefined;
    this.#slots[slot] = undefined;
    this.#size -= 1;
    this.#closeGap(slot);
    return value;
  }

  /** The slot of a name, or the free one where it belongs. */
  #slotOf(name: string, hash: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const value = this.#slots[slot];
      if (value === undefined || (value.hash === hash && value.name === name)) return slot;
    }
  }

  /** What stands behind a free slot and does not belong there moves up, so that it is found again (Knuth, algorithm 6.4R). */
  #closeGap(free: number): void {
    let gap = free;
    for (let slot = (gap + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const value = this.#slots[slot];
      if (value === undefined) return;
      const home = value.hash & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - gap) & this.#mask)) continue;
      this.#slots[gap] = value;
      this.#slots[slot] = undefined;
      gap = slot;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Array<V | undefined>(this.#mask + 1).fill(undefined);
    for (const value of old) if (value !== undefined) this.#slots[this.#slotOf(value.name, value.hash)] = value;
    // What is still pointed at from the old array would live as long as that does.
    old.length = 0;
  }
}

/** FNV-1a, with an avalanche: names differ in few, late characters. */
export function hashOfName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
