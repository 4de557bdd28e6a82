import { describe, expect, it } from "vitest";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type WriterId } from "@meridian/words";
import { CONFLICT_LIMITS, ConflictLedger } from "./conflict-ledger.js";
import type { ConflictRecord } from "./conflict-record.js";
import { readConflicts } from "./conflict-store.js";
import { zeroCounters } from "../counters.js";
import type { StateWrite } from "../effects.js";
import { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { AP, at, EU, NOW_MS, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";

const K = MutationKind;
const NONE = new VersionVector();
const LONG = "x".repeat(50);

/** A region that applies what it gets. */
function bed(store = new MemoryStore()): RegionBed {
  return RegionBed.ready(store);
}

/** One frame of `writer`, applied; returns what the ledger holds then. */
function receive(to: RegionBed, writer: WriterId, previous: number, context: VersionVector, ...said: SaidMutation[]): readonly string[] {
  to.region.onRecord(writer, String(previous + 1), recordOf(writer, previous === 0 ? (0 as never) : at(previous), context, ...said));
  to.flush();
  for (const batch of to.batches.splice(0)) to.echo(batch);
  to.flush();
  return ledgerOf(to);
}

function ledgerOf(of: RegionBed): readonly string[] {
  return readConflicts(of.store, {}).records.map(told);
}

function told(record: ConflictRecord): string {
  const { rule, kind, key, field, loser, winner, value, valueBytes, winnerPrint } = record;
  const lost = value?.toString("latin1") ?? (valueBytes === undefined ? "-" : `${valueBytes} bytes`);
  return `${rule} ${kind} ${key}${field === "" ? "" : ` ${field}`}: ${loser.writer} ${lost} -> ${winner?.writer ?? "-"} ${winnerPrint}`;
}

describe("the ledger records", () => {
  it("the earlier of two values that had not seen each other, whichever side wrote it", () => {
    const local = bed();
    local.nowMs += 10;
    local.feed(["SET", "k", "ours"]);
    local.flush();
    const theirs = { kind: K.PutString, hlc: at(5), key: "k", value: "theirs" };
    expect(receive(local, US, 0, NONE, theirs)).toEqual(["register s k: us/0 theirs -> eu/0 =ours"]);
    expect(receive(local, AP, 0, NONE, { kind: K.PutString, hlc: at(20), key: "k", value: LONG })).toEqual([
      "register s k: us/0 theirs -> eu/0 =ours",
      expect.stringMatching(/^register s k: eu\/0 ours -> ap\/0 #/),
      expect.stringMatching(/^register s k: us\/0 theirs -> ap\/0 #/),
    ]);
  });

  it("nothing where the same was written, where one had seen the other, and where increments add up", () => {
    const one = bed();
    one.feed(["SET", "k", "same"], ["INCRBY", "n", "2"], ["SET", "old", "a"]);
    one.flush();
    const seen = new VersionVector([[EU, at(900)]]);
    receive(one, US, 0, NONE, { kind: K.PutString, hlc: at(5), key: "k", value: "same" }, { kind: K.IncrementString, hlc: at(6), key: "n", birth: at(6), sum: 4n });
    expect(receive(one, US, 6, seen, { kind: K.PutString, hlc: at(7), key: "old", value: "b" })).toEqual([]);
    expect(one.region.counters.conflicts).toBe(0);
  });

  it("what another type hides, also where that came when the key had expired: it goes with the key", () => {
    const one = bed();
    one.nowMs += 10;
    one.feed(["SADD", "k", "m"], ["PEXPIREAT", "k", String(one.nowMs + 100)]);
    one.flush();
    one.nowMs += 101;
    one.feed(["DEL", "k"]);
    expect(receive(one, US, 0, NONE, { kind: K.PutString, hlc: at(5), key: "k", value: "theirs" })).toEqual(["type s k: us/0 theirs -> eu/0 =set"]);
  });

  it("nothing of a type where the write that hides it had seen it go, whichever comes first", () => {
    const one = bed();
    receive(one, AP, 0, NONE, { kind: K.PutField, hlc: at(1), key: "k", field: "g", value: "1" });
    const hidden = ["type h k g: ap/0 1 -> us/0 =set"];
    expect(receive(one, US, 0, NONE, { kind: K.AddMember, hlc: at(2), key: "k", field: "m" })).toEqual(hidden);
    const seen = new VersionVector([[US, at(10)]]);
    receive(one, AP, 1, seen, { kind: K.PutField, hlc: at(20), key: "k", field: "f", value: "2" });
    receive(one, US, 2, NONE, { kind: K.RemoveMember, hlc: at(10), key: "k", field: "m" });
    expect(ledgerOf(one)).toEqual(hidden);
  });

  it("what a type hides also where its write had seen more than has come: when that is there, and it still stands", () => {
    const one = bed();
    receive(one, US, 0, NONE, { kind: K.AddMember, hlc: at(2), key: "k", field: "m" });
    const seen = new VersionVector([[US, at(10)]]);
    expect(receive(one, AP, 0, seen, { kind: K.PutField, hlc: at(20), key: "k", field: "f", value: "2" })).toEqual([]);
    expect(receive(one, US, 2, NONE, { kind: K.AddMember, hlc: at(10), key: "k", field: "n" })).toEqual(["type e k n: us/0 - -> ap/0 =hash"]);
  });

  it("a removal that did not take what this region had written meanwhile, once for a whole key", () => {
    const one = bed();
    one.feed(["HSET", "h", "f", "1", "g", "2"], ["SADD", "s", "m"]);
    one.flush();
    expect(receive(one, US, 0, NONE, { kind: K.RemoveKey, hlc: at(5), key: "h" }, { kind: K.RemoveMember, hlc: at(6), key: "s", field: "m" })).toEqual([
      "remove k h: us/0 - -> eu/0 ",
      "remove e s m: us/0 - -> eu/0 ",
    ]);
  });

  it("no removal where a key is only made anew after it expired elsewhere", () => {
    const one = bed();
    one.feed(["HSET", "h", "f", "1"]);
    one.flush();
    expect(receive(one, US, 0, NONE, { kind: K.RemoveKey, hlc: at(5), key: "h" }, { kind: K.PutField, hlc: at(5), key: "h", field: "g", value: "2" })).toEqual([]);
  });

  it("increments that hide behind a text, once for each writer's run, and sums that stop at the edge", () => {
    const one = bed();
    one.feed(["SET", "k", "text"], ["SET", "m", "9223372036854775800"]);
    one.flush();
    const raise = (ms: number, sum: bigint): SaidMutation => ({ kind: K.IncrementString, hlc: at(ms), key: "k", birth: at(1), sum });
    receive(one, US, 0, NONE, raise(1, 5n));
    expect(receive(one, US, 1, NONE, raise(2, 7n))).toEqual(["hidden s k: us/0 5 -> eu/0 =text"]);
    expect(receive(one, AP, 0, NONE, { kind: K.IncrementString, hlc: at(3), key: "m", birth: at(3), sum: 10n })[1]).toBe("clamped s m: ap/0 9223372036854775810 -> - =9223372036854775807");
  });

  it("the shorter of two deadlines, but not where its value lost to the other's too", () => {
    const one = bed();
    const deadline = NOW_MS + 1_000_000;
    one.feed(["SET", "k", "v", "PXAT", String(deadline)], ["SET", "j", "v", "PXAT", String(deadline)]);
    one.flush();
    expect(receive(one, US, 0, NONE, { kind: K.PutString, hlc: at(5), key: "k", value: "v", number: Infinity }, { kind: K.PutString, hlc: at(6), key: "j", value: "w", number: Infinity })).toEqual([
      "register s j: eu/0 v -> us/0 =w",
      `expiry t k: eu/0 ${deadline} -> us/0 =none`,
    ]);
  });

  it("scores as numbers", () => {
    const one = bed();
    one.nowMs += 100;
    one.feed(["ZADD", "z", "2.5", "m"]);
    one.flush();
    expect(receive(one, US, 0, NONE, { kind: K.PutScore, hlc: at(5), key: "z", field: "m", number: 1.5 })).toEqual(["score z z m: us/0 1.5 -> eu/0 =2.5"]);
  });
});

describe("the ledger", () => {
  it("is committed with the cells: a crash between merging and commit records the same once", () => {
    const store = new MemoryStore();
    const first = bed(store);
    first.feed(["SET", "k", "ours"]);
    first.flush();
    first.region.onRecord(US, "1", recordOf(US, 0 as never, NONE, { kind: K.PutString, hlc: at(5), key: "k", value: "theirs" }));
    first.flush();
    const [batch] = first.batches;
    if (!batch) throw new Error("nothing was issued");
    first.echo(batch);
    expect(ledgerOf(first)).toEqual([]);
    // Dies here: the mark is read again by the next life.
    const second = RegionBed.ready(store.crash(), 2, new VersionVector([[US, at(5)]]));
    const recorded = ledgerOf(second);
    expect(recorded).toHaveLength(1);
    const third = RegionBed.ready((second.store as MemoryStore).crash(), 3, new VersionVector([[US, at(5)]]));
    expect(ledgerOf(third)).toEqual(recorded);
  });

  it("keeps within its bytes and its age, the newest, and lets long values go", () => {
    const store = new MemoryStore();
    let nowMs = NOW_MS;
    const counters = zeroCounters();
    const conflicts = { ...CONFLICT_LIMITS, bytesMax: 1_000, ageMsMax: 5_000, valueBytesMax: 40 };
    const ledger = new ConflictLedger({ writer: EU, store, conflicts }, counters, () => nowMs, () => EU);
    const lose = (number: number, value: string): void => {
      const slot = new CellSlot(new KeyEntry(0, `k${number}`), "s", "");
      const hidden = { writer: US, hlc: at(number), print: `#${"0".repeat(16)}`, number: Infinity, value: Buffer.from(value) };
      slot.base.siblings = [hidden, { writer: AP, hlc: at(number + 1), print: "=w", number: Infinity, value: undefined }];
      ledger.merged(slot, []);
    };
    const commit = (): void => {
      const writes: StateWrite[] = [];
      ledger.collect(writes, nowMs);
      store.commit(writes);
    };
    for (let number = 1; number <= 20; number += 1) {
      lose(number, number === 20 ? LONG : "y".repeat(33));
      commit();
    }
    const kept = readConflicts(store, {}).records;
    expect(kept.length).toBeGreaterThan(2);
    expect(kept.length).toBeLessThan(8);
    expect(kept.at(-1)).toMatchObject({ key: "k20", value: undefined, valueBytes: 50 });
    expect(kept.at(-2)?.value?.toString()).toBe("y".repeat(33));
    expect(readConflicts(store, { before: 0, limit: 2 }).records.map(({ key }) => key)).toEqual(["k20", "k19"]);
    const up: string[] = [];
    const down: string[] = [];
    const pageAt = (place: object): ReturnType<typeof readConflicts> => readConflicts(store, { limit: 1, ...place });
    for (let page = pageAt({}); page.records[0]; page = pageAt({ after: page.next })) up.push(page.records[0].key);
    for (let page = pageAt({ before: 0 }); page.records[0]; page = pageAt({ before: page.next })) down.push(page.records[0].key);
    expect([up, down.reverse()]).toEqual([kept.map(({ key }) => key), kept.map(({ key }) => key)]);
    expect([readConflicts(store, {}).isEnd, readConflicts(store, { before: 0 }).isEnd]).toEqual([true, true]);
    expect(counters.conflicts).toBe(20);
    lose(20, LONG);
    commit();
    expect(readConflicts(store, {}).records).toHaveLength(kept.length);
    nowMs += 5_001;
    commit();
    expect(readConflicts(store, {}).records).toEqual([]);
    expect([...store.range("state", "conflict", "conflicu")].map(([key]) => key)).toEqual(["conflicts"]);
  });
});
