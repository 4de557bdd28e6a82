import { encodeMarkHeader, encodeReadResult, MARK_KEY, READ_KEY, type CellName, type ReadValue } from "@meridian/mark";
import { OpenRuns } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { ByteWriter, writeValues } from "@meridian/wire";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { StoredKeys } from "../keys/stored-cells.js";
import { at, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";

const K = MutationKind;
const NONE = new VersionVector();
const SEEN = new VersionVector([[US, at(400)]]);

/** What is written by batches of this life, as the scripts are told. */
function operations(bed: RegionBed): string[] {
  return bed.batches.flatMap(({ args }) => (args.length > 4 ? [args.slice(4).map(String).join(" ")] : []));
}

/** A client was faster than the first batch, and the agent dies when it has issued the second, which the server still takes. */
function heirAfter(cell: CellName, begun: readonly string[], theirs: SaidMutation, local: readonly string[]): RegionBed {
  const store = new MemoryStore();
  const bed = RegionBed.ready(store);
  bed.feed(begun);
  bed.region.onRecord(US, "1", recordOf(US, 0 as Hlc, NONE, { hlc: at(400), key: cell.key, ...theirs }));
  bed.flush();
  bed.feed(local);
  const [first] = bed.batches;
  if (first) bed.echo(first, [cell]);
  const [second] = bed.flush().apply;
  const heir = new RegionBed(store.crash());
  heir.nowMs += 1000;
  if (second) heir.echo(second);
  heir.region.onFenced(2);
  heir.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch: 2, seq: 0, vector: SEEN, deferred: [], settled: [] })]);
  return heir;
}

/** All reads that were asked for have run. `found`: of `k` or `l`; there is nothing else. */
function answer(bed: RegionBed, found: Pick<ReadValue, "type" | "items">): void {
  bed.flush();
  expect(bed.reads.length).toBeGreaterThan(0);
  for (const { id, keys } of bed.reads.splice(0)) {
    const values = keys.map(({ db, key }): ReadValue => ({ db, key, deadlineMs: -1, ...(key === "m" ? { type: "none" } : found) }));
    bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ epoch: 2, id, values })], ["DEL", READ_KEY], ["EXEC"]);
  }
  bed.flush();
}

const listed = (...values: string[]): Pick<ReadValue, "type" | "items"> => ({ type: "list", items: values.map((value) => Buffer.from(value)) });

/** What `us` adds, behind everything or behind the first element of a run. */
function pushed(value: string, first?: string): SaidMutation {
  const out = new ByteWriter();
  writeValues(out, [{ bytes: Buffer.from(value), start: 0, end: value.length }]);
  // The index of the last byte is one more.
  const second = first && first.slice(0, -1) + String.fromCharCode(first.charCodeAt(first.length - 1) + 1);
  const field = new OpenRuns([]).between(first, second, 1, at(400), US);
  return { kind: K.PutElements, field, value: out.take().toString("latin1") };
}

/** The list as every region has it, and no value twice but where it was written twice. */
function elements({ store }: RegionBed): string[] {
  const found = new StoredKeys(store as MemoryStore).cells.filter(({ kind, field }) => kind === "l" && field !== "");
  return found.sort((a, b) => (a.field < b.field ? -1 : 1)).map(({ base }) => base.siblings[0]?.print.slice(1) ?? "");
}

describe("what a batch of an earlier life has written, its cell having been left out before", () => {
  const list: CellName = { db: 0, kind: "l", key: "l", field: "" };

  test("its clients have seen: who deletes it means it too", () => {
    const heir = heirAfter({ db: 0, kind: "s", key: "k", field: "" }, ["SET", "k", "old"], { kind: K.PutString, value: "theirs" }, ["DEL", "k"]);
    heir.feed(["DEL", "k"]);
    answer(heir, { type: "none" });
    expect(heir.mutations().at(-1)).toMatchObject({ kind: K.RemoveKey, key: "k", detail: undefined });
    expect([operations(heir), heir.isSettled]).toEqual([[], true]);
  });

  test("its clients have seen in a list: who trims all of it away means it too", () => {
    const heir = heirAfter(list, ["RPUSH", "l", "a", "b"], pushed("c"), ["LPOP", "l"]);
    heir.feed(["LTRIM", "l", "-1", "-2"], ["RPUSH", "l", "d"]);
    answer(heir, listed("d"));
    expect([elements(heir), operations(heir), heir.isSettled]).toEqual([["d"], [], true]);
  });

  test("tells where the elements stand that clients add and take before it was read", () => {
    const heir = heirAfter(list, ["RPUSH", "l", "a", "b"], pushed("c"), ["LPOP", "l"]);
    heir.feed(["RPUSH", "l", "d"]);
    heir.flush();
    expect([elements(heir), heir.mutations().at(-1)?.kind]).toEqual([["b", "c", "d"], K.PutElements]);
    heir.feed(["RPOP", "l"], ["RPOP", "l"]);
    answer(heir, listed("b"));
    expect([elements(heir), operations(heir), heir.isSettled]).toEqual([["b"], [], true]);
  });
});

describe("a list that did not hold what it should when the agent died, which nobody knows any more", () => {
  /** The server holds a c b a b, for what a client pushed was taken for what stood beside the peer's; it should hold a b a c b. */
  function heirOf(): RegionBed {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["RPUSH", "l", "a", "b"]);
    bed.flush();
    const theirs = pushed("c", bed.mutations()[0]?.field);
    bed.region.onRecord(US, "1", recordOf(US, 0 as Hlc, NONE, { hlc: at(400), key: "l", ...theirs }));
    const [batch] = bed.flush().apply;
    bed.nowMs += 1000;
    bed.feed(["LPUSH", "l", "b", "a"]);
    if (batch) bed.echo(batch);
    bed.flush();
    expect([elements(bed), bed.batches.length]).toEqual([["a", "b", "a", "c", "b"], 2]);
    return RegionBed.ready(store.crash(), 2, SEEN);
  }

  test("loses nothing and gets nothing twice where a client pops before it is read: at worst that is there again", () => {
    const heir = heirOf();
    heir.feed(["RPUSH", "l", "d"], ["LPOP", "l"], ["RPUSH", "l", "e"]);
    answer(heir, listed("c", "b", "a", "b", "d", "e"));
    expect(elements(heir)).toEqual(["a", "b", "a", "c", "b", "d", "e"]);
  });

  test("is whole again where a client trims all of it away before it is read", () => {
    const heir = heirOf();
    heir.feed(["LTRIM", "l", "-1", "-2"]);
    answer(heir, { type: "none" });
    expect(elements(heir)).toEqual(["a", "b", "a", "c", "b"]);
  });

  test("is what a client has renamed to its name, or deletes", () => {
    const heir = heirOf();
    heir.feed(["LPOP", "l"], ["RENAME", "m", "l"]);
    answer(heir, listed("z", "b"));
    expect([elements(heir), operations(heir), heir.isSettled]).toEqual([["z", "b"], [], true]);
    const other = heirOf();
    other.feed(["LPOP", "l"], ["DEL", "l"], ["RPUSH", "l", "x", "y"], ["LPOP", "l"]);
    answer(other, listed("y"));
    expect([elements(other), operations(other), other.isSettled]).toEqual([["y"], [], true]);
  });
});
