/** A read found a key as another type than was known of it. */
import type { LocalWrites } from "../capture/local-writes.js";
import { isDue } from "../apply/server-deadlines.js";
import type { KeyEntry } from "../keys/key-entry.js";

/**
 * Takes away what was known: where a deadline may be past the server has dropped it, and every region does so by itself; else a client
 * has removed it. `isRenewed`: see {@link LocalWrites.removeKey}.
 */
export function dropKnown(entry: KeyEntry, writes: LocalWrites, nowMs: number, isRenewed = false): void {
  if (isDue(entry, nowMs)) writes.expire(entry, nowMs);
  else writes.removeKey(entry, isRenewed);
}
