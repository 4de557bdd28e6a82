import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { AP, at, NOW_MS, recordOf, RegionBed, US } from "../region-bed.js";
import { REGION_LIMITS } from "../region-limits.js";

const K = MutationKind;
const none = new VersionVector();
const NO_HLC = 0 as Hlc;

describe("a key that must change its type", () => {
  it("does, however little room its batches have, though its deadline is to be looked at meanwhile", () => {
    const bed = RegionBed.ready(new MemoryStore(), 1, undefined, { limits: { ...REGION_LIMITS, batchCells: 1 } });
    const add = { kind: K.AddMember, key: "k", field: "f", hlc: at(1) };
    const sooner = { kind: K.PutExpiry, key: "k", number: NOW_MS + 400_000, hlc: at(1, 1) };
    bed.region.onRecord(US, "1", recordOf(US, NO_HLC, none, add, sooner));
    const put = { kind: K.PutString, key: "k", value: "v", number: NOW_MS + 700_000, hlc: at(2) };
    bed.region.onRecord(AP, "1", recordOf(AP, NO_HLC, none, put));
    bed.flush();
    for (let round = 0; round < 10 && !bed.region.isQuiet; round += 1) {
      for (const batch of bed.batches.splice(0)) bed.echo(batch);
      bed.flush();
    }
    expect(bed.isSettled).toBe(true);
  });
});
