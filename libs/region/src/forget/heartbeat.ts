/**
 * When this region tells the others how far it is, and what it says (horizon.ts has what that means).
 *
 * A heartbeat has no version and changes no frontier, so that none is an answer to another: after the last write each
 * region says once that it has it, and then only from time to time that it lives. The server's clock is read by a script
 * whose result stands in the stream: every command behind it was executed later.
 */
import type { AbsenceSaid, PolicySaid } from "@meridian/wire";
import type { ReadonlyVector, VersionVector } from "@meridian/words";

/** How often heartbeats come, in ms. */
export interface HeartbeatPace {
  /** While there is something new to say, or something waits to be forgotten. */
  readonly everyMs: number;
  /** Otherwise. */
  readonly idleMs: number;
}

/** Every few seconds costs nothing, and what waits to be forgotten waits little longer than the slowest region. */
export const HEARTBEAT_PACE: HeartbeatPace = { everyMs: 5_000, idleMs: 30_000 };

/** How soon news are told: what they are about waits for several regions, one after the other. */
const NEWS_MS = 250;

/** Beats for which a region whose cells are never all settled at once says at least what time it is. */
const UNSETTLED_BEATS_MAX = 2;

/** What a region is asked when a heartbeat may be due. */
export interface HeartbeatSubject {
  /** What is merged here, its own writes included. Asked only when there has been time enough since the last one. */
  readonly merged: () => VersionVector;
  /** Something here waits for the other regions. */
  readonly waits: boolean;
  /** There is something that the others should hear soon. */
  readonly hasNews: boolean;
  /** The server holds what everything merged says, as far as nothing waits to be read. */
  readonly isSettled: () => boolean;
  /** Nothing waits to be read: what is published from here on, clients did behind what was captured so far. */
  readonly isRead: () => boolean;
}

/** What a heartbeat says. */
export interface Heartbeat {
  readonly known: ReadonlyVector;
  readonly settledMs: number;
  /** What is said of regions that stay away. */
  readonly absence?: AbsenceSaid | undefined;
  /** What is said of changes of the policies. */
  readonly policy?: PolicySaid | undefined;
}

/** See the module's comment. */
export class HeartbeatClock {
  readonly #pace: HeartbeatPace;
  #known: ReadonlyVector;
  #lastMs: number | undefined;
  #probe: "none" | "wanted" | "sent" = "none";
  #serverMs: number | undefined;
  #settledMs = 0;

  /** `known`: what an earlier life has said. */
  constructor(pace: HeartbeatPace, known: ReadonlyVector) {
    this.#pace = pace;
    this.#known = known;
  }

  /** What was said last of what is merged here. */
  get known(): ReadonlyVector {
    return this.#known;
  }

  /** True once for each reading of the server's clock that is to be issued. */
  takeProbe(): boolean {
    if (this.#probe !== "wanted") return false;
    this.#probe = "sent";
    return true;
  }

  /** The server's clock was read at a position of the stream that was captured. */
  onServerTime(serverMs: number): void {
    if (this.#probe === "none") return;
    this.#probe = "none";
    this.#serverMs = serverMs;
  }

  /** The heartbeat to publish behind everything that was captured so far, if one is due. */
  next(subject: HeartbeatSubject, nowMs: number): Heartbeat | undefined {
    // A clock that was set back must not silence the region.
    if (this.#lastMs === undefined || this.#lastMs > nowMs) this.#lastMs = nowMs;
    const sinceMs = nowMs - this.#lastMs;
    const everyMs = subject.hasNews ? Math.min(NEWS_MS, this.#pace.everyMs) : this.#pace.everyMs;
    if (sinceMs < everyMs) return undefined;
    if (this.#serverMs === undefined) {
      const isDue = subject.waits || subject.hasNews || sinceMs >= this.#pace.idleMs || !this.#known.includes(subject.merged());
      if (this.#probe === "none" && isDue) this.#probe = "wanted";
      return undefined;
    }
    const isRead = subject.isRead();
    if (isRead && subject.isSettled()) {
      this.#known = subject.merged();
    } else if (!subject.hasNews && sinceMs < this.#pace.everyMs * UNSETTLED_BEATS_MAX) {
      return undefined;
    }
    // What is still to be read was done before that, perhaps to what dies in between.
    if (isRead) this.#settledMs = this.#serverMs;
    this.#serverMs = undefined;
    this.#lastMs = nowMs;
    return { known: this.#known, settledMs: this.#settledMs };
  }
}
