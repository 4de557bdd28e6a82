/** What capture leaves out: keys of Meridian itself, and deadlines of hash fields. */
import { MemoryStore } from "@meridian/store";
import { MutationKind } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { REPLICATION_ID, RegionBed } from "../region-bed.js";

const nameOf = new Map<number, string>(Object.entries(MutationKind).map(([name, kind]) => [kind, name]));

describe("keys of ours", () => {
  test("are never published, in whatever command and at whatever argument they stand; keys of users beside them are", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "meridian:x", "1"], ["MSET", "meridian:x", "1", "a", "1", "meridian:y", "2"], ["MSET", "b", "1", "meridian:y", "2"]);
    bed.feed(["BITOP", "NOT", "meridian:x", "meridian:y"], ["RENAME", "meridian:x", "meridian:y"], ["HSET", "meridian:h", "f", "1"]);
    bed.feed(["XGROUP", "CREATE", "meridian:s", "g", "$"], ["DEL", "meridian:x", "meridian:y"], ["COPY", "a", "meridian:z"]);
    bed.feed(["SET", "gone", "1"], ["SET", "gone2", "1"], ["DEL", "meridian:x", "gone"], ["UNLINK", "gone2", "meridian:y"]);
    bed.feed(["SADD", "s", "m"], ["SMOVE", "s", "meridian:s", "m"], ["SMOVE", "meridian:s", "t", "m"]);
    bed.flush();
    const seen = bed.mutations().map(({ kind, key }) => `${nameOf.get(kind)} ${key}`);
    expect(seen).toEqual([
      ...["PutString a", "PutString b", "PutString gone", "PutString gone2", "RemoveKey gone", "RemoveKey gone2"],
      ...["AddMember s", "RemoveMember s", "AddMember t"],
    ]);
    expect(bed.reads).toEqual([]);
  });

  test("a value that comes from one is read under the user's name", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["RENAME", "meridian:x", "mine"], ["COPY", "meridian:y", "yours"]);
    bed.flush();
    expect(bed.reads.flatMap(({ keys }) => keys.map(({ key }) => key))).toEqual(["mine", "yours"]);
    expect(bed.mutations()).toEqual([]);
  });
});

describe("a deadline of a field", () => {
  test("stays here and is counted; HSETEX publishes its values", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["HSETEX", "h", "FIELDS", "2", "f", "1", "g", "2"]);
    expect(bed.region.counters.unsupported.size).toBe(0);
    bed.feed(["HSETEX", "h", "FXX", "PXAT", "1900000000000", "FIELDS", "1", "f", "3"], ["HPEXPIREAT", "h", "1900000000000", "FIELDS", "1", "g"]);
    bed.feed(["HDEL", "h", "g"]);
    bed.flush();
    expect(bed.mutations().map(({ kind, field, value }) => [nameOf.get(kind), field, value])).toEqual([
      ...[["PutField", "f", "1"], ["PutField", "g", "2"], ["PutField", "f", "3"], ["RemoveField", "g", ""]],
    ]);
    expect([...bed.region.counters.unsupported]).toEqual([["hsetex", 1], ["hpexpireat", 1]]);
    expect(bed.reads).toEqual([]);
  });
});

describe("a command without a row", () => {
  test("is counted by name; where the server says where its keys are, these are read", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["JSON.SET", "doc", "$", "1"]);
    bed.flush();
    expect([...bed.region.counters.unsupported]).toEqual([["json.set", 1]]);
    expect(bed.reads).toEqual([]);
    const foreign = [{ name: "json.set", first: 1, last: 1, step: 1 }, { name: "json.mset", first: 1, last: -1, step: 3 }];
    bed.region.onAttached({ replicationId: REPLICATION_ID, offset: bed.region.capturedOffset }, true, [], foreign);
    bed.feed(["JSON.SET", "doc", "$", "2"], ["json.mset", "a", "$", "1", "meridian:b", "$", "2", "c", "$", "3"], ["JSON.DEL", "doc"]);
    bed.flush();
    expect(bed.reads.flatMap(({ keys }) => keys.map(({ key }) => key))).toEqual(["doc", "a", "c"]);
    expect([...bed.region.counters.unsupported]).toEqual([["json.set", 1], ["json.del", 1]]);
    expect([...bed.region.counters.wholeValue]).toEqual([["json.set", 1], ["json.mset", 1]]);
  });
});
