import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelIndex } from "./label-index.js";

const FIRST = "\0";
const key = fc.oneof(
  fc.nat(2_000_000).map((at) => `K\0\0=key:${at}`),
  fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.nat(40).map((at) => `K\0\0=${"same".repeat(9)}${at}`),
);
const keys = fc.array(key, { maxLength: 60 }).map((list) => [...new Set(list)].filter((one) => one > FIRST).sort());

/** What the index promises, by looking at every label. */
function floorOf(labels: readonly string[], sought: string): number {
  return Math.max(0, labels.findLastIndex((label) => label <= sought));
}

describe("an index of labels", () => {
  it("finds the last label that is not above a key, also after labels were replaced", () => {
    fc.assert(
      fc.property(keys, keys, fc.array(key, { maxLength: 30 }), fc.nat(60), fc.nat(60), (first, more, sought, a, b) => {
        const labels = [FIRST, ...first];
        const index = new LabelIndex([...labels]);
        const expectAll = (known: readonly string[]): void => {
          for (const one of [...sought, ...known]) expect(index.floor(one)).toBe(floorOf(known, one));
        };
        expectAll(labels);
        const [from, to] = [1 + Math.min(a, b, first.length), 1 + Math.min(Math.max(a, b), first.length)];
        // Only what fits between its neighbours may be put there.
        const fitting = more.filter((one) => one > (labels[from - 1] as string) && one < (labels[to] ?? "\xff\xff"));
        index.replace(from, to, fitting);
        expectAll(index.labels);
        expect(index.labels).toEqual([...labels.slice(0, from), ...fitting, ...labels.slice(to)]);
      }),
    );
  });
});
