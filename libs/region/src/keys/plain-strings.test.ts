import { MemoryStore } from "@meridian/store";
import { ByteWriter } from "@meridian/wire";
import { MutationKind, writerId, type Hlc } from "@meridian/words";
import { digestPrintOf, printOf } from "@meridian/merge";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryKey } from "./cell-key.js";
import { isPlainRecord, writeEntry, writePlainRecord } from "./entry-codec.js";
import { CellSlot, KeyEntry } from "./key-entry.js";
import { RegionBed } from "../region-bed.js";
import { WriterTable } from "./writer-table.js";

/** A life that captures; what it committed stands in `store`. */
function capturing(): { readonly bed: RegionBed; readonly store: MemoryStore } {
  const store = new MemoryStore(undefined, isPlainRecord);
  return { bed: RegionBed.ready(store), store };
}

const nameOf = (key: string): string => entryKey(0, key);

describe("plain strings", () => {
  it("have the very record that an entry of them has", () => {
    const writers = new WriterTable([writerId("eu", "0"), writerId("us", "0")]);
    const value = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(value, fc.nat(3), fc.nat(2 ** 40), fc.constantFrom("eu", "us"), (bytes, before, at, region) => {
        const hlc = (at + 1) as Hlc;
        const writer = writerId(region, "0");
        const entry = new KeyEntry(0, "k");
        entry.string = new CellSlot(entry, "s", "");
        const print = printOf(bytes);
        entry.string.base.siblings = [{ writer, hlc, print, number: Infinity, value: undefined }];
        const [long, packed] = [new ByteWriter(), new ByteWriter()];
        writeEntry(long, entry, writers, () => []);
        const within = Buffer.concat([Buffer.alloc(before), bytes, Buffer.alloc(3)]);
        const slice = { bytes: within, start: before, end: before + bytes.length };
        writePlainRecord(packed, writers.indexOf(writer), hlc, bytes.length <= 32 ? slice : digestPrintOf(bytes));
        const record = packed.take();
        expect(record).toEqual(long.take());
        expect(isPlainRecord(record)).toBe(true);
      }),
    );
  });

  it("are committed as they were written last, and published each time", () => {
    const { bed, store } = capturing();
    bed.feed(["SET", "k", "a"], ["SET", "k", "b"], ["SET", "j", "x".repeat(40)]);
    expect(bed.region.uncommitted).toBe(2);
    bed.flush();
    expect(bed.region.uncommitted).toBe(0);
    expect(store.get("cell", nameOf("k"))?.toString("latin1").endsWith("=b")).toBe(true);
    expect(store.get("cell", nameOf("j"))?.toString("latin1").endsWith(digestPrintOf(Buffer.from("x".repeat(40))))).toBe(true);
    expect(bed.mutations().map(({ key, value, creates }) => [key, value, creates])).toEqual([["k", "a", true], ["k", "b", true], ["j", "x".repeat(40), true]]);
  });

  it.each([
    ["an increment", ["INCRBY", "k", "2"], MutationKind.IncrementString],
    ["a deadline", ["PEXPIREAT", "k", "1900000000000"], MutationKind.PutExpiry],
    ["a removal", ["DEL", "k"], MutationKind.RemoveKey],
    ["a field", ["HSET", "k", "f", "v"], MutationKind.PutField],
    ["a value with a deadline", ["SET", "k", "v", "PXAT", "1900000000000"], MutationKind.PutString],
  ])("meet %s before they are committed", (_what, command, kind) => {
    const first = capturing();
    first.bed.feed(["SET", "k", "5"], command);
    first.bed.flush();
    const second = capturing();
    second.bed.feed(["SET", "k", "5"]);
    second.bed.flush();
    second.bed.feed(command);
    second.bed.flush();
    const said = ({ bed }: typeof first): unknown =>
      bed.mutations().map(({ kind, hlc, field, value, sum, detail }) => ({ kind, hlc, field, value, sum, detail }));
    expect(first.bed.mutations().at(-1)?.kind).toBe(kind);
    expect(said(first)).toEqual(said(second));
    // The same versions are given in both lives, so the records must be alike to the byte.
    const cells = ({ store }: typeof first): unknown => [...store.range("cell", "A", "z")].map(([name, bytes]) => [name, bytes.toString("latin1")]);
    expect(cells(first)).toEqual(cells(second));
  });

  it("of which a client asks again after they were changed are not replaced unread", () => {
    const { bed, store } = capturing();
    bed.feed(["SET", "k", "5"], ["INCRBY", "k", "2"], ["SET", "k", "7"]);
    bed.flush();
    expect(bed.mutations().map(({ creates }) => creates)).toEqual([true, false, false]);
    expect(bed.mutations()[2]?.detail?.absorbed).toHaveLength(1);
    expect(isPlainRecord(store.get("cell", nameOf("k")) as Buffer)).toBe(false);
  });
});
