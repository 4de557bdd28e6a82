/**
 * Why a region stands still, in words for the operator.
 *
 * A store can be older than what its agent has done: the machine lost power before the disk had everything, or an old copy was
 * restored. Versions that were given would be given again, and what was merged be taken for new: such a region stands still, too.
 */
import type { ReadonlyVector, WriterId } from "@meridian/words";
import type { Halt, StreamPlace } from "./effects.js";

/** What an operator may do about a store that is older than what its agent has done. */
export const STORE_BEHIND_ADVICE =
  "the machine lost power, or an old copy of the store was restored: bring the newest copy; if there is none, give this region a new name and rebuild it from a peer (store.fsync: commit keeps a store from falling behind)";

/** A mark names more than was ever received; undefined: it does not. */
export function behindMark(vector: ReadonlyVector, received: ReadonlyVector, own: WriterId): Halt | undefined {
  for (const [writer, hlc] of vector.entries()) {
    if (writer === own || hlc <= received.get(writer)) continue;
    const reason = `the server holds what ${writer} wrote up to version ${hlc}, applied by this region's agent, but the store has it up to ${received.get(writer)} only`;
    return { code: "STORE_BEHIND", reason, advice: STORE_BEHIND_ADVICE };
  }
  return undefined;
}

/** The server cannot tell what came behind `place`. */
export function lineageBroken({ offset, replicationId }: StreamPlace): Halt {
  const reason = `the server no longer has its history after offset ${offset} of ${replicationId}`;
  const advice = "what was written meanwhile cannot be told from what was lost: keep clients away and rebuild this region from a peer";
  return { code: "LINEAGE_BROKEN", reason, advice };
}

/** A client emptied a database, or exchanged two. */
export function quarantined(command: string): Halt {
  const advice = "it was not replicated; decide whether this region is to be rebuilt from a peer or the others are to be emptied too";
  return { code: "QUARANTINED", reason: `a client ran ${command.toUpperCase()}`, advice };
}
