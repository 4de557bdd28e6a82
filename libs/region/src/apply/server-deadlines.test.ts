import { encodeMarkHeader, encodeReadResult, MARK_KEY, READ_KEY, type ApplyBatch } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { expect, test } from "vitest";
import { at, EU, recordOf, RegionBed, US } from "../region-bed.js";

test("a deadline that met a number which a client had just set: what the server drops then is no client's delete", () => {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["INCRBY", "k", "5"]);
  bed.flush();
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), { kind: MutationKind.PutExpiry, hlc: at(1), key: "k", number: bed.nowMs + 50 }));
  const [batch] = bed.flush().apply;
  bed.feed(["SET", "k", "200"]);
  if (batch) bed.echo(batch);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString]);
});

test("a value with a deadline that met an equal one which a client had just set: what the server drops then is no client's delete", () => {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["SET", "k", "a"]);
  bed.flush();
  const seen = new VersionVector([[EU, bed.region.lastVersion]]);
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, seen, { kind: MutationKind.PutString, hlc: at(1), key: "k", value: "b", number: bed.nowMs + 50 }));
  const [batch] = bed.flush().apply;
  bed.feed(["SET", "k", "a"]);
  if (batch) bed.echo(batch);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.PutString, MutationKind.PutString]);
});

/** A peer put a number with a deadline beside our counter; a client made that a decimal before the batch came, which could not raise it. */
function skippedBesideDeadline(): { bed: RegionBed; batch: ApplyBatch } {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["INCRBY", "k", "5"]);
  bed.flush();
  const put = { kind: MutationKind.PutString, hlc: at(1), key: "k", value: "7" };
  const until = { kind: MutationKind.PutExpiry, hlc: at(1, 1), key: "k", number: bed.nowMs + 50 };
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), put, until));
  const [batch] = bed.flush().apply;
  if (!batch) throw new Error("nothing was applied");
  bed.feed(["SET", "k", "6.5", "KEEPTTL"]);
  return { bed, batch };
}

const COUNTER = { db: 0, kind: "s", key: "k", field: "" } as const;

test("a deadline that was set although its number could not be raised: what the server drops then is no client's delete", () => {
  const { bed, batch } = skippedBesideDeadline();
  bed.echo(batch, [COUNTER]);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString]);
});

test("the same where the batch is of an earlier life, which alone knew what it was to set", () => {
  const { bed, batch } = skippedBesideDeadline();
  bed.flush();
  const later = new RegionBed(bed.store);
  later.nowMs = bed.nowMs + 60;
  later.echo(batch, [COUNTER]);
  later.feed(["DEL", "k"]);
  later.flush();
  expect(later.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString]);
});

test("the same where a read tells that the key is gone, for a client had edited it meanwhile", () => {
  const { bed, batch } = skippedBesideDeadline();
  bed.flush();
  const later = new RegionBed(bed.store);
  later.region.onFenced(2);
  later.nowMs = bed.nowMs + 60;
  later.echo(batch, [COUNTER]);
  later.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch: 2, seq: 0, vector: new VersionVector(), deferred: [], settled: [] })]);
  later.feed(["APPEND", "k", "0"], ["DEL", "k"]);
  later.flush();
  const id = later.reads.at(-1)?.id ?? 0;
  const values = [{ db: 0, key: "k", type: "none" as const, deadlineMs: -1 }];
  later.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 2, id, values })], ["DEL", READ_KEY], ["EXEC"]);
  later.flush();
  expect(later.region.counters.readBacks).toBe(1);
  expect(later.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString]);
});

test("a client deletes a number beside which a deadline was not set", () => {
  const { bed, batch } = skippedBesideDeadline();
  bed.echo(batch, [COUNTER, { ...COUNTER, kind: "t" }]);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString, MutationKind.RemoveKey]);
});

/** A peer's string dies on its way to the server, and a client makes a key of another type; what is read then is as it says. */
test.each([
  ["a list", ["RPUSH", "k", "a"], { type: "list" as const, items: [Buffer.from("a")] }, MutationKind.PutElements],
  ["a hash", ["HSET", "k", "f", "a"], { type: "hash" as const, items: [Buffer.from("f"), Buffer.from("a")] }, MutationKind.PutField],
])("where %s is found in place of a string that was to die, no client has removed that", (_, command, found, kind) => {
  const bed = RegionBed.ready(new MemoryStore());
  const put = { kind: MutationKind.PutString, hlc: at(1), key: "k", value: "v", number: bed.nowMs + 50 };
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), put));
  const [batch] = bed.flush().apply;
  if (batch) bed.echo(batch);
  bed.feed(command);
  bed.flush();
  bed.nowMs += 60;
  const read = bed.reads.at(-1);
  const values = [{ db: 0, key: "k", deadlineMs: -1, ...found }];
  bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 1, id: read?.id ?? 0, values })], ["DEL", READ_KEY], ["EXEC"]);
  bed.flush();
  expect(read?.keys.map(({ key }) => key)).toEqual(["k"]);
  expect(bed.mutations().map((m) => m.kind)).toEqual([kind]);
});
