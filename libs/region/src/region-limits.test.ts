import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { AP, at, recordOf, RegionBed, US, type SaidMutation } from "./region-bed.js";
import { REGION_LIMITS, type RegionLimits } from "./region-limits.js";

const K = MutationKind;

function bedOf(limits: Partial<RegionLimits>): RegionBed {
  return RegionBed.ready(new MemoryStore(), 1, undefined, { limits: { ...REGION_LIMITS, ...limits } });
}

function put(number: number): SaidMutation {
  return { kind: K.PutString, hlc: at(number), key: `k${number}`, value: "v" };
}

/** Two records of `us`, of one write each. */
function receiveTwo(bed: RegionBed): void {
  bed.region.onRecord(US, "1", recordOf(US, 0 as never, new VersionVector(), put(1)));
  bed.region.onRecord(US, "2", recordOf(US, at(1), new VersionVector(), put(2)));
}

describe("a region with limits of its own", () => {
  it("divides what it applies", () => {
    const usual = bedOf({});
    receiveTwo(usual);
    usual.flush();
    expect(usual.batches).toHaveLength(1);
    for (const limits of [{ batchCells: 1 }, { batchBytes: 1 }]) {
      const bed = bedOf(limits);
      receiveTwo(bed);
      bed.flush();
      expect(bed.batches).toHaveLength(2);
    }
  });

  it("waits for a batch where only one may be on its way", () => {
    const bed = bedOf({ batchCells: 1, batchesInFlight: 1 });
    receiveTwo(bed);
    bed.flush();
    expect(bed.batches).toHaveLength(1);
    for (const batch of bed.batches.slice()) bed.echo(batch);
    bed.flush();
    expect([bed.region.frontier.get(US), bed.batches.length]).toEqual([at(1), 2]);
  });

  it("divides what it publishes", () => {
    const bed = bedOf({ frameMutations: 1, recordBytes: 1 });
    bed.feed(["SET", "a", "1"], ["SET", "b", "2"]);
    bed.flush();
    expect(bed.published).toHaveLength(2);
  });

  it("reads few keys at a time", () => {
    const bed = bedOf({ readKeys: 1, readsInFlight: 2 });
    bed.feed(["RENAME", "a", "b"], ["RENAME", "c", "d"]);
    bed.flush();
    expect(bed.reads.map(({ keys }) => keys.length)).toEqual([1, 1]);
  });

  it("wants no more of a peer's log while that much is queued, and of others", () => {
    const bed = bedOf({ queueBytes: 1 });
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, new VersionVector(), put(1)));
    expect([bed.region.wants(US), bed.region.wants(AP)]).toEqual([false, true]);
    bed.flush();
    bed.flush();
    expect(bed.region.wants(US)).toBe(true);
  });
});
