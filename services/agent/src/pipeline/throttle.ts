/**
 * Holds the server's stream back while the store cannot take more: because it is full of what the log has not taken, or has fallen
 * behind its disk. Local writes are never refused for that: they wait in the store, and then in the server.
 *
 * Promises that the stream goes on by itself. Refuses nothing.
 */
import type { Store } from "@meridian/store";

/** {@link Store.pressure} above which the store has fallen behind its disk. */
const PRESSURE_MAX = 2;
/** And at which the stream goes on. */
const PRESSURE_RESUME = 1;

/** What is held back, by what. */
export interface ThrottleDeps {
  readonly store: Pick<Store, "pressure" | "sizeBytes" | "flush">;
  readonly storeBytesMax: number;
  /** Records that the log has not taken yet. */
  readonly pendingRecords: () => number;
  /** Undefined while the server is not followed. */
  readonly tail: () => { pause(): void; resume(): void } | undefined;
}

/** See the module's comment. */
export class Throttle {
  readonly #deps: ThrottleDeps;
  #isPaused = false;

  constructor(deps: ThrottleDeps) {
    this.#deps = deps;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Why the stream stands; undefined where it does not. */
  get reason(): "store" | "disk" | undefined {
    if (!this.#isPaused) return undefined;
    return this.#isStoreFull() ? "store" : "disk";
  }

  /** To be called whenever something was committed or taken by the log. */
  look(): void {
    const { store, tail } = this.#deps;
    const pressure = store.pressure ?? 0;
    const isFull = this.#isStoreFull();
    if (!this.#isPaused && (isFull || pressure > PRESSURE_MAX)) {
      this.#isPaused = true;
      tail()?.pause();
    } else if (this.#isPaused && !isFull && pressure < PRESSURE_RESUME) {
      this.#isPaused = false;
      tail()?.resume();
    } else if (this.#isPaused && pressure >= PRESSURE_RESUME) {
      // No commits come while the stream stands, and commits are what makes the store move on.
      store.flush?.();
    }
  }

  /** What is stored and waits for nothing (cells, positions) is no reason to stand still: only the log's taking records helps. */
  #isStoreFull(): boolean {
    return this.#deps.pendingRecords() > 0 && this.#deps.store.sizeBytes() >= this.#deps.storeBytesMax;
  }
}
