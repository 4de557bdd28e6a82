/**
 * What is known of how far the peers are, from their heartbeats: the one place that decides what every region is past.
 *
 * A heartbeat of a writer says, at its place in the writer's log: everything up to `known` is merged in its region and held
 * by its server; what stands behind in this log was executed when that server's clock was past `settledMs`. It counts only
 * once everything before it in that log was received, so it cannot overtake a write. A peer that was never heard, or that is
 * away, stands still here, and everything waits for it: its absence is never left out of the minimum, unless all others have
 * agreed to go on without it and to refuse what it may still write.
 */
import { VersionVector, type ReadonlyVector, type WriterId } from "@meridian/words";
import { EXPIRY_SKEW_MS } from "../apply/server-deadlines.js";

/** How far a region says that it is. */
export interface Claim {
  readonly known: VersionVector;
  /** Its server's clock, in ms since 1970. */
  readonly settledMs: number;
}

/** See the module's comment. */
export class Horizon {
  readonly #peers: readonly WriterId[];
  readonly #claims: Map<WriterId, Claim>;
  readonly #isOut: (writer: WriterId) => boolean;

  /** `isOut`: the region is fenced, and nothing of it is still to come (absence.ts). */
  constructor(peers: readonly WriterId[], claims: ReadonlyMap<WriterId, Claim>, isOut: (writer: WriterId) => boolean = () => false) {
    this.#peers = peers;
    this.#isOut = isOut;
    this.#claims = new Map([...claims].filter(([writer]) => peers.includes(writer)));
  }

  get claims(): ReadonlyMap<WriterId, Claim> {
    return this.#claims;
  }

  /** A heartbeat came in its writer's order. Older ones may come again: a claim never falls back. Returns whether it rose. */
  hear(writer: WriterId, known: ReadonlyVector, settledMs: number): boolean {
    const before = this.#claims.get(writer);
    const joined = before?.known ?? new VersionVector();
    const rose = joined.join(known);
    if (before && !rose && settledMs <= before.settledMs) return false;
    this.#claims.set(writer, { known: joined, settledMs: Math.max(settledMs, before?.settledMs ?? 0) });
    return true;
  }

  /** True where every region has merged, and its server holds, everything up to `vector`. */
  isKnownEverywhere(vector: ReadonlyVector): boolean {
    return this.#peers.every((writer) => this.#isOut(writer) || this.#claims.get(writer)?.known.includes(vector) === true);
  }

  /** True where no client of any region can any more have found alive what dies at `deadlineMs`. */
  isPastEverywhere(deadlineMs: number): boolean {
    const isPast = (writer: WriterId): boolean => (this.#claims.get(writer)?.settledMs ?? 0) > deadlineMs + EXPIRY_SKEW_MS;
    return this.#peers.every((writer) => this.#isOut(writer) || isPast(writer));
  }
}
