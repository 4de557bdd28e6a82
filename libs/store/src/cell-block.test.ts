import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockArena } from "./block-arena.js";
import { BLOCK_BYTES_MAX } from "./block-format.js";
import { BlockReader } from "./block-reader.js";
import { valueInBlock } from "./block-search.js";
import { mergeBlock, type SortedWrites } from "./cell-block.js";

type Cells = Map<string, Buffer>;

function sortedWrites(cells: ReadonlyMap<string, Buffer | undefined>): SortedWrites {
  const keys = [...cells.keys()].sort();
  return { keys, value: (index) => cells.get(keys[index] as string) };
}

function readAll(blocks: readonly Buffer[]): Cells {
  const cells: Cells = new Map();
  const reader = new BlockReader();
  const missed: string[] = [];
  for (const bytes of blocks) {
    reader.open(bytes, bytes.length);
    for (let cell = 0; cell < reader.count; cell += 1) {
      const [key, value] = [reader.key(cell), reader.value(cell)];
      cells.set(key, value);
      if (valueInBlock(bytes, bytes.length, key)?.equals(value) !== true) missed.push(key);
    }
    if (valueInBlock(bytes, bytes.length, "a key that nobody writes")) missed.push("nobody's");
  }
  expect(missed).toEqual([]);
  return cells;
}

/** Merges into the block to which each write belongs, as the table does; returns copies. */
function mergeAll(blocks: readonly Buffer[], changes: ReadonlyMap<string, Buffer | undefined>): Buffer[] {
  const reader = new BlockReader();
  const context = { arena: new BlockArena(), onNewKey: () => undefined, onGoneKey: () => undefined };
  const writes = sortedWrites(changes);
  const sources = blocks.length === 0 ? [Buffer.alloc(0)] : blocks;
  let from = 0;
  return sources.flatMap((bytes, index) => {
    const next = sources[index + 1];
    let to = writes.keys.length;
    if (next !== undefined) {
      reader.open(next, next.length);
      const limit = reader.key(0);
      to = from;
      while (to < writes.keys.length && (writes.keys[to] as string) < limit) to += 1;
    }
    reader.open(bytes, bytes.length);
    const merged = mergeBlock(reader, writes, from, to, context).map((block) => Buffer.from(block.bytes));
    from = to;
    return merged;
  });
}

const key = fc.oneof(
  fc.nat(3000).map((at) => `key:${String(at).padStart(6, "0")}`),
  fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.nat(3).map((at) => "long".repeat(100) + String(at)),
);
const value = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.nat(9000).map((size) => new Uint8Array(size).fill(size)) },
);
const changes = fc
  .array(fc.tuple(key, fc.option(value, { nil: undefined, freq: 4 })), { minLength: 1, maxLength: 150 })
  .map((entries) => new Map(entries.map(([name, bytes]) => [name, bytes === undefined ? undefined : Buffer.from(bytes)])));

describe("blocks of cells", () => {
  it("hold what a map holds, in order, through random merges", () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 12 }), (rounds) => {
        const model: Cells = new Map();
        let blocks: Buffer[] = [];
        for (const round of rounds) {
          blocks = mergeAll(blocks, round);
          for (const [name, bytes] of round) {
            if (bytes === undefined) model.delete(name);
            else model.set(name, bytes);
          }
          const cells = readAll(blocks);
          expect([...cells.keys()]).toEqual([...model.keys()].sort());
          for (const [name, bytes] of model) expect(cells.get(name)?.equals(bytes)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("fit a page, unless a single cell does not, and are well filled after a large merge", () => {
    const cells = new Map(Array.from({ length: 10_000 }, (_, at) => [`key:${String(at).padStart(12, "0")}`, Buffer.alloc(24)] as const));
    const blocks = mergeAll([], cells);
    expect(Math.max(...blocks.map((block) => block.length))).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
    expect(blocks.length).toBeLessThan((10_000 * 30) / (BLOCK_BYTES_MAX * 0.6));
    expect(mergeAll([], new Map([["large", Buffer.alloc(20_000)]])).map((block) => block.length > 20_000)).toEqual([true]);
  });

  it("find a key by search, and report absent ones", () => {
    const names = Array.from({ length: 90 }, (_, at) => `user:${at * 2}`);
    const [bytes] = mergeAll([], new Map(names.map((name) => [name, Buffer.from(name)]))) as [Buffer];
    const reader = new BlockReader();
    reader.open(bytes, bytes.length);
    for (let at = 0; at < 180; at += 1) {
      const cell = reader.lowerBound(`user:${at}`);
      const found = cell < reader.count && reader.compare(cell, `user:${at}`) === 0;
      expect(found).toBe(at % 2 === 0);
      if (found) expect(reader.value(cell).toString()).toBe(`user:${at}`);
    }
    expect([reader.lowerBound("a"), reader.lowerBound("user"), reader.lowerBound("user:"), reader.lowerBound("z")]).toEqual([0, 0, 0, 90]);
  });
});
