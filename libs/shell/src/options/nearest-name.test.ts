import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestName } from "./nearest-name.js";

test.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "ABC", 0],
  ["abc", "acb", 1],
  ["port", "prot", 1],
  ["port", "ports", 1],
  ["kitten", "sitting", 3],
])("%s to %s takes %i edits", (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});

test("distance is symmetric and never more than the longer name", () => {
  const name = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c", "_") });
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(editDistance(a, b) === 0).toBe(a === b);
    }),
  );
});

test("suggests only what is near", () => {
  expect(nearestName("regoin", ["region", "peers"])).toBe("region");
  expect(nearestName("x", ["region", "peers"])).toBeUndefined();
  expect(nearestName("temperature", ["region", "peers"])).toBeUndefined();
});
