import { encodeReadResult, READ_KEY } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { at, recordOf, RegionBed, US } from "../region-bed.js";
import { READS_MS_MAX } from "./undivided.js";

/** `eu` has to read key a, and receives a transaction of `us` that writes it. */
function waiting(): RegionBed {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["RENAME", "b", "a"]);
  const first = { kind: MutationKind.PutString, hlc: at(0), key: "z", value: "v" };
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), first, { ...first, hlc: at(1), key: "a", continues: true }));
  bed.flush();
  return bed;
}

describe("a peer's transaction", () => {
  test("waits until its keys have been read", () => {
    const bed = waiting();
    expect(bed.batches).toHaveLength(0);
    const [read] = bed.reads;
    if (!read) expect.fail("nothing is read");
    const values = read.keys.map(({ db, key }) => ({ db, key, type: "none" as const, deadlineMs: -1 }));
    bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: read.id, values })], ["DEL", READ_KEY], ["EXEC"]);
    bed.flush();
    expect(bed.batches).toHaveLength(1);
    expect(bed.region.counters.divided).toBe(0);
  });

  test("does not wait for ever for a key that is read again and again, and that is counted", () => {
    const bed = waiting();
    bed.nowMs += READS_MS_MAX - 1;
    bed.flush();
    expect(bed.batches).toHaveLength(0);
    bed.nowMs += 1;
    bed.flush();
    expect(bed.batches).toHaveLength(1);
    expect(bed.region.counters.divided).toBe(1);
  });
});
