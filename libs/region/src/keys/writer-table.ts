/** Writers as small numbers, as the store's records name them. Only grows; persisted with the region's state. */
import type { WriterId } from "@meridian/words";

/** A two-way table. */
export class WriterTable {
  readonly #writers: WriterId[];

  constructor(writers: readonly WriterId[] = []) {
    this.#writers = [...writers];
  }

  get writers(): readonly WriterId[] {
    return this.#writers;
  }

  indexOf(writer: WriterId): number {
    const found = this.#writers.indexOf(writer);
    return found >= 0 ? found : this.#writers.push(writer) - 1;
  }

  at(index: number): WriterId {
    const writer = this.#writers[index];
    if (writer === undefined) throw new RangeError(`the store names writer ${index}, which its state does not list`);
    return writer;
  }
}
