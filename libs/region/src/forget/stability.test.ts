import { encodeReadResult, READ_KEY, READ_TTL_MS } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { encodeRecord, heartbeatFrame } from "@meridian/wire";
import { HLC_ZERO, MutationKind, VersionVector, type Hlc, type WriterId } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { HEARTBEAT_PACE } from "./heartbeat.js";
import { AP, at, EU, NOW_MS, recordOf, RegionBed, REPLICATION_ID, US, type BedStore } from "../region-bed.js";
import { StoredKeys } from "../keys/stored-cells.js";

const LATER_MS = HEARTBEAT_PACE.everyMs + 1;
const span = { replicationId: REPLICATION_ID, firstOffset: 0, lastOffset: 1 };

function ready(): RegionBed {
  return RegionBed.ready(new MemoryStore());
}

/** Answers the reading of the server's clock, if one was asked for. */
function tellTime(bed: RegionBed, epoch = 1): boolean {
  const probe = bed.reads.findLast(({ keys }) => keys.length === 0);
  if (!probe) return false;
  bed.reads.length = 0;
  const result = encodeReadResult({ epoch, id: probe.id, values: [] });
  bed.feed(["MULTI"], ["SET", READ_KEY, result, "PXAT", String(bed.nowMs + READ_TTL_MS)], ["DEL", READ_KEY], ["EXEC"]);
  return true;
}

/** Time passes, and the region says how far it is if it has a reason to. */
function beat(bed: RegionBed, ms = LATER_MS): void {
  for (const { seq } of bed.published) bed.region.onPublished(seq);
  bed.nowMs += ms;
  bed.flush();
  bed.flush();
  tellTime(bed);
  bed.flush();
}

/** A peer says that it knows all of this, and what time its server has. */
function hear(bed: RegionBed, writer: WriterId, known: VersionVector, settledMs: number, last: Hlc = HLC_ZERO): void {
  bed.region.onRecord(writer, `${writer} ${settledMs}`, encodeRecord(writer, span, [heartbeatFrame(last, known, settledMs)]));
  bed.flush();
}

function hearAll(bed: RegionBed): void {
  const known = new VersionVector([[EU, bed.region.lastVersion]]);
  for (const peer of [US, AP]) hear(bed, peer, known, bed.nowMs + 1_000);
}

/** Lets what is due be worked off. */
function dig(bed: RegionBed): void {
  for (let turn = 0; turn < 4; turn += 1) {
    bed.nowMs += 50;
    bed.flush();
  }
}

function remains(store: BedStore): string[] {
  return new StoredKeys(store).remains;
}

describe("a heartbeat", () => {
  test("says once what is merged, without a mutation and without a version; then the region is silent until it has to say that it lives", () => {
    const bed = ready();
    bed.feed(["SET", "k", "v"]);
    bed.flush();
    beat(bed);
    const [, last] = bed.entries();
    expect(last?.frames).toHaveLength(1);
    const [frame] = last?.frames ?? [];
    expect(frame).toMatchObject({ mutations: 0, previous: bed.region.lastVersion, last: bed.region.lastVersion, settledMs: bed.nowMs });
    expect([...(frame?.context.entries() ?? [])]).toEqual([[EU, bed.region.lastVersion]]);
    expect(bed.region.counters).toMatchObject({ records: 1, heartbeats: 1, mutations: 1 });
    for (let times = 0; times < 3; times += 1) beat(bed);
    expect(bed.region.counters.heartbeats).toBe(1);
    beat(bed, HEARTBEAT_PACE.idleMs);
    expect(bed.region.counters).toMatchObject({ records: 1, heartbeats: 2 });
  });

  test("of a peer is no reason for another", () => {
    const bed = ready();
    for (let times = 1; times <= 4; times += 1) {
      hear(bed, US, new VersionVector(), bed.nowMs);
      beat(bed);
    }
    expect(bed.region.counters.heartbeats).toBe(0);
  });

  test("does not say that it has what its server does not hold yet", () => {
    const bed = ready();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), { kind: MutationKind.PutString, hlc: at(1), key: "x", value: "1" }));
    const [batch] = bed.flush().apply;
    if (batch) bed.echo(batch, [{ db: 0, kind: "s", key: "x", field: "" }]);
    bed.flush();
    expect(bed.region.frontier.get(US)).toBe(at(1));
    beat(bed);
    expect(bed.region.counters.heartbeats).toBe(0);
    beat(bed);
    expect(bed.region.counters.heartbeats).toBe(1);
    expect(bed.entries().at(-1)?.frames[0]?.context.get(US)).toBe(HLC_ZERO);
  });

  test("does not say that time has passed while what clients did waits to be read", () => {
    const bed = ready();
    bed.feed(["SET", "k", "v", "PXAT", String(bed.nowMs + 60_000)], ["PERSIST", "k"], ["APPEND", "k", "w"]);
    bed.flush();
    const reading = bed.reads.find(({ keys }) => keys.length > 0);
    beat(bed);
    beat(bed);
    beat(bed);
    const told = bed.entries().at(-1)?.frames[0];
    expect(told).toMatchObject({ mutations: 0, settledMs: 0 });
    const value = { db: 0, key: "k", type: "string" as const, deadlineMs: -1, payload: Buffer.from("vw") };
    const result = encodeReadResult({ epoch: 1, id: reading?.id ?? 0, values: [value] });
    bed.feed(["MULTI"], ["SET", READ_KEY, result, "PXAT", String(bed.nowMs + READ_TTL_MS)], ["DEL", READ_KEY], ["EXEC"]);
    beat(bed);
    beat(bed);
    expect(bed.entries().at(-1)?.frames.at(-1)?.settledMs).toBeGreaterThan(NOW_MS);
  });

  test("counts only when everything before it in its log has come", () => {
    const bed = ready();
    hear(bed, US, new VersionVector(), bed.nowMs, at(5));
    expect(bed.region.holds).toMatchObject([{ writer: US, code: "RECORD_GAP" }]);
    expect(bed.region.stability.peers[0]).toMatchObject({ writer: US, settledMs: 0 });
  });
});

describe("what is left of a dead key", () => {
  function expired(): RegionBed {
    const bed = ready();
    bed.feed(["HSET", "h", "f", "1"], ["HINCRBY", "h", "n", "2"], ["PEXPIREAT", "h", String(bed.nowMs + 100)]);
    bed.flush();
    bed.nowMs += 101;
    bed.feed(["DEL", "h"]);
    bed.flush();
    expect(remains(bed.store)).toContain("key 0|h");
    beat(bed);
    return bed;
  }

  test("stays while one region has not said that it is past it, and goes when all have", () => {
    const bed = expired();
    const known = new VersionVector([[EU, bed.region.lastVersion]]);
    hear(bed, US, known, bed.nowMs + 1_000);
    dig(bed);
    expect(remains(bed.store)).toContain("key 0|h");
    expect(bed.region.stability.peers).toMatchObject([{ writer: US, holdsBack: false }, { writer: AP, holdsBack: true }]);
    hear(bed, AP, known, NOW_MS);
    dig(bed);
    expect(remains(bed.store)).toContain("key 0|h");
    hear(bed, AP, known, bed.nowMs + 1_000);
    dig(bed);
    expect(remains(bed.store)).toEqual([]);
    expect([...bed.store.range("cell", "A", "Z")]).toEqual([]);
    expect(bed.region.stability).toMatchObject({ oldestMs: undefined, forgotten: 1 });
  });

  test("goes in another life too", () => {
    const bed = expired();
    const heir = RegionBed.ready((bed.store as MemoryStore).crash(), 2);
    heir.nowMs = bed.nowMs;
    hearAll(heir);
    dig(heir);
    expect(remains(heir.store)).toEqual([]);
  });

  test("what came back meanwhile stays", () => {
    const bed = expired();
    bed.feed(["HSET", "h", "g", "3"]);
    bed.flush();
    // what was left of the old key was touched by the new one: it waits once more
    for (let times = 0; times < 2; times += 1) {
      beat(bed);
      hearAll(bed);
      dig(bed);
    }
    expect(remains(bed.store)).toEqual([]);
    expect([...bed.store.range("cell", "A", "Z")].length).toBe(2);
  });
});

test("a sum that was taken away, and a deadline that outlived the last member, are forgotten", () => {
  const bed = ready();
  bed.feed(["INCRBY", "n", "5"], ["SET", "n", "1"], ["SADD", "s", "m"], ["PEXPIREAT", "s", String(bed.nowMs + 1_000_000_000)], ["SREM", "s", "m"]);
  bed.flush();
  expect(remains(bed.store)).toEqual(expect.arrayContaining(["key 0|n", "key 0|s"]));
  beat(bed);
  hearAll(bed);
  dig(bed);
  expect(remains(bed.store)).toEqual([]);
  expect([...bed.store.range("cell", "A", "Z")].map(([name]) => name)).toEqual([expect.stringContaining("n")]);
});

test("a sum that was taken away is forgotten also in a cell whose value the server dropped, and nobody here has", () => {
  const bed = ready();
  bed.feed(["HINCRBY", "h", "f", "5"], ["HSET", "h", "f", "x".repeat(50)], ["PEXPIREAT", "h", String(bed.nowMs + 100)]);
  bed.flush();
  bed.nowMs += 101;
  bed.feed(["DEL", "h"]);
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), { kind: MutationKind.PutExpiry, hlc: at(1), key: "h", number: Infinity }));
  for (let round = 0; round < 3; round += 1) {
    bed.flush();
    for (const batch of bed.batches.splice(0)) bed.echo(batch);
  }
  expect(bed.region.counters.valuesMissing).toBe(1);
  expect(remains(bed.store)).toEqual(expect.arrayContaining([expect.stringContaining("h")]));
  for (let times = 0; times < 2; times += 1) {
    beat(bed);
    const known = new VersionVector([[EU, bed.region.lastVersion], [US, at(1)]]);
    hear(bed, US, known, bed.nowMs + 1_000, at(1));
    hear(bed, AP, known, bed.nowMs + 1_000);
    dig(bed);
  }
  expect(remains(bed.store).filter((name) => !name.startsWith("names"))).toEqual([]);
});
