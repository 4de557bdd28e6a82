/**
 * Keys that the server dropped to make room: no client has deleted them, so nothing is published, and their cells stay.
 *
 * While a key is *evicted* the server holds nothing of it and nothing of it is under way. It comes back with the first write of
 * any region to it: all of its cells are then about to be written, as those of a key whose deadline was prolonged too late. Values
 * that stand in no print the agent does not have: these stay away until somebody writes them, and are counted (`valuesMissing`).
 */
import type { RegionCounters } from "../counters.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { isExpired, revive } from "./server-deadlines.js";
import { restsHidden } from "./type-clash.js";

/** What an eviction changes. */
export interface EvictionContext {
  readonly keys: KeySpace;
  readonly counters: RegionCounters;
  /** The key was dead by its deadline when it was dropped. */
  readonly expire: (entry: KeyEntry) => void;
  /** A cell is to be written to the server. */
  readonly retry: (slot: CellSlot) => void;
}

/** The server evicted a key. One of which something is under way comes back at once: nobody could tell what of it arrives. */
export function evict(entry: KeyEntry, { keys, counters, expire, retry }: EvictionContext, nowMs: number): void {
  if (entry.expired || entry.evicted) return;
  // What a client did to it and nobody had read is gone; nothing is said of it, for others may still hold what was there before.
  if (entry.blind && !entry.doubted) counters.evictions.unread += 1;
  if (isExpired(entry, nowMs)) {
    if (!entry.blind) expire(entry);
    return;
  }
  const isMoving = entry.blind || entry.reading !== 0 || [...entry.loadedSlots()].some(isUnderWay);
  entry.blind = false;
  keys.touchEntry(entry);
  if (isMoving) {
    for (const slot of entry.loadedSlots()) drop(slot, keys);
    revive(entry, keys, retry);
    return;
  }
  entry.evicted = entry.isPresent;
  for (const slot of entry.loadedSlots()) {
    slot.refused = false;
    drop(slot, keys);
  }
}

/** The key is written to, here or elsewhere: the server lacks everything of it, and is to get it back. */
export function bringBack(entry: KeyEntry, keys: KeySpace, retry: (slot: CellSlot) => void): void {
  entry.evicted = false;
  revive(entry, keys, retry);
}

function drop(slot: CellSlot, keys: KeySpace): void {
  slot.shown = undefined;
  // No client has written it: where the script finds nothing in its way, the server holds what was issued.
  if (slot.list && slot.issued) slot.raced = true;
  else if (slot.issued) slot.issued = { ...slot.issued, dropped: true };
  keys.touch(slot);
}

function isUnderWay(slot: CellSlot): boolean {
  const { issued, pending, excepted, deferred, unsure, shown, refused } = slot;
  if (issued !== undefined || pending.length > 0 || excepted || deferred !== 0 || unsure) return true;
  return shown !== undefined && !refused && !restsHidden(slot);
}
