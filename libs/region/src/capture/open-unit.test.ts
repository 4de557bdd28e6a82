import { encodeReadResult, READ_KEY, type ReadValue } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { decodeRecord, encodeRecord, FrameBuilder, blankMutation } from "@meridian/wire";
import { HLC_ZERO, MutationKind, VersionVector, type Mutation } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { UNIT_MS_MAX, UNIT_MUTATIONS } from "./open-unit.js";
import { REGION_LIMITS } from "../region-limits.js";
import { at, mutationsOf, recordOf, RegionBed, REPLICATION_ID, US } from "../region-bed.js";

const NONE = new VersionVector();

/** The last read that was asked for has run. */
function answer(bed: RegionBed, found: Readonly<Record<string, string | undefined>>, refused = false): void {
  const read = bed.reads.at(-1);
  if (!read) expect.fail("nothing is read");
  const values = read.keys.map(({ db, key }): ReadValue => {
    const text = found[key];
    if (refused) return { db, key, type: "none", deadlineMs: -1, refused: "too large" };
    return text === undefined ? { db, key, type: "none", deadlineMs: -1 } : { db, key, type: "string", deadlineMs: -1, payload: Buffer.from(text) };
  });
  bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: read.id, values })], ["DEL", READ_KEY], ["EXEC"]);
  bed.flush();
}

/** Records published, each as keys by frame. */
function records(bed: RegionBed): string[][] {
  return bed.entries().map(({ frames }) => frames.map((frame) => `${frame.continues ? "+" : ""}${mutationsOf(frame).map(({ key }) => key).join(" ")}`));
}

const RENAMING = [["MULTI"], ["SET", "x", "1"], ["RENAME", "a", "b"], ["EXEC"]];

describe("a transaction that has to be read back", () => {
  test("leaves when it has been read, as one, and what clients did meanwhile with it", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "a", "v"], ...RENAMING, ["SET", "y", "2"]);
    expect(bed.flush()).toMatchObject({ writes: [], publish: [], apply: [], acknowledge: undefined });
    answer(bed, { b: "v" });
    expect(records(bed)).toEqual([["a x y a b"]]);
    expect(bed.mutations().map(({ continues }) => continues)).toEqual([false, false, true, true, true]);
    expect(bed.region.counters.unitsCut).toBe(0);
    bed.feed(["SET", "later", "1"]);
    bed.flush();
    expect(bed.mutations().at(-1)?.continues).toBe(false);
  });

  test("stands in one record, whose frames go on where a peer's writes came between", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NONE, { kind: MutationKind.PutString, hlc: at(1), key: "z", value: "1" }));
    const [batch] = bed.flush().apply;
    bed.feed(...RENAMING);
    bed.flush();
    if (batch) bed.echo(batch);
    bed.feed(["SET", "y", "2"]);
    answer(bed, { b: "v" });
    expect(records(bed)).toEqual([["x", "+y b"]]);
    expect(bed.entries()[0]?.frames.map(({ context }) => context.get(US))).toEqual([0, at(1)]);
  });

  test("is followed again from before it, where the agent dies before it was read", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "a", "v"]);
    bed.flush();
    const { offset } = bed.region.place ?? {};
    bed.feed(...RENAMING);
    bed.flush();
    expect(new RegionBed(store.crash()).region.place?.offset).toBe(offset);
  });

  test("does not wait for one key alone, nor for what is known without reading", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["MULTI"], ["APPEND", "k", "v"], ["EXEC"], ["SET", "y", "2"]);
    bed.flush();
    expect(records(bed)).toEqual([["y"]]);
    bed.feed(["MULTI"], ["SET", "x", "1"], ["RENAME", "a", "b"], ["SET", "a", "1"], ["DEL", "b"], ["EXEC"]);
    bed.flush();
    expect(records(bed)[1]).toEqual(["x a b"]);
  });

  test("waits for what an earlier command left to be read", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["APPEND", "h", "v"]);
    bed.flush();
    bed.feed(["MULTI"], ["SET", "x", "1"], ["INCR", "h"], ["EXEC"]);
    bed.flush();
    expect(records(bed)).toEqual([]);
    answer(bed, { h: "2" });
    expect(records(bed)).toEqual([["x h"]]);
  });
});

describe("a command that stands alone and wrote two keys", () => {
  /** What is read, key by key, as reads. */
  const asked = (bed: RegionBed): string[] => bed.reads.filter(({ keys }) => keys.length > 0).map(({ keys }) => keys.map(({ key }) => key).join(" "));

  const ran = (bed: RegionBed, read: RegionBed["reads"][number] | undefined, value?: string, epoch = 1): void => {
    const found: Pick<ReadValue, "type" | "payload"> = value === undefined ? { type: "none" } : { type: "string", payload: Buffer.from(value) };
    const values = (read?.keys ?? []).map(({ db, key }): ReadValue => ({ db, key, deadlineMs: -1, ...found }));
    bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch, id: read?.id ?? 0, values })], ["DEL", READ_KEY], ["EXEC"]);
    bed.flush();
  };

  test("holds nothing up where one read brings both", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "a", "v"], ["RENAME", "a", "b"], ["SET", "y", "2"]);
    bed.flush();
    expect([asked(bed), records(bed), bed.acknowledged === bed.region.capturedOffset]).toEqual([["a b"], [["a y"]], false]);
    answer(bed, { b: "v" });
    expect(records(bed)).toEqual([["a y"], ["a b"]]);
    expect(bed.mutations().map(({ continues }) => continues)).toEqual([false, false, false, true]);
  });

  test.each([
    ["at the border of two reads", [], { ...REGION_LIMITS, readKeys: 1 }, ["a", "b"]],
    ["one of which is read already", ["APPEND", "a", "w"], REGION_LIMITS, ["a", "b"]],
  ])("leaves as one where they are read apart: %s", (_, before, limits, reads) => {
    const bed = RegionBed.ready(new MemoryStore(), 1, NONE, { limits });
    if (before.length > 0) bed.feed(["SET", "a", "v"], before);
    else bed.feed(["SET", "a", "v"]);
    bed.flush();
    bed.feed(["RENAME", "a", "b"]);
    bed.flush();
    expect(asked(bed)).toEqual(reads);
    const [first, second] = bed.reads.filter(({ keys }) => keys.length > 0);
    ran(bed, first);
    expect(records(bed)).toEqual([["a"]]);
    ran(bed, second, "v");
    expect(records(bed)).toEqual([["a"], ["a b"]]);
    expect(bed.mutations().map(({ continues }) => continues)).toEqual([false, false, true]);
    expect([bed.region.counters.unitsCut, bed.isSettled]).toEqual([0, true]);
  });

  test("leaves as one where more of them wait than are read at a time", () => {
    const bed = RegionBed.ready(new MemoryStore(), 1, NONE, { limits: { ...REGION_LIMITS, readKeys: 2, readsInFlight: 1 } });
    bed.feed(["MSET", "a", "1", "c", "2", "e", "3"]);
    bed.flush();
    bed.feed(["RENAME", "a", "b"], ["RENAME", "c", "d"], ["RENAME", "e", "f"]);
    bed.flush();
    for (const [at, pair] of ["a b", "c d", "e f"].entries()) {
      expect(asked(bed)).toHaveLength(at + 1);
      expect(asked(bed).at(-1)).toBe(pair);
      const read = bed.reads.filter(({ keys }) => keys.length > 0).at(-1);
      const values = (read?.keys ?? []).map(({ db, key }, index): ReadValue => {
        return { db, key, deadlineMs: -1, ...(index === 0 ? { type: "none" } : { type: "string", payload: Buffer.from("v") }) };
      });
      bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: read?.id ?? 0, values })], ["DEL", READ_KEY], ["EXEC"]);
      bed.flush();
    }
    const found = bed.mutations().slice(3);
    expect(found.map(({ key }) => key).join("")).toBe("abcdef");
    expect(found.filter((_, at) => at % 2 === 1).map(({ continues }) => continues)).toEqual([true, true, true]);
    expect([bed.region.counters.unitsCut, bed.isSettled]).toEqual([0, true]);
  });

  test("leaves as one where the agent dies while they are read: the next one reads together what was left", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "a", "v"], ["RENAME", "a", "b"]);
    bed.flush();
    for (const { seq } of bed.published) bed.region.onPublished(seq);
    bed.flush();
    const heir = RegionBed.ready(store.crash(), 2, NONE, { limits: { ...REGION_LIMITS, readKeys: 1 } });
    heir.feed(["SET", "y", "2"]);
    expect(asked(heir)).toEqual(["a", "b"]);
    const [first, second] = heir.reads.filter(({ keys }) => keys.length > 0);
    ran(heir, first, undefined, 2);
    expect(records(heir)).toEqual([]);
    ran(heir, second, "v", 2);
    expect(records(heir)).toEqual([["y a b"]]);
    expect(heir.mutations().map(({ continues }) => continues)).toEqual([false, true, true]);
  });
});

describe("what a unit waits for", () => {
  test("ends after so many mutations", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(...RENAMING);
    for (let i = 0; i < UNIT_MUTATIONS - 1; i += 1) bed.feed(["SET", `k${i}`, "v"]);
    bed.flush();
    expect(bed.published).toHaveLength(0);
    bed.feed(["SET", "last", "v"]);
    bed.flush();
    expect([bed.published.length, bed.mutations().length, bed.region.counters.unitsCut]).toEqual([1, UNIT_MUTATIONS + 1, 1]);
    answer(bed, { b: "v" });
    expect(bed.mutations().at(-1)).toMatchObject({ key: "b", continues: false });
  });

  test("ends after a time", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(...RENAMING);
    bed.flush();
    bed.nowMs += UNIT_MS_MAX - 1;
    bed.flush();
    expect(bed.published).toHaveLength(0);
    bed.nowMs += 1;
    bed.flush();
    expect([records(bed), bed.region.counters.unitsCut]).toEqual([[["x"]], 1]);
    bed.feed(["SET", "y", "1"]);
    bed.flush();
    expect(bed.mutations().at(-1)).toMatchObject({ key: "y", continues: false });
  });

  test("ends where the server refuses to be read", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(...RENAMING);
    bed.flush();
    answer(bed, {}, true);
    expect([records(bed), bed.region.counters.unitsCut]).toEqual([[["x"]], 1]);
  });
});

describe("a region that stops at a FLUSHALL", () => {
  const stopped = (...commands: readonly string[][]): RegionBed => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SELECT", "1"], ["SET", "before", "1"]);
    const stopsAt = bed.region.capturedOffset;
    bed.feed(...commands);
    bed.flush();
    expect([bed.region.halt?.code, bed.region.place?.offset, bed.region.capturedOffset]).toEqual(["QUARANTINED", stopsAt, stopsAt]);
    return bed;
  };

  test("publishes nothing of the transaction in which that stands", () => {
    const bed = stopped(["MULTI"], ["SET", "x", "1"], ["SELECT", "0"], ["SET", "y", "1"], ["FLUSHALL"], ["SET", "z", "1"], ["EXEC"]);
    expect(records(bed)).toEqual([["before"]]);
    expect(bed.region.lastVersion).toBe(bed.entries()[0]?.frames[0]?.last);
  });

  test("publishes nothing of one that had to be read, nor of what stands behind it", () => {
    const bed = stopped(["MULTI"], ["SET", "x", "1"], ["RENAME", "a", "b"], ["EXEC"], ["SET", "y", "1"], ["FLUSHALL"]);
    expect(records(bed)).toEqual([["before"]]);
  });

  test("publishes nothing of it where a peer's writes came between either", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NONE, { kind: MutationKind.PutString, hlc: at(1), key: "z", value: "1" }));
    const [batch] = bed.flush().apply;
    bed.feed(["SET", "before", "1"], ...RENAMING);
    if (batch) bed.echo(batch);
    bed.feed(["SET", "y", "1"], ["FLUSHALL"]);
    bed.flush();
    expect(records(bed)).toEqual([["before"]]);
  });
});

describe("a peer's unit of several frames", () => {
  const string = { ...blankMutation(), kind: MutationKind.PutString, number: Infinity };
  const put = (ms: number, key: string, continues = false): Mutation => ({ ...string, hlc: at(ms), key, continues });

  test("is applied by one script", () => {
    const builder = new FrameBuilder();
    builder.add(put(1, "a"));
    const first = builder.finish(HLC_ZERO, NONE);
    builder.add(put(2, "b", true));
    const second = builder.finish(at(1), NONE);
    builder.add(put(3, "c"));
    const third = builder.finish(at(2), NONE);
    const bed = RegionBed.ready(new MemoryStore());
    const record = encodeRecord(US, { replicationId: REPLICATION_ID, firstOffset: 0, lastOffset: 1 }, [first, second, third]);
    expect(decodeRecord(record, US).frames.map(({ continues }) => continues)).toEqual([false, true, false]);
    bed.feed(["RENAME", "x", "b"]);
    bed.flush();
    bed.region.onRecord(US, "1", record);
    bed.flush();
    // The second frame has to wait for its key, and with it the first.
    expect(bed.batches).toHaveLength(0);
    answer(bed, {});
    expect(bed.batches.map(({ cells }) => cells)).toEqual([3]);
  });
});
