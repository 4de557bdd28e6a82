/**
 * Keeps transactions whole at the peers.
 *
 * A cell is in one batch at a time, so what arrives for a cell in flight comes with a later batch than the rest of its
 * frame. For single writes that is as good; of a transaction, clients would see a part. A frame with transactions
 * therefore waits until none of its cells is in flight, and with it what follows of its writer.
 */
import type { Frame } from "@meridian/wire";
import { MutationKind, type Mutation } from "@meridian/words";
import type { Applier } from "./applier.js";
import type { KeySpace } from "./key-space.js";
import { kindOf } from "./received-changes.js";

/** False while taking the frame could divide one of its transactions. */
export function isUndivided(frame: Frame, keys: KeySpace, { batchesInFlight }: Pick<Applier, "batchesInFlight">): boolean {
  if (frame.single || batchesInFlight === 0 || !hasTransaction(frame)) return true;
  let meetsInFlight = false;
  frame.forEach((mutation) => {
    meetsInFlight ||= isInFlight(mutation, keys);
  });
  return !meetsInFlight;
}

/** Of a writer that does not say so of its frames. */
function hasTransaction(frame: Frame): boolean {
  let found = false;
  frame.forEach((mutation) => {
    found ||= mutation.continues;
  });
  return found;
}

function isInFlight(m: Mutation, keys: KeySpace): boolean {
  const entry = keys.entry(m.db, m.key);
  const kind = kindOf(m.kind);
  if (!m.creates && (kind === "h" || kind === "e" || kind === "z")) return entry.members.get(kind + m.field)?.issued !== undefined;
  if (!m.creates && m.kind === MutationKind.IncrementString && entry.string?.issued === undefined) return false;
  for (const slot of entry.loadedSlots()) if (slot.issued) return true;
  return false;
}
