/**
 * Lets the demonstration's clients write as fast as the mesh follows, whatever the machine: each region writes the time to
 * a key of its own, and while another region shows a time that is too old, clients wait.
 *
 * Promises never to hold clients up for longer than until `signal` fires, and to say for how long it did.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";

/** How far a region may be behind before clients wait. */
export const BEHIND_MS_MAX = 500;
const INTERVAL_MS = 50;

/** One region's server. */
export interface PacedRegion {
  readonly region: string;
  readonly client: Redis;
}

/** See the module's comment. */
export class Pace {
  readonly #regions: readonly PacedRegion[];
  readonly #sinceMs = Date.now();
  #gate: PromiseWithGate | undefined;
  #waitedMs = 0;
  /** Writes of its own that were acknowledged. */
  acknowledged = 0;

  constructor(regions: readonly PacedRegion[]) {
    this.#regions = regions;
  }

  /** For how long clients had to wait so far. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Resolves when every region follows: at once where they do. */
  turn(): Promise<void> | undefined {
    return this.#gate?.promise;
  }

  /** Looks until `signal` fires. Where a server does not answer, nobody waits: the mesh tells of it. */
  async watch(signal: AbortSignal): Promise<void> {
    for (let lookedMs = performance.now(); !signal.aborted; ) {
      const behindMs = await this.#behindMs().catch(() => 0);
      const nowMs = performance.now();
      if (this.#gate) this.#waitedMs += nowMs - lookedMs;
      lookedMs = nowMs;
      if (behindMs > BEHIND_MS_MAX) this.#gate ??= gate();
      else this.#open();
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
    this.#open();
  }

  #open(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** How far the slowest region is behind another. */
  async #behindMs(): Promise<number> {
    const names = this.#regions.map(({ region }) => `demo:pulse:${region}`);
    const nowMs = Date.now();
    await Promise.all(this.#regions.map(({ client }, at) => client.set(names[at]!, nowMs)));
    this.acknowledged += names.length;
    const seen = await Promise.all(this.#regions.map(({ client }) => client.mget(names)));
    const oldestMs = Math.min(...seen.flat().map((text) => Number(text ?? this.#sinceMs)));
    return nowMs - oldestMs;
  }
}

interface PromiseWithGate {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

function gate(): PromiseWithGate {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}
