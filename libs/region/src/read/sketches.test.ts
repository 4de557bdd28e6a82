import { encodeReadResult, READ_KEY } from "@meridian/mark";
import { encodeSketch, SKETCH_REGISTERS, sketchPrintOf } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { at, EU, recordOf, RegionBed, US } from "../region-bed.js";

const K = MutationKind;
const none = new VersionVector();

/** The sketch of some registers. */
function sketch(...raised: readonly number[]): Buffer {
  const registers = new Uint8Array(SKETCH_REGISTERS);
  for (const index of raised) registers[index] = 1 + (index % 7);
  return encodeSketch(registers);
}

/** The server ran the last read that was asked for: the key holds this. */
function answer(bed: RegionBed, payload: Buffer, deadlineMs = -1): void {
  const id = bed.reads.at(-1)?.id ?? 0;
  const value = encodeReadResult({ id, epoch: 1, values: [{ db: 0, key: "h", type: "string", deadlineMs, payload }] });
  bed.feed(["MULTI"], ["SET", READ_KEY, value], ["DEL", READ_KEY], ["EXEC"]);
  bed.flush();
}

/** A client added, and what came of it was read. */
function added(bed: RegionBed, payload: Buffer): void {
  bed.feed(["PFADD", "h", "e"]);
  bed.flush();
  answer(bed, payload);
}

function receive(bed: RegionBed, previous: Hlc, hlc: Hlc, value: Buffer, context = none): void {
  bed.region.onRecord(US, String(hlc), recordOf(US, previous, context, { kind: K.PutSketch, hlc, key: "h", value: value.toString("latin1") }));
  bed.flush();
}

const published = (bed: RegionBed): unknown[] => bed.mutations().map(({ kind, value }) => [kind, Buffer.from(value, "latin1")]);
/** The operations of the last batch: their codes, keys and first arguments. */
const operations = (bed: RegionBed): unknown[] => (bed.batches.at(-1)?.args.slice(4) ?? []).map((part) => (typeof part === "string" ? part : part.toString("latin1")));
const latin = (bytes: Buffer): string => bytes.toString("latin1");

describe("a sketch", () => {
  test("that a client adds to is read, and published in one way of writing it; a count is nothing to publish", () => {
    const bed = RegionBed.ready(new MemoryStore());
    const stored = Buffer.from(sketch(1, 5));
    added(bed, stored);
    bed.feed(["PFCOUNT", "h"]);
    bed.flush();
    stored.writeBigUInt64LE(2n, 8);
    expect(bed.reads).toHaveLength(1);
    bed.feed(["PFMERGE", "h", "i"]);
    bed.flush();
    answer(bed, stored);
    expect(published(bed)).toEqual([[K.PutSketch, sketch(1, 5)]]);
    expect(bed.isSettled).toBe(true);
  });

  test("is written over the one that it has seen, compared by registers", () => {
    const bed = RegionBed.ready(new MemoryStore());
    added(bed, sketch(1));
    const seen = new VersionVector([[EU, bed.region.lastVersion]]);
    receive(bed, 0 as Hlc, at(9), sketch(1, 2), seen);
    expect(operations(bed)).toEqual(["P%", "h", sketchPrintOf(sketch(1))?.slice(1), latin(sketch(1, 2)), "-1", ""]);
  });

  test("is united with one written beside it: the server's is read first, then raised by what is new", () => {
    const bed = RegionBed.ready(new MemoryStore());
    added(bed, sketch(1));
    receive(bed, 0 as Hlc, at(9), sketch(2));
    expect(operations(bed)).toEqual([]);
    expect(bed.reads).toHaveLength(2);
    answer(bed, sketch(1));
    expect(operations(bed)).toEqual(["K~", "h", latin(sketch(1)), latin(sketch(2))]);
    const last = bed.batches.at(-1);
    if (last) bed.echo(last);
    expect(bed.isSettled).toBe(true);
  });

  test("is raised even while clients go on adding, and what they added is published beside it", () => {
    const bed = RegionBed.ready(new MemoryStore());
    added(bed, sketch(1));
    receive(bed, 0 as Hlc, at(9), sketch(2));
    const id = bed.reads.at(-1)?.id ?? 0;
    const value = encodeReadResult({ id, epoch: 1, values: [{ db: 0, key: "h", type: "string", deadlineMs: -1, payload: sketch(1) }] });
    bed.feed(["MULTI"], ["SET", READ_KEY, value], ["DEL", READ_KEY], ["EXEC"], ["PFADD", "h", "more"]);
    bed.flush();
    expect(operations(bed)).toEqual(["K~", "h", latin(sketch(1)), latin(sketch(2))]);
    const last = bed.batches.at(-1);
    if (last) bed.echo(last);
    bed.flush();
    answer(bed, sketch(1, 2, 3));
    expect(published(bed)).toEqual([[K.PutSketch, sketch(1)], [K.PutSketch, sketch(1, 2, 3)]]);
    expect(bed.isSettled).toBe(true);
  });

  test("that a client deletes takes along what is added unseen, also what comes later", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    added(bed, sketch(1));
    bed.feed(["DEL", "h"]);
    bed.flush();
    expect(published(bed).slice(1)).toEqual([[K.RemoveKey, Buffer.alloc(0)], [K.PutSketch, Buffer.alloc(0)]]);
    for (const { seq } of bed.published) bed.region.onPublished(seq);
    bed.flush();

    const later = RegionBed.ready(store, 2);
    receive(later, 0 as Hlc, at(9), sketch(1, 2));
    expect(operations(later)).toEqual([]);
    later.echo(later.batches[0] as (typeof later.batches)[number]);
    receive(later, at(9), at(10), sketch(3), new VersionVector([[EU, bed.region.lastVersion]]));
    expect(operations(later)).toEqual(["M-", "1", "h", latin(sketch(3))]);
  });
});
