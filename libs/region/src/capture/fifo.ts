/** A queue that is taken from at its front at the cost of an index, however long it is. Bounding it is the owner's business. */

/** Items that were taken and still stand in the array, at most, before they are cut off. */
const TAKEN_MAX = 1024;

/** See the module's comment. */
export class Fifo<T> {
  #items: T[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  /** The oldest item; undefined where there is none. */
  get first(): T | undefined {
    return this.#items[this.#first];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the oldest item away. */
  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (this.length > 0) this.#first += 1;
    if (this.#first === this.#items.length) this.clear();
    else if (this.#first > TAKEN_MAX && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }
}
