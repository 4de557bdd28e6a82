import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { at, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";

const K = MutationKind;
const FIRST = 0 as Hlc;
const THEIRS = { kind: "h", field: "f", writer: US, hlc: at(5) };

/**
 * What us wrote came while it hid behind a text of this region; a client took the text away without having seen it, in front of the
 * mark. It is merged, due to come back, and stands in no server.
 */
function away(theirs: SaidMutation, ...before: string[][]): RegionBed {
  const bed = RegionBed.ready(new MemoryStore());
  bed.nowMs += 10;
  for (const command of before) bed.feed(command);
  bed.feed(["HSET", "h", "f", "ours", "g", "1"]);
  bed.flush();
  bed.region.onRecord(US, "1", recordOf(US, FIRST, new VersionVector(), { hlc: at(5), key: "h", field: "f", ...theirs }));
  bed.flush();
  const [hidden] = bed.batches;
  if (!hidden) throw new Error("nothing was issued");
  bed.feed(["HDEL", "h", "f"]);
  bed.echo(hidden);
  return bed;
}

/** The last mutation that was published, and what the region does about the server then. */
function after(bed: RegionBed, ...command: string[]): { unseen: unknown; absorbed: unknown; written: string[] } {
  const issued = bed.batches.length;
  bed.feed(command);
  bed.flush();
  const detail = bed.mutations().at(-1)?.detail;
  const written = bed.batches.slice(issued).flatMap((batch) => batch.args.slice(4).map((arg) => arg.toString()));
  return { unseen: detail?.unseen ?? [], absorbed: detail?.absorbed ?? [], written };
}

describe("what is due to come back and stands in no server yet", () => {
  test.each([
    ["the removal of its key", ["DEL", "h"]],
    ["the removal of itself", ["HDEL", "h", "f"]],
  ])("outlives %s, here and at the peers", (_, command) => {
    const { unseen, written } = after(away({ kind: K.PutField, value: "theirs" }), ...command);
    expect(unseen).toEqual([THEIRS]);
    expect(written).toEqual(expect.arrayContaining(["f", "theirs"]));
  });

  test("stands beside what a client writes, and the later is read", () => {
    const later = after(away({ kind: K.PutField, value: "theirs" }), "HSET", "h", "f", "again");
    expect(later.unseen).toEqual([THEIRS]);
    expect(later.written).not.toContain("theirs");
  });

  test("is kept behind a value of another type, here as at the peers, and comes back with its type", () => {
    const bed = away({ kind: K.PutField, value: "theirs" });
    expect(after(bed, "SET", "h", "text")).toEqual({ unseen: [THEIRS], absorbed: [], written: [] });
    bed.nowMs += 1_000;
    const later = { kind: K.PutField, hlc: at(500), key: "h", field: "late", value: "later" };
    bed.region.onRecord(US, "2", recordOf(US, at(5), new VersionVector(), later));
    expect(after(bed, "SET", "other", "1").written).toEqual(expect.arrayContaining(["f", "theirs", "late", "later"]));
  });

  test.each([
    ["the removal of its key", ["DEL", "h"]],
    ["a value of another type", ["SET", "h", "text"]],
  ])("outlives %s here as at the peers also where its key was a sorted set before", (_, command) => {
    const bed = away({ kind: K.PutField, value: "theirs" }, ["ZINCRBY", "h", "5", "m"], ["ZREM", "h", "m"]);
    expect(after(bed, ...command).unseen).toEqual([THEIRS]);
    bed.nowMs += 1_000;
    const later = { kind: K.PutField, hlc: at(500), key: "h", field: "late", value: "later" };
    bed.region.onRecord(US, "2", recordOf(US, at(5), new VersionVector(), later));
    bed.flush();
    const written = bed.batches.flatMap((batch) => batch.args.slice(4).map((arg) => arg.toString()));
    expect(written).toEqual(expect.arrayContaining(["f", "theirs", "late", "later"]));
  });

  test("counts on, where it is an increment", () => {
    const { absorbed, written } = after(away({ kind: K.IncrementField, birth: at(5), sum: 5n }), "DEL", "h");
    expect(absorbed).toEqual([]);
    expect(written).toEqual(expect.arrayContaining(["f", "5"]));
  });

  test("goes once it was there to be seen", () => {
    const bed = away({ kind: K.PutField, value: "theirs" });
    bed.flush();
    bed.echo(bed.batches.at(-1)!);
    expect(after(bed, "DEL", "h")).toMatchObject({ unseen: [], written: [] });
  });
});
