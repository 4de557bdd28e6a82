/** Makes a life's region from what the store holds and what the settings say. */
import { Region } from "@meridian/region";
import { toldOf } from "./event-feed.js";
import type { LifeDeps } from "./life-deps.js";

/** The region of one life. Throws what `Region` throws where the store cannot be read. */
export function regionOf({ writer, peers, store, settings, counters, onVisible }: LifeDeps): Region {
  const { maxDriftMs, cachedSlotsMax, conflicts, policies, lateEntriesToGroups, absentAfterMs, messages } = settings;
  const floats = toldOf(settings.floats);
  return new Region({
    writer,
    peers,
    store,
    counters,
    onVisible,
    maxDriftMs,
    cachedSlotsMax,
    conflicts,
    lateEntriesToGroups,
    ...(policies && { policies }),
    ...(floats && { floats }),
    ...(settings.evictions === "keep" && { evictions: "keep" }),
    ...(absentAfterMs && { absentAfterMs }),
    ...(messages && { messages }),
  });
}
