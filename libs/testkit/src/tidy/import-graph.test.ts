import { expect, it } from "vitest";
import { findCycle, reachable } from "./import-graph.js";

const graph = (edges: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(edges));

it("finds a cycle and shows it", () => {
  expect(findCycle(graph({ a: ["b"], b: ["c"], c: ["b"] }))).toEqual(["b", "c", "b"]);
  expect(findCycle(graph({ a: ["a"] }))).toEqual(["a", "a"]);
  expect(findCycle(graph({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }))).toBeUndefined();
});

it("reaches what is imported, however deep", () => {
  expect([...reachable(graph({ a: ["b"], b: ["c"], d: ["a"] }), ["a"])].sort()).toEqual(["a", "b", "c"]);
});
