import { encodeReadResult, READ_KEY, type ApplyBatch, type ReadValue } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { readEvicted } from "../capture/evictions.js";
import { at, NOW_MS, recordOf, RegionBed, US } from "../region-bed.js";

const K = MutationKind;
const LONG = "x".repeat(100);

/** A region that may apply and follows events, with what clients wrote. */
function bedOf(...commands: readonly (readonly string[])[]): RegionBed {
  const bed = RegionBed.ready(new MemoryStore(), 1, undefined, { evictions: "keep" });
  const events = bed.region.evictions?.events;
  events?.expect(true);
  events?.opened("1");
  const key = events?.takeSign(bed.nowMs) ?? "";
  bed.feed(["SET", key, ""], ["DEL", key]);
  events?.told(0, key, "del");
  bed.feed(...commands);
  bed.flush();
  return bed;
}

function evict(bed: RegionBed, key: string): void {
  bed.region.evictions?.events.told(0, key, "evicted");
  bed.feed(["DEL", key]);
  bed.flush();
}

/** What was published since the last look, in short. */
function published(bed: RegionBed, from = 0): unknown[] {
  bed.flush();
  return bed.mutations().slice(from).map(({ kind, key, field, value, sum, creates }) => [kind, key, field, value, Number(sum), creates]);
}

const away = ({ store }: RegionBed): string[] => readEvicted(store, undefined, 100).keys.map(({ key }) => key);
const effects = (bed: RegionBed): string => bed.batches.map(({ args }) => args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString("latin1") : String(arg))).join(" ")).join("\n");

describe("an evicted key", () => {
  it("is away, and nothing is published", () => {
    const bed = bedOf(["SET", "k", "v"], ["HSET", "h", "f", "1"]);
    const before = published(bed).length;
    evict(bed, "k");
    evict(bed, "h");
    expect([published(bed, before), away(bed), bed.region.isQuiet]).toEqual([[], ["h", "k"], false]);
    expect(bed.batches).toEqual([]);
  });

  it("is still away in the next life, and counted", () => {
    const bed = bedOf(["SET", "k", "v"]);
    evict(bed, "k");
    const next = RegionBed.ready(bed.store, 2, undefined, { evictions: "keep" });
    expect([away(next), next.region.evictions?.keysAway]).toEqual([["k"], 1]);
    next.feed(["INCRBY", "n", "1"]);
    next.flush();
    expect(next.region.evictions?.keysAway).toBe(1);
  });

  it("that is set again is replaced as if it had been there, and made anew by nobody", () => {
    const bed = bedOf(["HSET", "k", "f", "1"]);
    evict(bed, "k");
    const before = published(bed).length;
    bed.feed(["SET", "k", "new"]);
    expect([published(bed, before), away(bed), bed.batches.length]).toEqual([[[K.PutString, "k", "", "new", 0, false]], [], 0]);
  });

  it("comes back with the first write to a part of it, which does not say that it makes the key", () => {
    const bed = bedOf(["HSET", "h", "f", "1"], ["INCRBY", "n", "40"], ["SADD", "s", "a"]);
    for (const key of ["h", "n", "s"]) evict(bed, key);
    const before = published(bed).length;
    bed.feed(["HSET", "h", "g", "2"], ["INCRBY", "n", "2"], ["SADD", "s", "b"]);
    expect(published(bed, before)).toEqual([
      [K.PutField, "h", "g", "2", 0, false],
      [K.IncrementString, "n", "", "", 42, false],
      [K.AddMember, "s", "b", "", 0, false],
    ]);
    expect([away(bed), bed.batches.length]).toEqual([[], 1]);
    for (const word of ["h", "f", "n", "40", "s", "a"]) expect(effects(bed)).toContain(word);
  });

  it("that a command makes anew as a set stands beside what was there; as a string it is the latest", () => {
    const bed = bedOf(["SADD", "d", "a"], ["SET", "k", "v"]);
    for (const key of ["d", "k"]) evict(bed, key);
    const before = published(bed).length;
    bed.feed(["SUNIONSTORE", "d", "s"], ["APPEND", "k", "w"]);
    bed.flush();
    const values: ReadValue[] = [
      { db: 0, key: "d", type: "set", deadlineMs: -1, items: [Buffer.from("m")] },
      { db: 0, key: "k", type: "string", deadlineMs: -1, payload: Buffer.from("w") },
    ];
    bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ id: bed.reads[0]?.id ?? 0, epoch: 1, values })], ["DEL", READ_KEY], ["EXEC"]);
    expect(published(bed, before)).toEqual([
      [K.AddMember, "d", "m", "", 0, false],
      [K.PutString, "k", "", "w", 0, false],
    ]);
    expect(effects(bed)).toMatch(/ A- d a$/);
  });

  it("comes back whole with a write of a peer", () => {
    const bed = bedOf(["HSET", "h", "f", "1"]);
    evict(bed, "h");
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, new VersionVector(), { kind: K.PutField, key: "h", field: "g", value: "2", hlc: at(1) }));
    bed.flush();
    expect([away(bed), bed.batches.length]).toEqual([[], 1]);
    for (const word of ["f", "g"]) expect(effects(bed)).toContain(word);
  });

  it("whose values the agent does not hold comes back without them, and that is counted; their cells stay", () => {
    const bed = bedOf(["HSET", "h", "long", LONG, "short", "1"]);
    evict(bed, "h");
    const before = published(bed).length;
    bed.feed(["HSET", "h", "new", "2"]);
    expect([published(bed, before).length, bed.region.counters.valuesMissing]).toEqual([1, 1]);
    bed.feed(["DEL", "nothing", "h2"]);
    expect(published(bed, before)).toHaveLength(1);
  });

  it("is no client's to delete: a DEL that only names it publishes nothing of it", () => {
    const bed = bedOf(["SET", "k", "v"], ["SET", "other", "v"]);
    evict(bed, "k");
    const before = published(bed).length;
    bed.feed(["DEL", "k", "other"]);
    expect([published(bed, before), away(bed)]).toEqual([[[K.RemoveKey, "other", "", "", 0, false]], ["k"]]);
  });

  it("that was changed in a way that only reading tells loses that, which is counted, and removes nothing elsewhere", () => {
    const bed = bedOf(["SET", "k", "v"]);
    const before = published(bed).length;
    bed.feed(["APPEND", "k", "w"]);
    evict(bed, "k");
    expect([published(bed, before), bed.region.counters.evictions.unread]).toEqual([[], 1]);
  });

  it("dies at its deadline like any other", () => {
    const bed = bedOf(["SET", "k", "v", "PXAT", String(NOW_MS + 10_000)]);
    evict(bed, "k");
    expect(away(bed)).toEqual(["k"]);
    bed.nowMs += 20_000;
    bed.flush();
    bed.flush();
    expect([away(bed), bed.region.evictions?.keysAway]).toEqual([[], 0]);
    const before = published(bed).length;
    bed.feed(["INCRBY", "k", "1"]);
    expect(published(bed, before)).toEqual([[K.IncrementString, "k", "", "", 1, true]]);
  });

  it("that goes while something is written to it is written again without being read", () => {
    const bed = bedOf(["SET", "k", "v"]);
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, new VersionVector(), { kind: K.PutString, key: "k", value: "theirs", hlc: at(1) }));
    bed.flush();
    evict(bed, "k");
    bed.echo(bed.batches[0] as ApplyBatch, [{ kind: "s", db: 0, key: "k", field: "" }]);
    bed.flush();
    expect([bed.batches.length, bed.reads]).toEqual([2, []]);
    expect(effects(bed)).toContain("theirs");
  });

  it("that clients had written to before it went shows what was on its way then: a client who removes that has seen it", () => {
    const bed = bedOf(["SADD", "s", "a"]);
    evict(bed, "s");
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, new VersionVector(), { kind: K.AddMember, key: "s", field: "b", hlc: at(1) }));
    bed.flush();
    bed.feed(["SADD", "s", "b"]);
    evict(bed, "s");
    bed.echo(bed.batches[0] as ApplyBatch);
    bed.flush();
    const before = published(bed).length;
    bed.feed(["SREM", "s", "b"]);
    bed.flush();
    const [removal] = bed.mutations().slice(before);
    expect([removal?.kind, removal?.field, removal?.detail]).toEqual([K.RemoveMember, "b", undefined]);
  });
});
