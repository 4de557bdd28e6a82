/**
 * Keeps transactions of peers whole where a key of theirs must be read before it can be written: because a write goes over a value
 * that must be kept, hidden behind it, and that only the server holds. It may be another frame's write, or one that was left out
 * before: a key that is being read gets nothing. So nothing is issued until it was read, nor while another of their keys is that came
 * to be read meanwhile.
 *
 * Limit: `READS_MS_MAX`; then the transaction is applied in parts, and counted as divided.
 */
import type { Frame } from "@meridian/wire";
import type { RegionCounters } from "../counters.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { obstacleOf, wouldLoseValue } from "./plan.js";
import { restsHidden } from "./type-clash.js";
import { READS_MS_MAX } from "../receive/undivided.js";

/** A frame that is about to be issued. */
interface TakenFrame {
  readonly slots: readonly CellSlot[];
  readonly frame: Pick<Frame, "single">;
}

/** See the module's comment. */
export class KeptValues {
  readonly #counters: Pick<RegionCounters, "divided">;
  readonly #requestRead: (entry: KeyEntry) => void;
  #sinceMs: number | undefined;

  constructor(counters: Pick<RegionCounters, "divided">, requestRead: (entry: KeyEntry) => void) {
    this.#counters = counters;
    this.#requestRead = requestRead;
  }

  /** True while the frames must not be issued. `retries`: cells that would be issued with them. */
  await(frames: readonly TakenFrame[], retries: Iterable<CellSlot>, nowMs: number): boolean {
    const waits = this.#requestReads(frames, retries);
    // A clock that was set back begins anew.
    const sinceMs = Math.min(this.#sinceMs ?? nowMs, nowMs);
    const isOver = nowMs - sinceMs >= READS_MS_MAX;
    this.#sinceMs = waits && !isOver ? sinceMs : undefined;
    if (waits && isOver) this.#counters.divided += 1;
    return waits && !isOver;
  }

  #requestReads(frames: readonly TakenFrame[], retries: Iterable<CellSlot>): boolean {
    const undivided = keysOfTransactions(frames);
    if (!undivided) return false;
    const hasBegun = this.#sinceMs !== undefined;
    let waits = false;
    const look = (slot: CellSlot): void => {
      if (!undivided.has(slot.entry) || !mustBeRead(slot, hasBegun)) return;
      waits = true;
      this.#requestRead(slot.entry);
    };
    for (const { slots } of frames) slots.forEach(look);
    for (const slot of retries) if (undivided.has(slot.entry) && slot.needsAttention && !restsHidden(slot)) look(slot);
    return waits;
  }
}

/** Undefined: there is no transaction. */
function keysOfTransactions(frames: readonly TakenFrame[]): ReadonlySet<KeyEntry> | undefined {
  let keys: Set<KeyEntry> | undefined;
  for (const { frame, slots } of frames) if (!frame.single) for (const { entry } of slots) (keys ??= new Set()).add(entry);
  return keys;
}

/** `hasBegun`: its transaction waits already. What is being read when that is taken was waited for before. */
function mustBeRead(slot: CellSlot, hasBegun: boolean): boolean {
  const obstacle = obstacleOf(slot);
  if (obstacle === "to be read") return hasBegun || wouldLoseValue(slot);
  return obstacle === undefined && wouldLoseValue(slot);
}
