import { encodeReadResult, READ_KEY } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { AP, at, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";
import { READS_MS_MAX } from "../receive/undivided.js";

const LONG = "-".repeat(40);

/** `eu` has written k; `us` writes it too, later and without having seen that, and z in the same transaction or not. */
function meeting(isTransaction: boolean): RegionBed {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["SET", "k", `ours${LONG}`]);
  bed.flush();
  const put = (ms: number, key: string): SaidMutation => ({ kind: MutationKind.PutString, hlc: at(ms), key, value: `theirs${LONG}` });
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), put(10, "z"), { ...put(11, "k"), continues: isTransaction }));
  bed.flush();
  return bed;
}

/** The read that was asked for has run. */
function answer(bed: RegionBed): void {
  const [read] = bed.reads;
  expect(read?.keys.map(({ key }) => key)).toEqual(["k"]);
  const values = [{ db: 0, key: "k", type: "string" as const, deadlineMs: -1, payload: Buffer.from(`ours${LONG}`) }];
  bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: read?.id ?? 0, values })], ["DEL", READ_KEY], ["EXEC"]);
  bed.flush();
}

describe("a value that must be kept, and that only the server holds", () => {
  test("is read before a transaction goes over it, all of which waits", () => {
    const bed = meeting(true);
    expect(bed.batches).toHaveLength(0);
    answer(bed);
    expect(bed.batches.map(({ cells }) => cells)).toEqual([2]);
    expect(bed.region.counters.divided).toBe(0);
  });

  test("is waited for so long, and the rest counted as divided", () => {
    const bed = meeting(true);
    bed.nowMs += READS_MS_MAX - 1;
    bed.flush();
    expect(bed.batches).toHaveLength(0);
    bed.nowMs += 1;
    bed.flush();
    expect([bed.batches.map(({ cells }) => cells), bed.region.counters.divided]).toEqual([[1], 1]);
  });

  test("holds up only its own write where that stands alone", () => {
    const bed = meeting(false);
    expect(bed.batches.map(({ cells }) => cells)).toEqual([1]);
    answer(bed);
    const [first] = bed.batches;
    if (first) bed.echo(first);
    bed.flush();
    expect(bed.batches.map(({ cells }) => cells)).toEqual([1, 1]);
  });

  test("is read too where a write that stands alone comes with a transaction of the key's other fields", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["HSET", "k", "f", `ours${LONG}`]);
    bed.flush();
    const put = (ms: number, field: string): SaidMutation => ({ kind: MutationKind.PutField, hlc: at(ms), key: "k", field, value: `theirs${LONG}` });
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), put(10, "g"), { ...put(11, "h"), continues: true }));
    bed.region.onRecord(AP, "1", recordOf(AP, HLC_ZERO, new VersionVector(), put(12, "f")));
    bed.flush();
    expect([bed.batches.length, bed.reads.map(({ keys }) => keys.map(({ key }) => key))]).toEqual([0, [["k"]]]);
    const values = [{ db: 0, key: "k", type: "hash" as const, deadlineMs: -1, items: [Buffer.from("f"), Buffer.from(`ours${LONG}`)] }];
    bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: bed.reads[0]?.id ?? 0, values })], ["DEL", READ_KEY], ["EXEC"]);
    bed.flush();
    expect(bed.batches.map(({ cells }) => cells)).toEqual([3]);
  });
});
