/**
 * When to send REPLCONF ACK.
 *
 * Promises that what became durable is told at once when nothing was told lately, else at the end of a short window, so
 * that a client in WAIT is released promptly and a busy stream costs a few hundred acknowledgements per second at most;
 * and that the last one is repeated at an interval, by which the server knows that we live. Never goes backwards.
 */

/** Two acknowledgements are at least so far apart, unless somebody waits. */
export const ACK_WINDOW_MS = 5;

/** See the module's comment. Send `stop` when the connection ends. */
export class Acknowledger {
  readonly #send: (offset: number) => void;
  readonly #interval: NodeJS.Timeout;
  #window: NodeJS.Timeout | undefined;
  #offset: number;
  #sentOffset: number;
  #sentMs: number;
  #awaitedOffset = Infinity;

  /** Sends `offset` at once. */
  constructor(send: (offset: number) => void, offset: number, intervalMs: number) {
    this.#send = send;
    this.#offset = offset;
    this.#sentOffset = offset;
    this.#sentMs = performance.now();
    send(offset);
    this.#interval = setInterval(() => this.#sendNow(), intervalMs);
  }

  /** What was acknowledged last, or will be within the window. */
  get offset(): number {
    return this.#offset;
  }

  /** Everything up to `offset` is durable. A lower offset than before is ignored. */
  advance(offset: number): void {
    if (offset <= this.#offset) return;
    this.#offset = offset;
    if (offset >= this.#awaitedOffset || performance.now() - this.#sentMs >= ACK_WINDOW_MS) this.#sendNow();
    else this.#window ??= setTimeout(() => this.#sendNow(), ACK_WINDOW_MS);
  }

  /** Somebody waits for this offset: reaching it ends the window. */
  expect(offset: number): void {
    this.#awaitedOffset = Math.min(this.#awaitedOffset, offset);
  }

  /** Sends the last one again, now. */
  repeat(): void {
    this.#sendNow();
  }

  /** Sends what waits for the window's end, and nothing more afterwards. */
  stop(): void {
    if (this.#offset > this.#sentOffset) this.#sendNow();
    clearInterval(this.#interval);
    clearTimeout(this.#window);
  }

  #sendNow(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    if (this.#offset >= this.#awaitedOffset) this.#awaitedOffset = Infinity;
    this.#sentOffset = this.#offset;
    this.#sentMs = performance.now();
    this.#send(this.#offset);
  }
}
