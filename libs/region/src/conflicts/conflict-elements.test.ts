import { encodePairs, fieldOfId, movedId } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { ByteWriter, writeValues } from "@meridian/wire";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { elementName } from "./conflict-ledger.js";
import type { ConflictRecord } from "./conflict-record.js";
import { readConflicts } from "./conflict-store.js";
import { at, EU, recordOf, RegionBed, US } from "../region-bed.js";

const K = MutationKind;

function ledgerOf({ store }: RegionBed): readonly ConflictRecord[] {
  return readConflicts(store, {}).records;
}

function applyAll(bed: RegionBed): void {
  bed.flush();
  for (const batch of bed.batches.splice(0)) bed.echo(batch);
  bed.flush();
}

function valuesOf(...values: string[]): string {
  const out = new ByteWriter();
  writeValues(out, values.map((value) => ({ bytes: Buffer.from(value), start: 0, end: value.length })));
  return out.take().toString("latin1");
}

describe("an element of a list that two regions set at once", () => {
  /** `eu` pushes a and b, and sets b; `us` sets b too, having seen the push. */
  function meeting(theirs: string, theirMs: number): RegionBed {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["RPUSH", "l", "a", "b"]);
    bed.flush();
    const [pushed] = bed.mutations();
    if (!pushed) expect.fail("nothing was pushed");
    const seen = new VersionVector([[EU, pushed.hlc]]);
    // The second of the two positions: the index of the last byte is one more.
    const second = pushed.field.slice(0, -1) + String.fromCharCode(pushed.field.charCodeAt(pushed.field.length - 1) + 1);
    bed.nowMs += 100;
    bed.feed(["LSET", "l", "1", "ours"]);
    const set = { kind: K.PutElements, hlc: at(theirMs), key: "l", field: second, value: valuesOf(theirs) };
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, seen, set));
    applyAll(bed);
    return bed;
  }

  test("is told, with the value that lost", () => {
    const [record, ...more] = ledgerOf(meeting("theirs", 200));
    expect(more).toEqual([]);
    expect(record).toMatchObject({ rule: "element", kind: "l", key: "l", loser: { writer: EU }, winner: { writer: US }, winnerPrint: "=theirs" });
    expect(record?.value?.toString()).toBe("ours");
    expect(record?.field).toMatch(/^[0-9a-f]+$/);
  });

  test("is told whichever was later, and not where both set the same", () => {
    expect(ledgerOf(meeting("theirs", 50)).map(({ rule, loser }) => [rule, loser.writer])).toEqual([["element", US]]);
    expect(ledgerOf(meeting("ours", 200))).toEqual([]);
  });
});

describe("entries of a stream with one id", () => {
  const field = fieldOfId("5-1") ?? "";
  const pairs = (text: string): Buffer => encodePairs(["f", text].map((part) => ({ bytes: Buffer.from(part), start: 0, end: part.length })));
  const theirs = { kind: K.PutEntry, hlc: at(5), key: "s", field, value: pairs("theirs").toString("latin1"), number: 0 };

  test("are told, with the id under which the one stands that made room, once", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["XADD", "s", "5-1", "f", "ours"]);
    bed.flush();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), theirs));
    applyAll(bed);
    const records = ledgerOf(bed);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ rule: "moved", kind: "x", key: "s", field: "5-1", loser: { writer: US }, winner: { writer: EU } });
    expect(records[0]?.value?.toString()).toBe(movedId(field, { writer: US, hlc: at(5) }));
  });

  test("are told where the client's came later", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), theirs));
    bed.flush();
    bed.feed(["XADD", "s", "5-1", "f", "ours"]);
    for (const batch of bed.batches.splice(0)) bed.echo(batch);
    bed.flush();
    expect(ledgerOf(bed).map(({ rule, loser }) => [rule, loser.writer])).toEqual([["moved", US]]);
  });
});

test("elements are named by their position in hexadecimal digits", () => {
  expect(elementName("\x00az")).toBe("00617a");
});
