/**
 * A hash table from keys to the places where their writes stand, without an object or a string per entry.
 *
 * Open addressing over one Int32Array: a slot is the full hash and the place. Who compares keys is the caller, since
 * only it can read a place. Entries are replaced, never removed: a generation is dropped whole.
 */

const FIRST_SLOTS = 1024;

/** Compares the key at a place with the one that is looked for. */
export type IsSameKey = (place: number) => boolean;

/** A growing table of places. */
export class PlaceTable {
  /** Pairs of hash and place + 1; place 0 is a free slot. */
  #slots = new Int32Array(FIRST_SLOTS * 2);
  #mask = FIRST_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of the key, or of the free place where it belongs. */
  slotOf(hash: number, isSame: IsSameKey): number {
    const slots = this.#slots;
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const place = slots[slot * 2 + 1] as number;
      if (place === 0 || (slots[slot * 2] === hash && isSame(place - 1))) return slot;
    }
  }

  /** The place in a slot, or -1 where it is free. */
  placeIn(slot: number): number {
    return (this.#slots[slot * 2 + 1] as number) - 1;
  }

  /** Every place, in no order. */
  places(): Int32Array {
    const slots = this.#slots;
    const places = new Int32Array(this.#size);
    for (let at = 1, next = 0; at < slots.length; at += 2) if (slots[at] !== 0) places[next++] = (slots[at] as number) - 1;
    return places;
  }

  /** Fills the slot that {@link slotOf} returned. */
  fill(slot: number, hash: number, place: number): void {
    const isNew = this.#slots[slot * 2 + 1] === 0;
    this.#slots[slot * 2] = hash;
    this.#slots[slot * 2 + 1] = place + 1;
    if (!isNew) return;
    this.#size += 1;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    const mask = this.#mask * 2 + 1;
    const slots = new Int32Array((mask + 1) * 2);
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from] as number) & mask;
      while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      slots[slot * 2] = old[from] as number;
      slots[slot * 2 + 1] = old[from + 1] as number;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}
