/**
 * Makes a failing run shorter: leaves out ever smaller parts of its events as long as it still fails (delta debugging,
 * Zeller and Hildebrandt 2002) in the same way.
 */
import type { SimEvent } from "./mesh/event.js";
import { replay, type RunResult } from "./run.js";

/** Replays spent on one failure. */
const REPLAYS_MAX = 3000;

/** Characters of a problem that tell its kind. */
const CLASS_CHARACTERS = 24;

/** The shortest failing run that was found. */
export function shrink(failed: RunResult): RunResult {
  let best = failed;
  let replays = 0;
  const wanted = classOf(failed);
  const fails = (events: readonly SimEvent[]): boolean => {
    if (!isWellBegun(events, failed)) return false;
    replays += 1;
    const result = replay(failed.settings, events);
    if (classOf(result) !== wanted) return false;
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

/** What kind of failure a run showed: the checker of its first problem and how that begins, without numbers. */
function classOf({ problems }: RunResult): string | undefined {
  const [first] = problems;
  return first && `${first.checker} ${first.text.replaceAll(/\d+/g, "").slice(0, CLASS_CHARACTERS)}`;
}

/** Regions other than the first begin empty: no client comes before every agent has attached, but to region 0. */
function isWellBegun(events: readonly SimEvent[], { settings }: RunResult): boolean {
  const started = new Set<number>();
  const fenced = new Set<number>();
  for (const event of events) {
    if (fenced.size === settings.regions) return true;
    if (event.kind === "start") started.add(event.at);
    else if (event.kind === "fence" && started.has(event.at)) fenced.add(event.at);
    else if (event.kind === "client" && event.at > 0) return false;
  }
  return true;
}
