/**
 * Keeps transactions of peers whole where one of their writes goes over a value that must be kept, hidden behind it, and that only
 * the server holds. That value is read first, and until then the cell cannot be written: so nothing is issued meanwhile.
 *
 * Limit: `READS_MS_MAX`; then the transaction is applied in parts, and counted as divided.
 */
import type { Frame } from "@meridian/wire";
import type { RegionCounters } from "../counters.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { wouldLoseValue } from "./plan.js";
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

  /** True while the frames must not be issued. */
  await(frames: readonly TakenFrame[], nowMs: number): boolean {
    let waits = false;
    for (const { frame, slots } of frames) {
      if (frame.single) continue;
      for (const slot of slots) {
        if (!wouldLoseValue(slot)) continue;
        waits = true;
        this.#requestRead(slot.entry);
      }
    }
    // A clock that was set back begins anew.
    const sinceMs = Math.min(this.#sinceMs ?? nowMs, nowMs);
    const isOver = nowMs - sinceMs >= READS_MS_MAX;
    this.#sinceMs = waits && !isOver ? sinceMs : undefined;
    if (waits && isOver) this.#counters.divided += 1;
    return waits && !isOver;
  }
}
