/**
 * Faults that few runs have, drawn apart from everything else, so that no other choice of a seed depends on them:
 *
 *     flushall   a client of the last region runs FLUSHALL, alone or within a transaction: that region stops
 *     usurper    another agent, with a store of its own, takes a server over: the older one must stop, and comes back later
 *     loss       a reader of a peer's log does not get a record that stands there
 *     lulls      clients pause for seconds, so that regions catch up, say so, and forget what nothing needs any more
 *     batch      several records are under way to the log when an agent dies, and arrive beside what its heir sends again
 *     eviction   servers drop keys to make room, which no client has deleted
 */
import { Random } from "../random.js";

/** The names of rare faults. */
export const RARE_FAULTS = ["flushall", "usurper", "loss", "batch", "lulls", "eviction"] as const;
export type RareFault = (typeof RARE_FAULTS)[number];

const SALT = 32_452_843;
/** Apart from the others, and so that no seed that ever found a mistake gets it. */
const EVICTION_SALT = 67_867_975;
const SHARE: Readonly<Record<RareFault, number>> = { flushall: 0.03, usurper: 0.04, loss: 0.04, batch: 0.3, lulls: 0.1, eviction: 0.06 };
/** Records that the client of a log may have under way at once. */
export const BATCH_RECORDS = 3;

/** The rare faults of a seed. */
export function drawRareFaults(seed: number): readonly RareFault[] {
  const random = new Random(seed + SALT);
  const others = RARE_FAULTS.filter((fault) => fault !== "eviction" && random.chance(SHARE[fault]));
  return new Random(seed + EVICTION_SALT).chance(SHARE.eviction) ? [...others, "eviction"] : others;
}
