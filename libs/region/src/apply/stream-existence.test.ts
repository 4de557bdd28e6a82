import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { at, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";

const NEVER = 0 as Hlc;
const none = new VersionVector();
const put = (ms: number): SaidMutation => ({ kind: MutationKind.PutStream, hlc: at(ms), key: "x", value: "5-1" });
const remove = (ms: number): SaidMutation => ({ kind: MutationKind.RemoveKey, hlc: at(ms), key: "x" });

/** What a batch does to a stream: key, flags (`c` makes it, `k` keeps it without entries, `l` tells groups), last id, cells, groups. */
function edits(bed: RegionBed): readonly (readonly string[])[] {
  return bed.batches.map(({ args }) => args.slice(4).map((arg) => arg.toString()));
}

/** One mutation of us, having seen all that it wrote before. */
function fromUs(bed: RegionBed, mutation: SaidMutation, previous: Hlc): void {
  const seen = new VersionVector([[US, previous]]);
  bed.region.onRecord(US, `p${mutation.hlc}`, recordOf(US, previous, previous === NEVER ? none : seen, mutation));
  bed.flush();
}

/** The marks of all batches from `index` on are read at once, and of those that come of that. */
function echoFrom(bed: RegionBed, index: number): void {
  for (let from = index; from < bed.batches.length; ) {
    const batches = bed.batches.slice(from);
    from += batches.length;
    for (const batch of batches) bed.echo(batch);
    bed.flush();
  }
}

/** A region whose server holds the stream. */
function holding(): RegionBed {
  const bed = RegionBed.ready(new MemoryStore());
  fromUs(bed, put(1), NEVER);
  echoFrom(bed, 0);
  return bed;
}

const MADE = ["x", "ckl", "5-1", "0", "0"];
const KEPT = ["x", "kl", "5-1", "0", "0"];

describe("whether a stream is there", () => {
  test("is made again where its removal was still under way when it was put", () => {
    const bed = holding();
    fromUs(bed, remove(2), at(1));
    fromUs(bed, put(3), at(2));
    echoFrom(bed, 1);
    expect(edits(bed).map((ops) => ops.slice(-5)).at(-1)).toEqual(MADE);
    expect(bed.isSettled).toBe(true);
  });

  test("is removed where it was still being made when its removal came", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put(1), NEVER);
    fromUs(bed, remove(2), at(1));
    echoFrom(bed, 0);
    expect(edits(bed).map((ops) => ops.slice(-5)).at(-1)).toEqual(["x", "l", "0-0", "0", "0"]);
    expect(bed.isSettled).toBe(true);
  });

  test("that it stays holds nothing up: its removal goes while that is under way", () => {
    const bed = holding();
    fromUs(bed, put(2), at(1));
    fromUs(bed, remove(3), at(2));
    expect(edits(bed).slice(1).map((ops) => ops[2])).toEqual(["kl", "l"]);
    // Between the two marks the removal is still under way: what comes then waits for it.
    bed.echo(bed.batches[1] as (typeof bed.batches)[number]);
    fromUs(bed, put(4), at(3));
    echoFrom(bed, 2);
    expect(edits(bed).at(-1)?.slice(-5)).toEqual(MADE);
    expect(bed.isSettled).toBe(true);
  });

  test("is read where a client took it away before the batch that keeps it", () => {
    const bed = holding();
    fromUs(bed, put(2), at(1));
    expect(edits(bed).at(-1)?.slice(-5)).toEqual(KEPT);
    bed.feed(["DEL", "x"]);
    echoFrom(bed, 1);
    expect(bed.reads.map(({ keys }) => keys.map(({ key }) => key))).toEqual([["x"]]);
  });
});
