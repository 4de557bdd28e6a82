import { READ_KEY, READ_TTL_MS, type ReadType } from "@meridian/mark";
import { encodePairs, fieldOfId, movedId, OpenRuns } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { at, EU, NOW_MS, recordOf, RegionBed, REPLICATION_ID, US } from "../region-bed.js";
import { REFUSED_MS } from "./reader.js";
import { Region } from "../region.js";

const K = MutationKind;

interface Found {
  readonly key: string;
  readonly type: ReadType | "refused";
  readonly deadlineMs?: number;
  readonly content?: string | readonly string[];
}

const TAGS = { none: "-", string: "s", hash: "h", set: "e", zset: "z", list: "l", stream: "x", first: "f", whole: "w", refused: "!" } as const;

function sized(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text, "latin1")]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

function count(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** What the read script writes into the stream. */
function result(epoch: number, id: number, found: readonly Found[]): Buffer {
  const values = found.flatMap(({ key, type, deadlineMs = -1, content }) => {
    const items = typeof content === "object" ? [count(content.length), ...content.map(sized)] : content === undefined ? [] : [sized(content)];
    return [Buffer.from(`${TAGS[type]}\0\0`, "latin1"), sized(key), number(deadlineMs), ...items];
  });
  return Buffer.concat([Buffer.from([1]), count(epoch), number(id), count(found.length), ...values]);
}

/** The server ran the last read that was asked for. */
function answer(bed: RegionBed, found: readonly Found[], epoch = 1): void {
  const reading = bed.reads.at(-1);
  expect(reading?.keys.map(({ key }) => key)).toEqual(found.map(({ key }) => key));
  bed.feed(["MULTI"], ["SET", READ_KEY, result(epoch, reading?.id ?? 0, found), "PXAT", String(bed.nowMs + READ_TTL_MS)], ["DEL", READ_KEY], ["EXEC"]);
}

function published(bed: RegionBed): unknown[] {
  bed.flush();
  return bed.mutations().map(({ kind, key, field, value }) => [kind, key, ...(field === "" ? [] : [field]), ...(value === "" ? [] : [value])]);
}

describe("a command whose result is not in the stream", () => {
  test("has its keys read, and the difference published, in one transaction", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "a", "1"], ["RENAME", "a", "b"]);
    bed.flush();
    answer(bed, [{ key: "a", type: "none" }, { key: "b", type: "string", content: "1" }]);
    expect(published(bed).slice(1)).toEqual([[K.RemoveKey, "a"], [K.PutString, "b", "1"]]);
    expect(bed.mutations().slice(1).map(({ continues }) => continues)).toEqual([false, true]);
    expect(bed.isSettled).toBe(true);
  });

  test("publishes of a hash only the fields that differ", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["HSET", "h", "same", "1", "other", "2", "gone", "3"], ["RESTORE", "h", "0", "payload", "REPLACE"]);
    bed.flush();
    answer(bed, [{ key: "h", type: "hash", content: ["same", "1", "other", "x", "new", "4"] }]);
    expect(published(bed).slice(3)).toEqual([[K.PutField, "h", "other", "x"], [K.PutField, "h", "new", "4"], [K.RemoveField, "h", "gone"]]);
  });

  test("is read once where it comes again before the answer; what clients do meanwhile is in the answer", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["APPEND", "k", "a"], ["APPEND", "k", "b"], ["SET", "k", "c"]);
    bed.flush();
    expect(bed.reads).toHaveLength(1);
    answer(bed, [{ key: "k", type: "string", content: "c" }]);
    expect(published(bed)).toEqual([[K.PutString, "k", "c"]]);
    bed.feed(["SET", "k", "d"]);
    expect(published(bed)).toEqual([[K.PutString, "k", "c"], [K.PutString, "k", "d"]]);
  });

  test("publishes nothing where the read shows what is known: strings, deadlines, scores as the server prints them", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "k", "v", "PXAT", String(NOW_MS + 9000)], ["ZADD", "z", "0.1", "m"]);
    const before = published(bed);
    bed.feed(["SETRANGE", "k", "0", "v"], ["RESTORE", "z", "0", "payload", "REPLACE"]);
    bed.flush();
    answer(bed, [
      { key: "k", type: "string", content: "v", deadlineMs: NOW_MS + 9000 },
      { key: "z", type: "zset", content: ["m", "0.10000000000000001"] },
    ]);
    expect(published(bed)).toEqual(before);
  });

  test("takes a key that became another type for removed and written anew", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SADD", "k", "m"], ["RESTORE", "k", "0", "payload", "REPLACE"]);
    bed.flush();
    answer(bed, [{ key: "k", type: "zset", content: ["m", "2"] }]);
    expect(published(bed).slice(1)).toEqual([[K.RemoveKey, "k"], [K.PutScore, "k", "m"]]);
    bed.feed(["SREM", "k", "m"]);
    expect(published(bed)).toHaveLength(3);
  });

  test("takes a key that is gone at its deadline for expired, not for deleted", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["SET", "k", "v", "PXAT", String(NOW_MS + 10)], ["APPEND", "k", "x"]);
    bed.flush();
    bed.nowMs += 20;
    answer(bed, [{ key: "k", type: "none" }]);
    expect(published(bed)).toEqual([[K.PutString, "k", "v"]]);
  });

  test("is counted by name where the read was refused", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["APPEND", "k", "x"]);
    bed.flush();
    answer(bed, [{ key: "k", type: "refused", content: "too large: 600000000 bytes" }]);
    expect([...bed.region.counters.unsupported]).toEqual([["read: too large: N bytes", 1]]);
  });

  test("is read again after a while where the read was refused: it may have become smaller", () => {
    // Others ask only for the time.
    const readsOf = ({ reads }: RegionBed): number => reads.filter(({ keys }) => keys.length > 0).length;
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["APPEND", "k", "x"]);
    bed.flush();
    answer(bed, [{ key: "k", type: "refused", content: "too large: 600000000 bytes" }]);
    bed.nowMs += REFUSED_MS - 1;
    bed.flush();
    expect(readsOf(bed)).toBe(1);
    bed.nowMs += 1;
    bed.flush();
    expect(readsOf(bed)).toBe(2);
    answer(bed, [{ key: "k", type: "string", content: "short" }]);
    expect(published(bed)).toEqual([[K.PutString, "k", "short"]]);
    bed.nowMs += REFUSED_MS;
    bed.flush();
    expect(readsOf(bed)).toBe(2);
  });

  test("waits for its read while changes of the peers do not overtake it", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["APPEND", "k", "x"]);
    bed.region.onRecord(US, "1", recordOf(US, 0 as Hlc, new VersionVector(), { kind: K.PutString, hlc: at(400), key: "k", value: "theirs" }));
    bed.flush();
    expect(bed.batches.map((batch) => batch.cells)).toEqual([0]);
    answer(bed, [{ key: "k", type: "string", content: "x" }]);
    bed.flush();
    expect(bed.batches.at(-1)?.args.slice(4).map(String)).toEqual(["M=", "1", "k", "theirs", "x"]);
  });
});

describe("a restart while a key is to be read", () => {
  test("reads it again; an answer to the old agent is passed over", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["APPEND", "k", "a"]);
    bed.flush();
    const heir = RegionBed.ready(store.crash(), 2);
    expect(heir.reads.flatMap(({ keys }) => keys)).toEqual([{ db: 0, key: "k" }]);
    answer(heir, [{ key: "k", type: "string", content: "old" }], 1);
    expect(published(heir)).toEqual([]);
    answer(heir, [{ key: "k", type: "string", content: "new" }], 2);
    expect(published(heir)).toEqual([[K.PutString, "k", "new"]]);
    expect(new RegionBed((heir.store as MemoryStore).crash()).reads).toEqual([]);
  });
});

test("an entry that our own script has put beside another is found by a read, and no client's", () => {
  const pairs = (text: string): string => encodePairs(["f", text].map((part) => ({ bytes: Buffer.from(part), start: 0, end: part.length }))).toString("latin1");
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["XADD", "x", "5-1", "f", "ours"]);
  const field = fieldOfId("5-1") ?? "";
  bed.region.onRecord(US, "1", recordOf(US, 0 as Hlc, new VersionVector(), { kind: K.PutEntry, hlc: at(5), key: "x", field, value: pairs("theirs"), number: 0 }));
  bed.flush();
  bed.feed(["RESTORE", "x", "0", "payload", "REPLACE"]);
  bed.flush();
  const beside = movedId(field, { writer: US, hlc: at(5) });
  answer(bed, [{ key: "x", type: "stream", content: [beside, "0", "5-1", pairs("ours"), beside, pairs("theirs"), "9-1", pairs("more")] }]);
  expect(published(bed).flat()).toContain(fieldOfId("9-1"));
  expect(published(bed).flat()).not.toContain(fieldOfId(beside));
});

describe("the first attach to a server with keys", () => {
  test("imports them, page by page, and is not quiet before the last; keys of ours are left out", () => {
    const store = new MemoryStore();
    const region = new Region({ writer: EU, peers: [], store, maxDriftMs: 500, cachedSlotsMax: 8 });
    region.onAttached({ replicationId: REPLICATION_ID, offset: 0 }, false, [0, 3]);
    store.commit(region.flush(NOW_MS).writes);
    const bed = RegionBed.ready(store);
    const lists = (): unknown => bed.flush().list;
    bed.region.onListed(0, "17", ["a", "meridian:mark"]);
    expect([bed.region.isImporting, lists()]).toEqual([true, [{ db: 0, cursor: "17" }]]);
    answer(bed, [{ key: "a", type: "string", content: "1" }]);
    bed.region.onListed(0, "0", []);
    expect(lists()).toEqual([{ db: 3, cursor: "0" }]);
    bed.region.onListed(3, "0", ["b"]);
    bed.flush();
    expect(bed.reads.at(-1)?.keys).toEqual([{ db: 3, key: "b" }]);
    answer(bed, [{ key: "b", type: "set", content: ["m"] }]);
    expect(published(bed)).toEqual([[K.PutString, "a", "1"], [K.AddMember, "b", "m"]]);
    expect([bed.region.isImporting, bed.isSettled, bed.mutations().map(({ db }) => db)]).toEqual([false, true, [0, 3]]);
  });

  const known = [["HSET", "h", "f", "1"], ["HSET", "h", "g", "2"], ["RPUSH", "l", "a", "b"], ["XADD", "x", "1-1", "f", "a"], ["XADD", "x", "2-1", "f", "b"]];
  const entry = encodePairs(["f", "b"].map((part) => ({ bytes: Buffer.from(part), start: 0, end: 1 }))).toString("latin1");
  test.each([
    ["the last fields", ["HDEL", "h", "f", "g"], { key: "h", type: "none" as const }, [[K.RemoveKey, "h"]]],
    ["one field", ["HDEL", "h", "f"], { key: "h", type: "hash" as const, content: ["g", "2"] }, [[K.RemoveField, "h", "f"]]],
    ["all of a list", ["LPOP", "l", "2"], { key: "l", type: "none" as const }, [[K.RemoveKey, "l"]]],
    ["one of a list", ["RPOP", "l"], { key: "l", type: "list" as const, content: ["a"] }, [[K.RemoveElements, "l"]]],
    ["an entry", ["XDEL", "x", "1-1"], { key: "x", type: "stream" as const, content: ["2-1", "0", "2-1", entry] }, [[K.RemoveEntry, "x", fieldOfId("1-1")]]],
  ])("what clients take of a key that the import has come to and not read yet is removed: %s", (_, taken, found, removed) => {
    const store = new MemoryStore();
    const region = new Region({ writer: EU, peers: [], store, maxDriftMs: 500, cachedSlotsMax: 8 });
    region.onAttached({ replicationId: REPLICATION_ID, offset: 0 }, false, [0]);
    store.commit(region.flush(NOW_MS).writes);
    const bed = RegionBed.ready(store);
    bed.feed(...known.filter(([, key]) => key === found.key));
    bed.flush();
    if (found.key === "l") answer(bed, [{ key: "l", type: "list", content: ["a", "b"] }]);
    const before = published(bed).length;
    bed.region.onListed(0, "0", [found.key]);
    bed.feed(taken);
    bed.flush();
    answer(bed, [found]);
    expect(published(bed).slice(before)).toEqual(removed);
    expect(bed.isSettled).toBe(true);
  });

  test("what they take of a list that was in doubt when the agent died is removed, and nothing else", () => {
    const store = new MemoryStore();
    const region = new Region({ writer: EU, peers: [], store, maxDriftMs: 500, cachedSlotsMax: 8 });
    region.onAttached({ replicationId: REPLICATION_ID, offset: 0 }, false, [0]);
    store.commit(region.flush(NOW_MS).writes);
    const bed = RegionBed.ready(store);
    bed.feed(["RPUSH", "l", "a", "b"]);
    bed.flush();
    answer(bed, [{ key: "l", type: "list", content: ["a", "b"] }]);
    const value = "\x01c"; // its length, and itself
    const field = new OpenRuns([]).between(undefined, undefined, 1, at(400), US);
    bed.region.onRecord(US, "1", recordOf(US, 0 as Hlc, new VersionVector(), { kind: K.PutElements, hlc: at(400), key: "l", field, value }));
    const [batch] = bed.flush().apply;
    // A client was faster, and what it pushed must be read.
    bed.feed(["RPUSH", "l", "d"]);
    if (batch) bed.echo(batch, [{ db: 0, kind: "l", key: "l", field: "" }]);
    bed.flush();
    const heir = RegionBed.ready(store.crash(), 2, new VersionVector([[US, at(400)]]));
    heir.feed(["LPOP", "l", "3"]);
    heir.flush();
    answer(heir, [{ key: "l", type: "none" }], 2);
    expect(published(heir).slice(-1)).toEqual([[K.RemoveElements, "l"]]);
    expect(heir.flush().apply).toHaveLength(0);
    expect(heir.batches.at(-1)?.args.slice(4).map(String)).toContain("c");
  });
});
