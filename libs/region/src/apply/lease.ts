/**
 * Which agent has the server. An agent runs a fence, whose mark comes in the stream: from there on it may apply, and what stands
 * behind the fence of a newer agent is for that one to capture.
 */

/** See the module's comment. */
export class Lease {
  #epoch = 0;
  /** Epochs of the fences read before this life's own was answered: the last of it among them, or only history. */
  readonly #fences: number[] = [];
  #isReady = false;
  #isFenced = false;

  get epoch(): number {
    return this.#epoch;
  }

  /** True once the fence was seen in the stream. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** True once the fence of a newer agent was seen. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** The fence was run. True: it had been seen already, and the lease begins. */
  onFenced(epoch: number): boolean {
    this.#epoch = epoch;
    const at = this.#fences.lastIndexOf(epoch);
    this.#isFenced = at >= 0 && at < this.#fences.length - 1;
    return at >= 0 && this.#begin();
  }

  /** A fence's mark was read. True: the lease begins. */
  onFence(epoch: number): boolean {
    // What stands before this life's own fence is history, whatever its epoch: a FLUSHALL lets them begin anew.
    if (this.#isReady) this.#isFenced ||= epoch !== this.#epoch;
    else if (this.#epoch === 0) this.#fences.push(epoch);
    else if (epoch === this.#epoch) return this.#begin();
    return false;
  }

  #begin(): boolean {
    this.#isReady = true;
    return true;
  }
}
