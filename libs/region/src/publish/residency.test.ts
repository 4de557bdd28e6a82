import { decodeMark } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { encodeRecord, heartbeatFrame } from "@meridian/wire";
import { groupOf, groupWriter, HLC_ZERO, MutationKind, VersionVector, writerId, type Hlc, type ReadonlyVector, type WriterId } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { HEARTBEAT_PACE } from "../forget/heartbeat.js";
import { parsePolicy, PolicyTable, type Policy } from "../policies/policy-table.js";
import { AP, at, EU, mutationsOf, recordUnder, RegionBed, REPLICATION_ID, US } from "../region-bed.js";
import type { RegionOptions } from "../region-options.js";
import { Residency, within } from "./residency.js";

const K = MutationKind;
const EU_EU_US = groupWriter(EU, "eu+us");
const US_EU_US = groupWriter(US, "eu+us");
const span = { replicationId: REPLICATION_ID, firstOffset: 0, lastOffset: 1 };

function tableOf(rows: Readonly<Record<string, string>>): PolicyTable {
  return new PolicyTable(Object.entries(rows).map(([prefix, text]) => ({ prefix, policy: parsePolicy(text) as Policy })));
}

const policies = tableOf({ "in:": "regions=eu,us", "out:": "regions=ap,us", "in:all:": "crdt" });

function ready(options: Partial<RegionOptions> = {}, store = new MemoryStore()): RegionBed {
  return RegionBed.ready(store, 1, new VersionVector(), { policies, ...options });
}

/** What each log holds: keys of its mutations, in order. */
function keysByLog(bed: RegionBed): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  for (const { writer, frames } of bed.entries()) (keys[writer] ??= []).push(...frames.flatMap(mutationsOf).map(({ key }) => key));
  return keys;
}

function textOf(vector: ReadonlyVector): string {
  return new VersionVector(vector.entries()).toString();
}

function contextsOf(bed: RegionBed, writer: WriterId): string[] {
  return bed.entries().filter((entry) => entry.writer === writer).flatMap(({ frames }) => frames.map(({ context }) => textOf(context)));
}

describe("circles", () => {
  test("are those of which the region is a member, each with its own writers", () => {
    const residency = Residency.of(policies, EU, [US, AP]);
    expect(residency?.groups).toEqual([{ group: "eu+us", writer: EU_EU_US, peers: [US_EU_US] }]);
    expect(["x", "in:1", "in:all:1"].map((key) => residency?.writerOf(key))).toEqual([EU, EU_EU_US, EU]);
    expect(["x", "in:1", "out:1"].map((key) => residency?.isForeign(key))).toEqual([false, false, true]);
    expect(Residency.of(tableOf({ a: "local" }), EU, [US])).toBeUndefined();
  });

  test("have vectors that say of their own writers only", () => {
    const vector = new VersionVector([[EU, at(1)], [EU_EU_US, at(2)], [US_EU_US, at(3)], [AP, at(4)]]);
    expect(within(vector, "").toString()).toBe(new VersionVector([[EU, at(1)], [AP, at(4)]]).toString());
    expect(within(vector, "eu+us").toString()).toBe(new VersionVector([[EU_EU_US, at(2)], [US_EU_US, at(3)]]).toString());
  });
});

describe("what a member writes", () => {
  test("goes to the log of its key's group, and nowhere else", () => {
    const bed = ready();
    bed.feed(["SET", "all", "1"], ["SET", "in:1", "SECRET"], ["MSET", "in:2", "SECRET", "in:all:2", "2"], ["INCRBY", "in:n", "5"], ["DEL", "in:1"], ["PEXPIREAT", "in:2", "1900000000000"]);
    bed.flush();
    expect(keysByLog(bed)).toEqual({ [EU]: ["all", "in:all:2"], [EU_EU_US]: ["in:1", "in:2", "in:n", "in:1", "in:2"] });
    for (const { writer, record } of bed.published) if (groupOf(writer) === "") expect(record.toString("latin1")).not.toMatch(/SECRET|in:1|in:2|in:n|eu\+us/);
  });

  test("is one unit for each log where it was one", () => {
    const bed = ready();
    bed.feed(["MULTI"], ["SET", "in:1", "a"], ["SET", "all", "b"], ["SET", "in:2", "c"], ["SET", "all2", "d"], ["EXEC"], ["MULTI"], ["SET", "all", "e"], ["SET", "in:1", "f"], ["EXEC"]);
    bed.flush();
    const told = bed.entries().map(({ writer, frames }) => [writer, ...frames.flatMap(mutationsOf).map(({ key, continues }) => `${key}${continues ? " continues" : ""}`)]);
    expect(told).toEqual([[EU, "all", "all2 continues", "all"], [EU_EU_US, "in:1", "in:2 continues", "in:1"]]);
  });

  test("has versions that rise in each log, without gaps, over the end of a life too", () => {
    const store = new MemoryStore();
    const bed = ready({}, store);
    bed.feed(["SET", "in:1", "a"], ["SET", "all", "b"]);
    bed.flush();
    bed.feed(["SET", "in:1", "c"], ["SET", "all", "d"]);
    bed.flush();
    const heir = new RegionBed(store, {}, { policies });
    heir.published.push(...heir.region.flush(heir.nowMs).publish);
    expect(heir.published.map(({ seq, writer, record }) => [seq, writer, record.toString("hex")])).toEqual(bed.published.map(({ seq, writer, record }) => [seq, writer, record.toString("hex")]));
    heir.region.onFenced(2);
    heir.feed(["SET", "in:1", "e"]);
    heir.flush();
    for (const own of [EU, EU_EU_US]) {
      let last: number = HLC_ZERO;
      for (const frame of heir.entries().filter(({ writer }) => writer === own).flatMap(({ frames }) => frames)) {
        expect(frame.previous).toBe(last);
        last = frame.last;
      }
    }
  });
});

describe("what comes from a member", () => {
  test("is merged under the group's own writers, and is context in its group only", () => {
    const bed = ready();
    expect(bed.region.followed).toEqual([US, AP, US_EU_US]);
    bed.region.onRecord(US_EU_US, "1", recordUnder(policies.digest, US_EU_US, HLC_ZERO, new VersionVector(), { kind: K.PutString, hlc: at(1), key: "in:1", value: "x" }));
    bed.region.onRecord(US, "1", recordUnder(policies.digest, US, HLC_ZERO, new VersionVector(), { kind: K.PutString, hlc: at(2), key: "all", value: "y" }));
    bed.flush();
    const [batch] = bed.batches;
    if (!batch) throw new Error("nothing was applied");
    expect(decodeMark(batch.args[3] as Buffer).vector.get(US_EU_US)).toBe(at(1));
    bed.echo(batch);
    bed.feed(["SET", "in:1", "z"], ["SET", "all", "z"]);
    bed.flush();
    expect(contextsOf(bed, EU)).toEqual([new VersionVector([[US, at(2)]]).toString()]);
    expect(contextsOf(bed, EU_EU_US)).toEqual([new VersionVector([[US_EU_US, at(1)]]).toString()]);
  });
});

describe("a region that is no member", () => {
  test("keeps what its clients write there, counts it, and remembers nothing of it", () => {
    const bed = ready();
    bed.feed(["SET", "out:1", "SECRET"], ["MSET", "out:2", "SECRET", "all", "1"], ["RPUSH", "out:l", "a"], ["DEL", "out:1"]);
    bed.flush();
    expect(bed.published).toEqual([]);
    expect(bed.region.counters.foreign).toEqual(new Map([["ap+us", 4]]));
    // The shared key of the second command is read, as beside local ones.
    expect(bed.reads.flatMap(({ keys }) => keys)).toEqual([{ db: 0, key: "all" }]);
    expect([...bed.store.range("cell", "K", "L")].filter(([name]) => name.includes("out:"))).toEqual([]);
  });

  test("does not import it", () => {
    const bed = new RegionBed(new MemoryStore(), {}, { policies });
    bed.region.onListed(0, "0", ["out:1", "in:1", "all"]);
    bed.flush();
    expect([...bed.store.range("state", "blind:", "blind;")].map(([name]) => name).filter((name) => name.includes("out:"))).toEqual([]);
    expect([...bed.store.range("state", "blind:", "blind;")]).toHaveLength(2);
  });
});

describe("what is forgotten", () => {
  const beat = (bed: RegionBed): void => {
    for (const { seq } of bed.published) bed.region.onPublished(seq);
    bed.nowMs += HEARTBEAT_PACE.everyMs + 1;
    for (let turn = 0; turn < 4; turn += 1) {
      bed.flush();
      bed.nowMs += 50;
    }
  };
  const hear = (bed: RegionBed, writer: WriterId): void => {
    const known = new VersionVector([[EU, bed.region.frontier.get(EU)], ...lastsOf(bed)]);
    const heartbeat = heartbeatFrame(HLC_ZERO, within(known, groupOf(writer)), bed.nowMs + 60_000);
    bed.region.onRecord(writer, `${writer} ${bed.nowMs}`, encodeRecord(writer, span, [heartbeat], policies.digest));
    bed.flush();
  };
  const lastsOf = (bed: RegionBed): (readonly [WriterId, Hlc])[] =>
    bed.entries().flatMap(({ writer, frames }) => frames.map(({ last }) => [writer, last] as const));

  test("of a group's keys waits for its members, and for nobody else", () => {
    const bed = ready();
    for (const key of ["in:n", "n"]) bed.feed(["INCRBY", key, "5"], ["DEL", key]);
    bed.flush();
    beat(bed);
    const heldBack = bed.region.stability.peers.map(({ writer, holdsBack }) => [writer, holdsBack]);
    expect(heldBack).toEqual([[US, true], [AP, true], [US_EU_US, true]]);
    hear(bed, US_EU_US);
    beat(bed);
    expect(bed.region.stability.forgotten).toBe(1);
    expect([...bed.store.range("cell", "K", "L")].map(([name]) => name.slice(3))).toEqual(["=n"]);
    hear(bed, US);
    beat(bed);
    expect(bed.region.stability.forgotten).toBe(1);
    hear(bed, AP);
    beat(bed);
    expect(bed.region.stability.forgotten).toBe(2);
  });
});

test("regions' names sort as their writers do, so that ties go to the same one in a group as without it", () => {
  expect(groupWriter(writerId("ap", "0"), "ap+eu") < groupWriter(EU, "ap+eu")).toBe(AP < EU);
});
