import fc from "fast-check";
import { expect, it } from "vitest";
import { PlaceSort } from "./place-order.js";

/** Keys one behind the other; a key's place is its index. */
function sorted(keys: readonly string[]): string[] {
  const bytes = Buffer.from(keys.join(""), "latin1");
  const ends: number[] = [];
  for (const key of keys) ends.push((ends.at(-1) ?? 0) + key.length);
  const places = Int32Array.from(keys.keys());
  new PlaceSort(places, (place) => ({ bytes, start: ends[place - 1] ?? 0, end: ends[place] as number })).finish();
  return [...places].map((place) => keys[place] as string);
}

/** Few different bytes, so that keys begin alike and end within others; zeros, because they look like an end. */
const key = fc.array(fc.constantFrom("\0", "a", "b", "\xff", "aaaaaaaa"), { minLength: 1, maxLength: 20 }).map((parts) => parts.join(""));

it("gives the order of bytes, whatever the keys have in common", () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 200 }), fc.string({ unit: "binary-ascii", maxLength: 12 }), (keys, common) => {
      const all = keys.map((each) => common + each);
      expect(sorted(all)).toEqual([...all].sort());
    }),
    { numRuns: 300 },
  );
});

it("tells keys apart that end where others go on with zeros", () => {
  const keys = Array.from({ length: 40 }, (_, zeros) => `key${"\0".repeat(zeros)}`);
  expect(sorted([...keys].reverse())).toEqual(keys);
});

it("sorts many keys of several kinds", () => {
  const keys = Array.from({ length: 20_000 }, (_, at) => `${at % 3 === 0 ? "session" : "counter"}:${(at * 7_919) % 1_000_003}:${at % 7}`);
  const unique = [...new Set(keys)];
  expect(sorted(unique)).toEqual([...unique].sort());
});
