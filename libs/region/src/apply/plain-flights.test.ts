import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { entryKey } from "../keys/cell-key.js";
import { isPlainRecord, readEntry } from "../keys/entry-codec.js";
import type { KeyEntry } from "../keys/key-entry.js";
import { at, EU, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";
import { decodeState, STATE_KEY } from "../region-state.js";
import { WriterTable } from "../keys/writer-table.js";

const NOTHING = new VersionVector();
const PUT = { kind: MutationKind.PutString, key: "k" };

/** A region that follows `us`. */
class Following {
  readonly store = new MemoryStore(undefined, isPlainRecord);
  readonly bed = RegionBed.ready(this.store);
  #last: Hlc = HLC_ZERO;
  #records = 0;

  /** A frame of `us` arrives; the batches that follow from it are issued. */
  receive(context: VersionVector, ...mutations: SaidMutation[]): void {
    this.#records += 1;
    this.bed.region.onRecord(US, String(this.#records), recordOf(US, this.#last, context, ...mutations));
    this.#last = mutations.at(-1)?.hlc ?? this.#last;
    this.bed.flush();
  }

  /** What was written for the next batch that the server has not executed: the arguments behind the head. */
  get written(): unknown[] {
    return this.bed.batches[0]?.args.slice(4).map(String) ?? [];
  }

  /** The server executes the oldest batch, but for `skipped` keys. */
  execute(...skipped: string[]): void {
    const batch = this.bed.batches.shift();
    if (!batch) expect.fail("nothing was issued");
    this.bed.echo(batch, skipped.map((key) => ({ db: 0, kind: "s" as const, key, field: "" })));
    this.bed.flush();
  }

  /** What stands in the store of a key. */
  stored(key: string): KeyEntry | undefined {
    const bytes = this.store.get("cell", entryKey(0, key));
    const writers = decodeState(this.store.get("state", STATE_KEY) as Buffer).writers;
    return bytes && readEntry(bytes, 0, key, new WriterTable(writers));
  }

  siblings(key: string): string[] {
    return (this.stored(key)?.string?.base.siblings ?? []).map(({ writer, print }) => `${writer} ${print}`);
  }
}

describe("a received write of a plain string", () => {
  it("is compared with what the server holds, and is over with its mark", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" }, { ...PUT, key: "long", hlc: at(1, 1), value: "l".repeat(50) });
    expect(region.written).toEqual(["M-", "2", "k", "a", "long", "l".repeat(50)]);
    expect(region.stored("k")).toBeUndefined();
    region.execute();
    expect(region.siblings("k")).toEqual([`${US} =a`]);
    region.receive(NOTHING, { ...PUT, hlc: at(2), value: "b" }, { ...PUT, key: "long", hlc: at(2, 1), value: "m" });
    expect(region.written.slice(0, 4)).toEqual(["M=", "1", "k", "b"]);
    expect(region.written).toContain("M#");
    region.execute();
    expect([region.siblings("k"), region.siblings("long")]).toEqual([[`${US} =b`], [`${US} =m`]]);
    expect(region.bed.isSettled).toBe(true);
    expect(region.bed.mutations()).toEqual([]);
  });

  it("that changes nothing writes nothing, and is remembered", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" });
    region.execute();
    region.receive(NOTHING, { ...PUT, hlc: at(2), value: "a" });
    expect(region.written).toEqual([]);
    region.execute();
    expect(region.stored("k")?.string?.base.siblings[0]?.hlc).toBe(at(2));
  });

  it("meets the same value of a client that it had not seen: both stay", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" });
    region.execute();
    region.receive(NOTHING, { ...PUT, hlc: at(2), value: "b" });
    region.bed.feed(["SET", "k", "a"]);
    region.execute();
    expect(region.siblings("k")).toEqual([`${EU} =a`, `${US} =b`]);
  });

  it("over a value that its writer had not seen is merged with it", () => {
    const region = new Following();
    region.bed.feed(["SET", "k", "mine"]);
    region.bed.flush();
    region.receive(NOTHING, { ...PUT, hlc: at(-1), value: "theirs" });
    expect(region.written).toEqual([]);
    region.execute();
    expect(region.siblings("k")).toEqual([`${EU} =mine`, `${US} =theirs`]);
  });

  it("is read where the server has skipped it and nobody knows why", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" });
    region.execute("k");
    expect(region.bed.reads.flatMap(({ keys }) => keys.map(({ key }) => key))).toEqual(["k"]);
    expect(region.stored("k")?.string?.pending).toHaveLength(1);
  });

  it("meets another of its key in the same frame, and one in the next", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" }, { ...PUT, hlc: at(1, 1), value: "b" });
    expect(region.written).toEqual(["M-", "1", "k", "b"]);
    region.receive(NOTHING, { ...PUT, hlc: at(2), value: "c" });
    region.execute();
    expect(region.siblings("k")).toEqual([`${US} =b`]);
    while (region.bed.batches.length > 0) region.execute();
    expect(region.siblings("k")).toEqual([`${US} =c`]);
  });

  it("leaves the deadline that a client has given meanwhile to be taken away", () => {
    const region = new Following();
    region.receive(NOTHING, { ...PUT, hlc: at(1), value: "a" });
    region.execute();
    region.receive(NOTHING, { ...PUT, hlc: at(2), value: "b" });
    region.bed.feed(["PEXPIREAT", "k", "1900000000000"]);
    region.execute();
    const entry = region.stored("k");
    expect(entry?.string?.base.siblings.map(({ print }) => print)).toEqual(["=b"]);
    expect(entry?.expiry?.base.siblings).toHaveLength(1);
  });
});
