/**
 * The hybrid logical clock (Kulkarni, Demirbas et al. 2014) over readings packed in one number.
 *
 * Promises: every reading is greater than everything that was returned or observed before, in this life and, through
 * the persisted bound, in earlier ones; a reading stays as near to physical time as the clocks of the mesh allow.
 * Refuses a remote reading that is too far ahead (`CLOCK_DRIFT`) and physical time after 2089 (`CLOCK_EXHAUSTED`).
 * Physical time is an argument: the caller reads it once per batch.
 *
 * A local or send event of the paper is `tick`; a receive event is `observe`, then `tick`. The paper's `(l, c)` is the
 * milliseconds and the counter of {@link HybridClock.last}.
 *
 * The bound: the owner asks {@link HybridClock.boundToPersist} at the start of each batch and once more before it
 * commits the batch, and puts the answer, if any, into the batch's own transaction. Nothing of a batch is published
 * before its transaction. A tick that would pass the bound raises it, and the second question tells.
 */
import { COUNTER_LIMIT, HLC_EPOCH_MS, HLC_LAST_MS, HLC_ZERO, hlcMs, MeridianError, type Hlc } from "@meridian/words";

/** Default of `boundIntervalMs`. */
export const BOUND_INTERVAL_MS = 1000;

/** Intervals by which a new bound lies ahead. */
const BOUND_INTERVALS = 3;

/** The last reading that a number holds exactly. */
const READING_MAX = Number.MAX_SAFE_INTEGER;

/** Settings of a {@link HybridClock}. */
export interface HybridClockOptions {
  /** How far ahead of local physical time a remote reading may be, in milliseconds. */
  readonly maxDriftMs: number;
  /** The bound is raised when less than one interval is left, to three intervals ahead. Milliseconds. */
  readonly boundIntervalMs?: number;
  /** The bound that an earlier life persisted. */
  readonly start?: { readonly bound: Hlc };
}

/** A clock of one writer. A tick costs a few nanoseconds and allocates nothing. */
export class HybridClock {
  readonly #maxDriftMs: number;
  readonly #interval: number;
  #last: number;
  #bound: number;
  /** True where the bound has moved since the owner was last told. */
  #untold = false;

  constructor(options: HybridClockOptions) {
    const intervalMs = options.boundIntervalMs ?? BOUND_INTERVAL_MS;
    assertOption("maxDriftMs", options.maxDriftMs, 0);
    assertOption("boundIntervalMs", intervalMs, 1);
    this.#maxDriftMs = options.maxDriftMs;
    this.#interval = intervalMs * COUNTER_LIMIT;
    this.#bound = options.start?.bound ?? HLC_ZERO;
    this.#last = Math.max(this.#bound - 1, HLC_ZERO);
  }

  /** The highest reading that was returned or observed; after a restart, just below the persisted bound. */
  get last(): Hlc {
    return this.#last as Hlc;
  }

  /** Every reading ever returned is below. */
  get bound(): Hlc {
    return this.#bound as Hlc;
  }

  /**
   * The next reading: physical time, or one more than the last where physical time is not ahead of it. `nowMs` is
   * integer milliseconds since 1970; before 2020 it counts as a clock that stands behind. Throws `CLOCK_EXHAUSTED`.
   */
  tick(nowMs: number): Hlc {
    // Written so that NaN is refused too.
    if (!(nowMs <= HLC_LAST_MS)) throw exhausted(nowMs);
    const physical = (nowMs - HLC_EPOCH_MS) * COUNTER_LIMIT;
    const next = physical > this.#last ? physical : this.#last + 1;
    if (next >= this.#bound) this.#raiseBound(next);
    this.#last = next;
    return next as Hlc;
  }

  /** Merges a remote reading: later ticks are greater. Throws `CLOCK_DRIFT` and changes nothing where it {@link isAhead}. */
  observe(remote: Hlc, nowMs: number): void {
    if (this.isAhead(remote, nowMs)) throw this.#drift(remote, nowMs);
    if (remote > this.#last) this.#last = remote;
  }

  /** Whether {@link observe} would refuse: the reading is more than `maxDriftMs` ahead of `nowMs`. */
  isAhead(remote: Hlc, nowMs: number): boolean {
    return hlcMs(remote) > nowMs + this.#maxDriftMs;
  }

  /** The bound to put into the next transaction, or undefined where the persisted one is still far enough. */
  boundToPersist(nowMs: number): Hlc | undefined {
    if (!(nowMs <= HLC_LAST_MS)) throw exhausted(nowMs);
    const top = Math.max(this.#last, (nowMs - HLC_EPOCH_MS) * COUNTER_LIMIT);
    if (!this.#untold && top + this.#interval < this.#bound) return undefined;
    if (top + this.#interval >= this.#bound) this.#raiseBound(top);
    this.#untold = false;
    return this.bound;
  }

  /** By how many milliseconds the readings run ahead of physical time (the paper's `l - pt`); 0 where they do not. */
  aheadMs(nowMs: number): number {
    return this.#last === HLC_ZERO ? 0 : Math.max(0, hlcMs(this.last) - nowMs);
  }

  #raiseBound(above: number): void {
    if (above >= READING_MAX) throw exhausted(HLC_LAST_MS);
    this.#bound = Math.min(above + BOUND_INTERVALS * this.#interval, READING_MAX);
    this.#untold = true;
  }

  #drift(remote: Hlc, nowMs: number): MeridianError {
    const aheadMs = hlcMs(remote) - nowMs;
    return new MeridianError(
      "CLOCK_DRIFT",
      `a remote version is ${aheadMs} ms ahead of the local clock; ${this.#maxDriftMs} ms are allowed`,
      {
        advice: "check time synchronization (NTP) of both regions; what waits is applied when the local clock has caught up",
        retryable: true,
      },
    );
  }
}

function exhausted(nowMs: number): MeridianError {
  return new MeridianError("CLOCK_EXHAUSTED", `physical time ${nowMs} ms is outside of what versions can hold`, {
    advice: "correct the machine's clock; versions reach from 2020 to 2089",
  });
}

function assertOption(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new MeridianError("BAD_OPTION", `${name} is ${value}; it must be at least ${least} ms`, {
    advice: `correct clock.${name}`,
  });
}
