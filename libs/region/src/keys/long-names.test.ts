import { MemoryStore } from "@meridian/store";
import { MutationKind } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entryKey, memberKey, memberPrefix, NAME_BYTES_MAX, prefixEnd } from "./cell-key.js";
import { RegionBed } from "../region-bed.js";

const KEY_BYTES_MAX = 1900;
/** Lengths around the limit, and beyond 64 KB, where others have cut names. */
const LENGTHS = [1, NAME_BYTES_MAX - 1, NAME_BYTES_MAX, NAME_BYTES_MAX + 1, 1_200, 70_000];
const long = (length: number, last: string): string => "\xff".repeat(length - 1) + last;

describe("names of records", () => {
  const name = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    fc.tuple(fc.constantFrom(...LENGTHS), fc.constantFrom("a", "b")).map(([length, last]) => long(length, last)),
  );
  const db = fc.constantFrom(0, 1, 255, 256, 65_535);

  test("fit the store, and differ where the names do", () => {
    const member = fc.tuple(db, name, fc.constantFrom("h" as const, "e" as const, "z" as const), name);
    fc.assert(
      fc.property(member, member, (a, b) => {
        const [one, two] = [memberKey(...a), memberKey(...b)];
        expect(one.length).toBeLessThanOrEqual(KEY_BYTES_MAX);
        expect(one === two).toBe(JSON.stringify(a) === JSON.stringify(b));
        expect(entryKey(a[0], a[1]) === entryKey(b[0], b[1])).toBe(a[0] === b[0] && a[1] === b[1]);
      }),
    );
  });

  test("of a key's members stand together, and no other key's among them", () => {
    fc.assert(
      fc.property(db, name, db, name, name, (db1, key1, db2, key2, field) => {
        const prefix = memberPrefix(db1, key1);
        const member = memberKey(db2, key2, "h", field);
        expect(member >= prefix && member < prefixEnd(prefix)).toBe(db1 === db2 && key1 === key2);
      }),
    );
  });
});

describe("keys and fields of any length", () => {
  for (const length of LENGTHS) {
    test(`${length} bytes: are known again after a restart, each for itself`, () => {
      const store = new MemoryStore();
      const bed = RegionBed.ready(store);
      const [key, other] = [long(length, "a"), long(length, "b")];
      bed.feed(["HSET", lat(key), lat(key), "1", lat(other), "2"], ["HSET", lat(other), "f", "1"], ["SADD", "s", lat(key), lat(other)], ["SET", "plain", "v"]);
      bed.flush();
      const heir = new RegionBed(store.crash());
      heir.feed(["HDEL", lat(key), lat(other)], ["SREM", "s", lat(key)], ["DEL", lat(other)], ["HDEL", lat(key), "unknown"]);
      heir.flush();
      const seen = heir.mutations().slice(bed.mutations().length).map(({ kind, key: on, field }) => [kind, on, field]);
      expect(seen).toEqual([
        [MutationKind.RemoveField, key, other],
        [MutationKind.RemoveMember, "s", key],
        [MutationKind.RemoveKey, other, ""],
      ]);
      const last = new RegionBed((heir.store as MemoryStore).crash());
      last.feed(["HDEL", lat(key), lat(other)], ["SREM", "s", lat(other)], ["DEL", lat(key)], ["DEL", lat(other)]);
      last.flush();
      const after = last.mutations().slice(heir.mutations().length).map(({ kind, key: on }) => [kind, on]);
      expect(after).toEqual([
        [MutationKind.RemoveMember, "s"],
        [MutationKind.RemoveKey, key],
      ]);
    });
  }

  test("a key whose every member is gone leaves no record behind", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["HSET", lat(long(70_000, "a")), lat(long(800, "a")), "1"], ["SADD", "s", "m"], ["SET", "k", "v"]);
    bed.flush();
    expect([...store.range("cell", "A", "\xff")].length).toBeGreaterThan(3);
    bed.feed(["DEL", lat(long(70_000, "a")), "s", "k"]);
    bed.flush();
    expect([...store.range("cell", "A", "\xff")]).toEqual([]);
  });
});

function lat(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
