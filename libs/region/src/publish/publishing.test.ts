import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_MUTATIONS } from "./outbox.js";
import { at, bytesOf, EU, mutationsOf, recordOf, RegionBed, US, type SeenMutation } from "../region-bed.js";

const names = (mutations: readonly SeenMutation[]): string[] => mutations.map(({ key }) => key);
const none = new VersionVector();

describe("frames", () => {
  test("close at a mark: a write before it has not seen what the mark carries, a write behind it has", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, none, { kind: MutationKind.PutString, hlc: at(1), key: "x", value: "1" }));
    const [batch] = bed.flush().apply;
    bed.feed(["SET", "before", "1"], ["SET", "before2", "1"]);
    if (batch) bed.echo(batch);
    bed.feed(["SET", "behind", "1"]);
    bed.flush();
    const frames = bed.entries().flatMap((entry) => entry.frames);
    expect(frames.map((frame) => [names(mutationsOf(frame)), frame.context.get(US)])).toEqual([
      [["before", "before2"], 0],
      [["behind"], at(1)],
    ]);
  });

  test("keep a context that receiving alone does not move", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, none, { kind: MutationKind.PutString, hlc: at(1), key: "x", value: "1" }));
    bed.flush();
    bed.feed(["SET", "k", "1"]);
    bed.flush();
    expect(bed.entries()[0]?.frames[0]?.context.get(US)).toBe(0);
    expect(bed.region.frontier.get(US)).toBe(0);
  });

  test("follow each other without a gap in versions", () => {
    const bed = RegionBed.ready(new MemoryStore());
    for (let i = 0; i < 5; i += 1) {
      bed.feed(["SET", `k${i}`, "v"], ["INCR", "n"]);
      bed.flush();
    }
    const frames = bed.entries().flatMap((entry) => entry.frames);
    for (const [index, frame] of frames.entries()) expect(frame.previous).toBe(frames[index - 1]?.last ?? 0);
    const versions = bed.mutations().map(({ hlc }) => hlc);
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
    expect(new Set(versions).size).toBe(versions.length);
  });

  test("never split a transaction, however long it is", () => {
    const bed = RegionBed.ready(new MemoryStore());
    const many = Array.from({ length: FRAME_MUTATIONS + 50 }, (_, i) => ["SET", `t${i}`, "v"]);
    bed.feed(["SET", "a", "1"], ["MULTI"], ...many, ["EXEC"], ["SET", "b", "1"]);
    bed.flush();
    const frames = bed.entries().flatMap((entry) => entry.frames);
    const holding = frames.filter((frame) => names(mutationsOf(frame)).some((name) => name.startsWith("t")));
    expect(holding).toHaveLength(1);
    const inside = bed.mutations().filter(({ key }) => key.startsWith("t"));
    expect(inside.map(({ continues }) => continues)).toEqual(many.map((_, i) => i > 0));
    const outside = bed.mutations().filter(({ key }) => key === "a" || key === "b");
    expect(outside.map(({ continues }) => continues)).toEqual([false, false]);
  });

  test("of one long stretch are many, none of them much longer than the limit", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(...Array.from({ length: 3 * FRAME_MUTATIONS + 7 }, (_, i) => ["SET", `k${i}`, "v"]));
    bed.flush();
    const sizes = bed.entries().flatMap((entry) => entry.frames.map((frame) => frame.mutations));
    expect(sizes).toEqual([FRAME_MUTATIONS, FRAME_MUTATIONS, FRAME_MUTATIONS, 7]);
  });
});

describe("what is ours", () => {
  test("publishes nothing: marks, effects behind them, reads", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, none, { kind: MutationKind.PutString, hlc: at(1), key: "x", value: "1" }));
    const [batch] = bed.flush().apply;
    if (batch) bed.echo(batch);
    bed.feed(["SET", "meridian:other", "x"], ["DEL", "meridian:read"]);
    bed.flush();
    expect(bed.region.counters.ownCommands).toBeGreaterThan(3);
    expect([bed.mutations(), bed.region.counters.mutations]).toEqual([[], 0]);
  });

  test("ends with EXEC; and what stands before the mark in our transaction is not ours", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "k", "v"]);
    bed.region.onRecord(US, "1", recordOf(US, 0 as never, none, { kind: MutationKind.PutString, hlc: at(1), key: "x", value: "1" }));
    const header = bed.flush().apply[0]?.args[3] as Buffer;
    bed.feed(["MULTI"], ["DEL", "k"], ["SET", "meridian:mark", header], ["SET", "x", "1"], ["EXEC"], ["SET", "after", "1"]);
    bed.flush();
    expect(bed.mutations().map(({ kind, key }) => [kind, key])).toEqual([
      [MutationKind.PutString, "k"],
      [MutationKind.RemoveKey, "k"],
      [MutationKind.PutString, "after"],
    ]);
  });

  test("a write says that it creates its key where its client found nothing there, also of a key that expired", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["HSET", "h", "f", "1", "g", "2"], ["PEXPIREAT", "h", String(bed.nowMs + 10_000)], ["INCRBY", "n", "5"], ["SET", "n", "1"]);
    bed.flush();
    bed.nowMs += 10_001;
    bed.feed(["DEL", "h"], ["HINCRBY", "h", "i", "2"], ["HSET", "h", "f", "3"], ["DEL", "n"], ["INCRBY", "n", "1"]);
    bed.flush();
    const K = MutationKind;
    expect(bed.mutations().map(({ kind, key, field, creates }) => [kind, key + field, creates])).toEqual([
      [K.PutField, "hf", true], [K.PutField, "hg", false], [K.PutExpiry, "h", false], [K.IncrementString, "n", true], [K.PutString, "n", false],
      [K.IncrementField, "hi", true], [K.PutField, "hf", false], [K.RemoveKey, "n", false], [K.IncrementString, "n", true],
    ]);
  });

  test("a sum of which nothing is left goes no further: the next increment begins another", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["INCRBY", "n", "5"], ["DEL", "n"], ["INCRBY", "n", "1"], ["INCRBY", "n", "1"]);
    bed.flush();
    const sums = bed.mutations().filter(({ kind }) => kind === MutationKind.IncrementString);
    expect(sums.map(({ sum }) => sum)).toEqual([5n, 1n, 2n]);
    expect(new Set(sums.map(({ birth }) => birth)).size).toBe(2);
  });

  test("an expiry's DEL is no delete, whoever's transaction it stands in", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "k", "v", "PXAT", String(bed.nowMs + 10_000)], ["SET", "l", "v"]);
    bed.flush();
    bed.nowMs += 10_001;
    bed.feed(["DEL", "k"], ["DEL", "l"]);
    bed.flush();
    expect(bed.mutations().filter(({ kind }) => kind === MutationKind.RemoveKey).map(({ key }) => key)).toEqual(["l"]);
  });
});

describe("acknowledging", () => {
  test("stops before what is not durable in the log, and goes on when it is", () => {
    const bed = RegionBed.ready(new MemoryStore());
    const before = bed.region.capturedOffset;
    bed.feed(["SET", "a", "1"]);
    bed.flush();
    const between = bed.region.capturedOffset;
    bed.feed(["SET", "b", "1"]);
    bed.flush();
    expect(bed.acknowledged).toBe(before);
    bed.region.onPublished(bed.published[0]?.seq ?? -1);
    bed.flush();
    expect(bed.acknowledged).toBe(between);
    bed.region.onPublished(bed.published[1]?.seq ?? -1);
    bed.flush();
    expect(bed.acknowledged).toBe(bed.region.capturedOffset);
  });

  test("does not wait for anything where nothing was published", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["PING"]);
    bed.flush();
    expect(bed.acknowledged).toBe(bed.region.capturedOffset);
  });

  test("forgets a published record in the store, and only that", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "a", "1"]);
    bed.flush();
    bed.feed(["SET", "b", "1"]);
    bed.flush();
    bed.region.onPublished(bed.published[0]?.seq ?? -1);
    bed.flush();
    expect([...store.range("out", "0", ":")].map(([, record]) => Buffer.from(record))).toEqual([bed.published[1]?.record]);
  });
});

describe("a crash", () => {
  test("between commit and publish: the same bytes are published again", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "a", "1"], ["INCRBY", "n", "5"]);
    bed.flush();
    const heir = new RegionBed(store.crash());
    heir.flush();
    expect(heir.published).toEqual(bed.published);
    heir.feed(["INCRBY", "n", "2"]);
    heir.flush();
    const [, second] = heir.entries();
    expect(second?.frames[0]?.previous).toBe(bed.entries()[0]?.frames[0]?.last);
    expect(heir.mutations().at(-1)).toMatchObject({ key: "n", sum: 7n });
  });

  test("in the middle of a transaction: nothing of it was committed, and all of it comes again", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SET", "a", "1"]);
    bed.flush();
    bed.feed(["MULTI"], ["SET", "b", "1"]);
    expect(bed.flush()).toMatchObject({ writes: [], publish: [], acknowledge: undefined });
    const place = bed.region.place;
    const heir = new RegionBed(store.crash());
    expect(heir.region.place).toEqual(place);
    heir.feed(["MULTI"], ["SET", "b", "1"], ["SET", "c", "1"], ["EXEC"]);
    heir.flush();
    expect(names(heir.mutations())).toEqual(["a", "b", "c"]);
  });

  test("anywhere, with a stream cut anywhere: everything is published once, in its database, in its order", { timeout: 120_000 }, () => {
    const key = fc.constantFrom("a", "b", "c");
    const write = fc.oneof(
      fc.tuple(fc.constant("SET"), key, fc.constantFrom("1", "x")),
      fc.tuple(fc.constant("INCRBY"), fc.constant("n"), fc.constantFrom("1", "-3")),
      fc.tuple(fc.constant("HSET"), fc.constant("h"), key, fc.constant("v")),
      fc.tuple(fc.constant("SADD"), fc.constant("s"), key),
    );
    const unit = fc.oneof(
      { weight: 5, arbitrary: write.map((command) => [command]) },
      { weight: 1, arbitrary: fc.constantFrom("0", "3", "15").map((db) => [["SELECT", db]]) },
      { weight: 1, arbitrary: fc.array(write, { maxLength: 4 }).map((inside) => [["MULTI"], ...inside, ["EXEC"]]) },
    );
    const cut = fc.record({ bytes: fc.integer({ min: 1, max: 60 }), then: fc.constantFrom("go on", "flush", "crash", "flush and crash") });
    const wanted = (m: SeenMutation): unknown => [m.kind, m.db, m.key, m.field, m.value, m.sum, m.continues];
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), fc.array(cut, { minLength: 1, maxLength: 40 }), (units, cuts) => {
        const stream = bytesOf(units.flat());
        const calm = new RegionBed(new MemoryStore());
        calm.push(stream);
        calm.flush();
        let store = new MemoryStore();
        let bed = new RegionBed(store);
        bed.flush();
        const bySeq = new Map<number, Buffer>();
        const collect = (): void => {
          for (const { seq, record } of bed.published) {
            expect(bySeq.get(seq) ?? record).toEqual(record);
            bySeq.set(seq, record);
          }
        };
        for (let offset = 0, turn = 0; offset < stream.length; turn += 1) {
          const { bytes, then } = cuts[turn % cuts.length] ?? { bytes: 60, then: "go on" };
          // A run of crashes without a commit would never end.
          const how = turn > 300 ? "flush" : then;
          bed.push(stream.subarray(offset, offset + bytes));
          offset += bytes;
          if (how.startsWith("flush")) bed.flush();
          if (!how.endsWith("crash")) continue;
          collect();
          store = store.crash();
          bed = new RegionBed(store);
          offset = bed.region.place?.offset ?? 0;
        }
        bed.flush();
        collect();
        const records = [...bySeq].sort(([a], [b]) => a - b).map(([seq, record]) => ({ seq, writer: EU, record }));
        const all = new RegionBed(new MemoryStore());
        all.published.push(...records);
        expect(all.mutations().map(wanted)).toEqual(calm.mutations().map(wanted));
      }),
      { numRuns: 250 },
    );
  });
});
