/**
 * How long the log waits before it tries again: doubling from the first to the longest pause, with jitter so that many
 * agents do not return to a recovering server at the same moment.
 */

/** The first pause. */
export const RETRY_MS_MIN = 50;
/** The longest pause. */
export const RETRY_MS_MAX = 5_000;

/** Waits `ms` milliseconds, or until `signal` aborts: {@link pause}, or a simulator's own. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** Counts failures in a row. */
export class Patience {
  readonly #random: () => number;
  readonly #wait: Wait;
  #failures = 0;

  constructor(random: () => number, wait: Wait) {
    this.#random = random;
    this.#wait = wait;
  }

  /** After a success. */
  reset(): void {
    this.#failures = 0;
  }

  /** Waits after one more failure; returns early when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    const pauseMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    await this.#wait(pauseMs * (0.5 + this.#random() / 2), signal);
  }
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** `work`, or undefined as soon as `signal` aborts. The abandoned work's rejection is swallowed. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.resolve(undefined);
  }
  return new Promise((resolve, reject) => {
    const abandon = (): void => resolve(undefined);
    signal.addEventListener("abort", abandon, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}

/** `work`, or a rejection with `late()` when it takes longer than `ms`. */
export function withDeadline<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
