import { MemoryStore } from "@meridian/store";
import { MARK_KEY } from "@meridian/mark";
import { MutationKind } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { EVENT_PATIENCE_MS } from "./float-events.js";
import { SIGN_AFTER_MS, SIGN_EVERY_MS, UNTOLD_MAX, type EvictionEvents } from "./eviction-events.js";
import { RegionBed } from "../region-bed.js";

const K = MutationKind;

function eventsOf(bed: RegionBed): EvictionEvents {
  const { evictions } = bed.region;
  if (!evictions) throw new Error("the bed has no evictions");
  return evictions.events;
}

/** A sign is set and removed, and told of. */
function sign(bed: RegionBed): void {
  const key = eventsOf(bed).takeSign(bed.nowMs) ?? "";
  expect(key).not.toBe("");
  bed.feed(["SET", key, "", "PX", "60000"], ["DEL", key]);
  eventsOf(bed).told(0, key, "del");
}

/** A bed that follows events. */
function following(): RegionBed {
  const bed = new RegionBed(new MemoryStore(), {}, { evictions: "keep" });
  eventsOf(bed).expect(true);
  eventsOf(bed).opened("1");
  sign(bed);
  expect(eventsOf(bed).status).toEqual({ follows: true });
  return bed;
}

const told = (bed: RegionBed, ...events: readonly (readonly [key: string, event: string])[]): void => {
  for (const [key, event] of events) eventsOf(bed).told(0, key, event);
};

/** The keys of removals that were published. */
function removed(bed: RegionBed): string[] {
  bed.flush();
  return bed.mutations().filter(({ kind }) => kind === K.RemoveKey).map(({ key }) => key);
}

describe("a deletion of one key", () => {
  it("is an eviction where its event says so, and a client's otherwise", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["SET", "b", "1"], ["SET", "c", "1"]);
    told(bed, ["a", "evicted"], ["b", "del"], ["c", "evicted"]);
    bed.feed(["DEL", "a"], ["DEL", "b"], ["UNLINK", "c"]);
    expect([removed(bed), bed.region.counters.evictions.seen, bed.region.evictions?.keysAway]).toEqual([["b"], 2, 2]);
  });

  it("waits for its event, with everything behind it", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["DEL", "a"], ["SET", "b", "1"], ["DEL", "b"]);
    expect(removed(bed)).toEqual([]);
    expect(bed.region.capturedOffset).toBeLessThan(bed.fedOffset);
    told(bed, ["a", "del"]);
    expect([removed(bed), bed.region.isQuiet]).toEqual([["a"], false]);
    told(bed, ["b", "evicted"]);
    expect([removed(bed), bed.region.capturedOffset]).toEqual([["a"], bed.fedOffset]);
  });

  it("is told apart from others of the same key by their order", () => {
    const bed = following();
    for (let round = 0; round < 3; round += 1) bed.feed(["SET", "k", String(round)], ["DEL", "k"]);
    told(bed, ["k", "del"], ["k", "evicted"], ["k", "del"]);
    expect([removed(bed), bed.region.counters.evictions.seen]).toEqual([["k", "k"], 1]);
  });

  it("is none of those that end a key in other ways: their events come first", () => {
    const bed = following();
    bed.feed(["HSET", "h", "f", "1"], ["HDEL", "h", "f"], ["HSET", "h", "f", "2"], ["DEL", "h"]);
    bed.feed(["SET", "a", "1"], ["MULTI"], ["DEL", "a", "gone"], ["SET", "a", "2"], ["EXEC"], ["DEL", "a"]);
    told(bed, ["h", "del"], ["h", "evicted"], ["a", "del"], ["a", "evicted"]);
    expect([removed(bed), bed.region.counters.evictions]).toEqual([["a"], { seen: 2, untold: 0, unmatched: 0, unread: 0 }]);
  });

  it("within a transaction is never one", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["MULTI"], ["DEL", "a"], ["SET", "b", "1"], ["EXEC"]);
    told(bed, ["a", "del"]);
    expect(removed(bed)).toEqual(["a"]);
  });

  it("of a key that ended for a reason that the stream does not show is a client's, and counted", () => {
    const bed = following();
    bed.feed(["SET", "k", "1"], ["RENAME", "k", "other"], ["SET", "k", "2"], ["DEL", "k"]);
    told(bed, ["k", "del"], ["k", "evicted"]);
    expect(bed.region.counters.evictions).toMatchObject({ seen: 0, untold: 1 });
  });
});

describe("where events do not fit", () => {
  it("a sign ends the wait: a deletion without an event is a client's", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["DEL", "a"]);
    expect([removed(bed), eventsOf(bed).takeSign(bed.nowMs)]).toEqual([[], undefined]);
    bed.nowMs += SIGN_AFTER_MS;
    sign(bed);
    expect([removed(bed), bed.region.counters.evictions.untold]).toEqual([["a"], 1]);
  });

  it("what is left over does not reach beyond a sign, and an eviction among it is counted", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"]);
    told(bed, ["a", "del"], ["b", "evicted"]);
    bed.nowMs += SIGN_EVERY_MS;
    sign(bed);
    bed.feed(["DEL", "a"]);
    told(bed, ["a", "evicted"]);
    expect([removed(bed), bed.region.counters.evictions]).toEqual([[], { seen: 1, untold: 0, unmatched: 1, unread: 0 }]);
  });

  it("a server that does not tell is given up on, and says why", () => {
    const bed = new RegionBed(new MemoryStore(), {}, { evictions: "keep" });
    eventsOf(bed).expect(true);
    eventsOf(bed).opened("1");
    const key = eventsOf(bed).takeSign(bed.nowMs) ?? "";
    bed.feed(["SET", key, ""], ["DEL", key], ["SET", "a", "1"], ["DEL", "a"]);
    expect(removed(bed)).toEqual([]);
    bed.nowMs += EVENT_PATIENCE_MS + 1;
    expect(removed(bed)).toEqual(["a"]);
    expect(eventsOf(bed).status).toEqual({ follows: false, reason: expect.stringContaining("must hold K, e, g and x") as string });
  });

  it("a server that does not tell of evictions is given up on after a few", () => {
    const bed = following();
    for (let at = 0; at <= UNTOLD_MAX; at += 1) {
      bed.feed(["SET", `k${at}`, "1"], ["DEL", `k${at}`]);
      bed.nowMs += SIGN_AFTER_MS;
      bed.flush();
      sign(bed);
    }
    expect(eventsOf(bed).isClosed).toBe(true);
    expect(bed.region.counters.evictions.untold).toBe(UNTOLD_MAX + 1);
  });

  it("a sign may be dropped to make room itself", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["DEL", "a"]);
    bed.nowMs += SIGN_AFTER_MS;
    const key = eventsOf(bed).takeSign(bed.nowMs) ?? "";
    told(bed, ["a", "evicted"], [key, "evicted"]);
    bed.feed(["SET", key, ""], ["DEL", key], ["SET", "b", "1"], ["DEL", "b"]);
    told(bed, ["b", "del"]);
    expect([removed(bed), bed.region.counters.evictions.seen, eventsOf(bed).status]).toEqual([["b"], 1, { follows: true }]);
  });

  it("a lost connection lets everything go on", () => {
    const bed = following();
    bed.feed(["SET", "a", "1"], ["DEL", "a"], ["SET", "b", "1"]);
    eventsOf(bed).closed("lost");
    expect([removed(bed), bed.region.capturedOffset, bed.region.counters.evictions.untold]).toEqual([["a"], bed.fedOffset, 1]);
  });
});

describe("where the server does not evict", () => {
  it("nothing waits, and nothing is counted", () => {
    const bed = new RegionBed(new MemoryStore(), {}, { evictions: "keep" });
    bed.feed(["SET", "a", "1"], ["DEL", "a"]);
    expect([removed(bed), bed.region.counters.evictions.untold, eventsOf(bed).takeSign(bed.nowMs)]).toEqual([["a"], 0, undefined]);
    const followed = following();
    eventsOf(followed).expect(false);
    followed.feed(["SET", "a", "1"], ["DEL", "a"], ["SET", MARK_KEY.replace("mark", "x"), ""]);
    expect([removed(followed), eventsOf(followed).isClosed]).toEqual([["a"], true]);
  });
});
