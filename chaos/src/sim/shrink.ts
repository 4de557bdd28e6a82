/**
 * Makes a failing run shorter: leaves out ever smaller parts of its events as long as it still fails (delta debugging,
 * Zeller and Hildebrandt 2002). It may end with another failure than it began with; a short one is worth more.
 */
import type { SimEvent } from "./event.js";
import { replay, type RunResult } from "./run.js";

/** Replays spent on one failure. */
const REPLAYS_MAX = 3000;

/** The shortest failing run that was found. */
export function shrink(failed: RunResult): RunResult {
  let best = failed;
  let replays = 0;
  const fails = (events: readonly SimEvent[]): boolean => {
    replays += 1;
    const result = replay(failed.settings, events);
    if (result.problems.length === 0) return false;
    best = result;
    return true;
  };
  for (let size = Math.ceil(best.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let changed = true; changed && replays < REPLAYS_MAX; ) {
      changed = false;
      for (let at = best.events.length - size; at > -size && replays < REPLAYS_MAX; at -= size) {
        const from = Math.max(0, at);
        if (fails([...best.events.slice(0, from), ...best.events.slice(at + size)])) changed = true;
      }
    }
  }
  return best;
}
