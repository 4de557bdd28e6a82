/**
 * Slabs of memory that generations use one after the other: new ones each time would wait for a collection by the megabyte.
 *
 * Limit: as many as one full generation holds, or two of small records; what is given back beyond that is let go.
 */

const SLAB_SHIFT = 20;

/** Bytes of one slab. */
export const SLAB_BYTES = 1 << SLAB_SHIFT;

/** Slabs that are kept. */
const KEPT_MAX = 16;

/** See the module's comment. */
export class SlabPool {
  readonly #free: Buffer[] = [];

  /** A slab with any content. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  /** Takes back a slab that nobody reads any more. Of other sizes it keeps none. */
  give(slab: Buffer): void {
    if (slab.length === SLAB_BYTES && this.#free.length < KEPT_MAX) this.#free.push(slab);
  }
}
