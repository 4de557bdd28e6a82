/** Memory for the blocks of one merge step: a few large buffers, used again by the next step, instead of many small. */

const SLAB_BYTES = 256 * 1024;

/** Gives out buffers until it is reset. */
export class BlockArena {
  readonly #slabs: Buffer[] = [];
  #slab = -1;
  #used = SLAB_BYTES;

  /** A buffer of `size` bytes with any content, valid until {@link reset}. */
  take(size: number): Buffer {
    if (size > SLAB_BYTES) return Buffer.allocUnsafeSlow(size);
    if (this.#used + size > SLAB_BYTES) this.#advance();
    const slab = this.#slabs[this.#slab] as Buffer;
    this.#used += size;
    return slab.subarray(this.#used - size, this.#used);
  }

  /** Everything that was given out may be overwritten from now on. */
  reset(): void {
    this.#slab = -1;
    this.#used = SLAB_BYTES;
  }

  #advance(): void {
    this.#slab += 1;
    this.#used = 0;
    if (this.#slab === this.#slabs.length) this.#slabs.push(Buffer.allocUnsafeSlow(SLAB_BYTES));
  }
}
