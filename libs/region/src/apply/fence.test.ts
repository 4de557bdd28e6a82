import { describe, expect, test } from "vitest";
import { encodeMarkHeader, MARK_KEY } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, hlcOf, MutationKind, VersionVector } from "@meridian/words";
import { recordOf, RegionBed, US } from "../region-bed.js";

const SOME = { kind: MutationKind.PutString, hlc: hlcOf(1_800_000_000_001), key: "k", value: "a" };

/** A life that has received something, and to which fences come in its server's stream. */
function bedWith(...epochs: readonly number[]): RegionBed {
  const bed = new RegionBed(new MemoryStore());
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), SOME));
  fences(bed, ...epochs);
  return bed;
}

function fences(bed: RegionBed, ...epochs: readonly number[]): void {
  for (const epoch of epochs) {
    bed.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch, seq: 0, vector: new VersionVector(), deferred: [], settled: [] })]);
  }
}

describe("a fence in the stream", () => {
  test("behind this life's own is another agent's: nothing is captured any more", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fences(bed, 2);
    expect(bed.region.isFenced).toBe(true);
    bed.feed(["SET", "k", "of the other agent's time"]);
    bed.flush();
    expect(bed.published).toEqual([]);
  });

  test("before this life's own is history, whatever its epoch: after a FLUSHALL they begin anew", () => {
    const bed = bedWith();
    bed.region.onFenced(1);
    fences(bed, 57);
    expect([bed.region.isFenced, bed.flush().apply]).toEqual([false, []]);
    fences(bed, 1);
    expect([bed.region.isFenced, bed.flush().apply.length]).toEqual([false, 1]);
  });

  test("may be read before the script has answered: it counts when the answer comes", () => {
    const bed = bedWith(57, 1);
    bed.region.onFenced(1);
    expect([bed.region.isFenced, bed.flush().apply.length]).toEqual([false, 1]);
    const late = bedWith(57, 1, 2);
    late.region.onFenced(1);
    expect(late.region.isFenced).toBe(true);
    const early = bedWith(57);
    early.region.onFenced(1);
    expect([early.region.isFenced, early.flush().apply]).toEqual([false, []]);
  });
});
