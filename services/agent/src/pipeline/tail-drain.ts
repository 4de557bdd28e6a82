/**
 * Waits until a server that was lost has nothing more to say. Its stream comes by a connection of its own, which may still hold
 * what its clients wrote last: a server that shuts down at once, or crashes, has sent that, and nobody else has it.
 *
 * Limits: `QUIET_MS` without a byte, for the server may live and have lost only the other connection; `DRAIN_MS_MAX` in all,
 * also where the stream is paused.
 */

/** How long nothing may come, in ms. */
export const QUIET_MS = 500;
/** How long it may take in all, in ms: a server that lives never ends. */
export const DRAIN_MS_MAX = 3000;

/** See the module's comment. */
export class TailDrain {
  readonly #isPaused: () => boolean;
  readonly #onEnd: () => void;
  readonly #limit: NodeJS.Timeout;
  #quiet: NodeJS.Timeout;
  /** Bytes have come since the timer was set. */
  #isFlowing = false;
  #isOver = false;

  /** Begins to wait. `isPaused`: nothing is read at present; `onEnd` is called once, unless it is stopped before. */
  constructor(isPaused: () => boolean, onEnd: () => void) {
    this.#isPaused = isPaused;
    this.#onEnd = onEnd;
    this.#limit = setTimeout(() => this.end(), DRAIN_MS_MAX);
    this.#quiet = this.#watch();
  }

  /** Bytes have come. */
  note(): void {
    this.#isFlowing = true;
  }

  /** The stream has ended. */
  end(): void {
    if (this.#isOver) return;
    this.stop();
    this.#onEnd();
  }

  /** Waits no longer, and says nothing. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#limit);
    clearTimeout(this.#quiet);
  }

  #watch(): NodeJS.Timeout {
    this.#isFlowing = false;
    // A busy process is late for its timers and for its sockets: what waits there is read before it is asked.
    return setTimeout(() => setImmediate(() => this.#look()), QUIET_MS);
  }

  #look(): void {
    if (this.#isOver) return;
    if (this.#isFlowing || this.#isPaused()) this.#quiet = this.#watch();
    else this.end();
  }
}
