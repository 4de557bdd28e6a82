/**
 * Keeps transactions whole at the peers.
 *
 * A cell is in one batch at a time, and in none while its key is being read: what arrives for it meanwhile comes with a
 * later batch than the rest of its frame. For single writes that is as good; of a transaction, clients would see a part. A
 * frame with transactions therefore waits until that is over, and with it what follows of its writer.
 *
 * Limit: a key that clients keep changing in ways that have to be read could hold a writer up for ever. After `READS_MS_MAX`
 * the frame is taken all the same, and counted as divided.
 */
import type { Frame } from "@meridian/wire";
import { MutationKind, type Mutation } from "@meridian/words";
import type { RegionCounters } from "../counters.js";
import { isMemberKind, type CellSlot } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { kindOf } from "./received-changes.js";

/** How long a transaction waits for keys to be read, in ms. */
export const READS_MS_MAX = 2000;

/** See the module's comment. */
export class TransactionGate {
  readonly #keys: KeySpace;
  readonly #counters: Pick<RegionCounters, "divided">;
  /** Since when a frame waits for reads, by the clock that is told. One for each writer at most. */
  readonly #since = new Map<string, { readonly frame: Frame; readonly ms: number }>();

  constructor(keys: KeySpace, counters: Pick<RegionCounters, "divided">) {
    this.#keys = keys;
    this.#counters = counters;
  }

  /** False while taking the frames of a unit could divide one of its transactions. */
  lets(frames: readonly Frame[], nowMs: number): boolean {
    const [frame] = frames;
    if (!frame || (frames.length === 1 && (frame.single || !hasTransaction(frame)))) return true;
    let meetsInFlight = false;
    let meetsReading = false;
    for (const one of frames) {
      one.forEach((mutation) => {
        if (mutation.kind === MutationKind.Message) return;
        meetsInFlight ||= isInFlight(mutation, this.#keys);
        meetsReading ||= this.#keys.entry(mutation.db, mutation.key).reading !== 0;
      });
    }
    if (meetsInFlight) return false;
    if (meetsReading && !this.#hasWaited(frame, nowMs)) return false;
    this.#since.delete(frame.writer);
    return true;
  }

  #hasWaited(frame: Frame, nowMs: number): boolean {
    const waiting = this.#since.get(frame.writer);
    if (waiting?.frame !== frame) {
      this.#since.set(frame.writer, { frame, ms: nowMs });
      return false;
    }
    if (nowMs - waiting.ms < READS_MS_MAX) return false;
    this.#counters.divided += 1;
    return true;
  }
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
  const issued = (slot: CellSlot | undefined): boolean => slot?.issued !== undefined;
  // Beside other types every cell of the key counts: it may have to change its type.
  const isAlone = !m.creates && (kind === undefined || !entry.mayClashWith(kind));
  if (isAlone && kind !== undefined && isMemberKind(kind)) return issued(entry.members.get(kind + m.field));
  if (isAlone && m.kind === MutationKind.IncrementString && !issued(entry.string)) return issued(entry.expiry);
  for (const slot of entry.loadedSlots()) if (issued(slot)) return true;
  return false;
}
