import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { QUEUE_BYTES_MAX } from "./inbox.js";
import { AP, at, NOW_MS, recordOf, RegionBed, US } from "../region-bed.js";

const NEVER = 0 as Hlc;
const none = new VersionVector();
const put = (key: string, ms: number, value = "v"): Parameters<typeof recordOf>[3] => ({ kind: MutationKind.PutString, hlc: at(ms), key, value });

describe("a peer's records wait", () => {
  test("while they are too far ahead of our clock, and are applied when it has come near", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, NEVER, none, put("k", 501)));
    expect(bed.flush().apply).toEqual([]);
    expect(bed.region.holds).toMatchObject([{ writer: US, code: "CLOCK_DRIFT" }]);
    expect(bed.region.wants(US)).toBe(true);
    bed.nowMs = NOW_MS + 1;
    expect(bed.flush().apply).toHaveLength(1);
    expect(bed.region.holds).toEqual([]);
  });

  test("where something before them is missing; nothing behind the gap is applied", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, put("k", 2)));
    expect(bed.flush().apply).toEqual([]);
    expect(bed.region.holds).toMatchObject([{ writer: US, code: "RECORD_GAP" }]);
    expect([bed.region.wants(US), bed.region.positionOf(US), bed.region.frontier.get(US)]).toEqual([false, undefined, 0]);
  });

  test("where they cannot be read: damaged, of another writer, or overlapping what was received", () => {
    const damaged = recordOf(US, NEVER, none, put("k", 1));
    damaged[damaged.length - 8] = (damaged[damaged.length - 8] as number) ^ 1;
    const overlapping = recordOf(US, at(1), none, put("k", 5));
    for (const bad of [damaged, recordOf(AP, NEVER, none, put("k", 1)), Buffer.from("nonsense")]) {
      const bed = RegionBed.ready(new MemoryStore());
      bed.region.onRecord(US, "1", bad);
      expect(bed.flush().apply).toEqual([]);
      expect(bed.region.holds).toMatchObject([{ writer: US, code: "BAD_RECORD" }]);
    }
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, NEVER, none, put("k", 3)));
    bed.region.onRecord(US, "2", overlapping);
    bed.flush();
    expect(bed.region.holds).toMatchObject([{ writer: US, code: "BAD_RECORD" }]);
  });

  test("and the other peers' do not", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, put("k", 2)));
    bed.region.onRecord(AP, "1", recordOf(AP, NEVER, none, put("l", 2)));
    expect(bed.flush().apply).toHaveLength(1);
    expect(bed.region.holds.map(({ writer }) => writer)).toEqual([US]);
  });

  test("in a queue that says when it is full", () => {
    const bed = new RegionBed(new MemoryStore());
    const value = "v".repeat(QUEUE_BYTES_MAX / 2);
    bed.region.onRecord(US, "1", recordOf(US, NEVER, none, put("k", 1, value)));
    expect(bed.region.wants(US)).toBe(true);
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, put("k", 2, value)));
    expect([bed.region.wants(US), bed.region.wants(AP)]).toEqual([false, true]);
  });
});

describe("the region stands still", () => {
  for (const command of [["FLUSHALL"], ["FLUSHDB"], ["SWAPDB", "0", "1"]]) {
    test(`at ${command[0]}: what came before is published, it and what comes behind are not captured`, () => {
      const store = new MemoryStore();
      const bed = RegionBed.ready(store);
      bed.feed(["SET", "before", "1"]);
      const stopsAt = bed.region.capturedOffset;
      bed.feed(command, ["SET", "behind", "1"]);
      bed.flush();
      expect(bed.mutations().map(({ key }) => key)).toEqual(["before"]);
      expect([bed.region.halt?.code, bed.region.capturedOffset]).toEqual(["QUARANTINED", stopsAt]);
      bed.region.onPublished(bed.published[0]?.seq ?? -1);
      bed.flush();
      expect(bed.acknowledged).toBe(stopsAt);
      const heir = new RegionBed(store.crash());
      heir.feed(["SET", "later", "1"]);
      heir.flush();
      expect([heir.region.halt?.code, heir.region.place?.offset, heir.mutations()]).toEqual(["QUARANTINED", stopsAt, []]);
    });
  }

  test("inside a transaction: at its beginning, and nothing behind it is captured", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "before", "1"]);
    const stopsAt = bed.region.capturedOffset;
    bed.feed(["MULTI"], ["FLUSHALL"], ["SET", "behind", "1"], ["EXEC"], ["SET", "after", "1"]);
    bed.flush();
    expect([bed.region.halt?.code, bed.region.capturedOffset, bed.mutations().map(({ key }) => key)]).toEqual(["QUARANTINED", stopsAt, ["before"]]);
  });

  test("and applies nothing of what its peers send", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["FLUSHALL"]);
    bed.region.onRecord(US, "1", recordOf(US, NEVER, none, put("k", 1)));
    expect(bed.flush().apply).toEqual([]);
  });

  test("where the server's history is not the one that was followed", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "k", "v"]);
    bed.flush();
    const place = bed.region.place;
    const heir = new RegionBed(store.crash(), { offset: 99_999, resumed: false });
    heir.feed(["SET", "other", "v"]);
    heir.flush();
    expect([heir.region.halt?.code, heir.region.place]).toEqual(["LINEAGE_BROKEN", place]);
    expect(heir.mutations().filter(({ key }) => key === "other")).toEqual([]);
  });
});
