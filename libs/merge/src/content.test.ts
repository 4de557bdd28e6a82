import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VersionVector, writerId, type Hlc, type WriterId } from "@meridian/words";
import { emptyCell, isPresent, type Cell, type CellChange } from "./cell.js";
import { deadlineContent, isCounting, registerContent } from "./content.js";
import { mergeChange } from "./merge.js";
import { newestDot, winnerOf, wins } from "./order.js";

const EU = writerId("eu", "0");
const US = writerId("us", "0");
const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

interface Part {
  readonly writer?: WriterId;
  readonly hlc?: number;
  readonly seen?: readonly (readonly [WriterId, number])[];
}

function change(action: CellChange["action"], part: Part, more: Partial<CellChange>): CellChange {
  const { writer = EU, hlc = 10, seen = [] } = part;
  const context = new VersionVector(seen.map(([who, at]) => [who, at as Hlc] as const));
  return { action, writer, hlc: hlc as Hlc, print: "", number: 0, value: undefined, birth: hlc as Hlc, sum: 0n, context, ahead: undefined, unseen: [], absorbed: [], ...more };
}

const put = (text: string, part: Part = {}): CellChange => change("put", part, { print: `=${text}` });
const raise = (sum: bigint, part: Part = {}): CellChange => change("increment", part, { sum });
const deadline = (number: number, part: Part): CellChange => change("put", part, { number });

function cellOf(...changes: readonly CellChange[]): Cell {
  const cell = emptyCell();
  for (const one of changes) mergeChange(cell, one);
  return cell;
}

const shown = (cell: Cell): string | undefined => registerContent(cell)?.print.slice(1);

describe("which of two concurrent writes is read", () => {
  test("the later one", () => {
    expect(shown(cellOf(put("a", { hlc: 1 }), put("b", { writer: US, hlc: 2 })))).toBe("b");
  });

  test("at equal times the one of the smaller region", () => {
    expect(shown(cellOf(put("b", { writer: US }), put("a", { writer: EU })))).toBe("a");
    expect(shown(cellOf(put("a", { writer: EU }), put("b", { writer: US })))).toBe("a");
  });

  test("but a write that had seen the other replaces it, whatever the clocks say", () => {
    expect(shown(cellOf(put("a", { hlc: 9 }), put("b", { writer: US, hlc: 3, seen: [[EU, 9]] })))).toBe("b");
  });

  test("is a total order", () => {
    const dot = fc.record({ writer: fc.constantFrom(EU, US, writerId("ap", "0")), hlc: fc.nat({ max: 3 }).map((n) => n as Hlc) });
    fc.assert(
      fc.property(dot, dot, dot, (a, b, c) => {
        if (a.writer !== b.writer || a.hlc !== b.hlc) expect(wins(a, b)).toBe(!wins(b, a));
        if (wins(a, b) && wins(b, c)) expect(wins(a, c)).toBe(true);
      }),
    );
  });

  test("the loser is read again when the winner alone is removed", () => {
    const cell = cellOf(put("a", { hlc: 1 }), put("b", { writer: US, hlc: 2 }), change("remove", { writer: writerId("ap", "0"), hlc: 3, seen: [[US, 2]] }, {}));
    expect(shown(cell)).toBe("a");
  });
});

describe("counters", () => {
  test("add what no one had seen to what was set", () => {
    expect(shown(cellOf(put("100"), raise(2n, { writer: US })))).toBe("102");
    expect(shown(cellOf(raise(7n), raise(3n, { writer: US })))).toBe("10");
  });

  test("keep increments hidden beside a value that is no number", () => {
    const cell = cellOf(put("abc"), raise(2n, { writer: US }));
    expect(shown(cell)).toBe("abc");
    expect(isCounting(cell)).toBe(false);
    mergeChange(cell, put("5", { hlc: 11 }));
    expect(shown(cell)).toBe("7");
  });

  test("stop at the 64-bit edge, the same whatever came first, and come back from it exactly", () => {
    const changes = [put(String(MAX - 1n)), raise(5n, { writer: US }), raise(9n, { writer: writerId("ap", "0") })];
    for (const order of [changes, [...changes].reverse()]) expect(shown(cellOf(...order))).toBe(String(MAX));
    expect(shown(cellOf(put(String(MIN)), raise(-1n, { writer: US })))).toBe(String(MIN));
    // The sum behind the edge is not lost: what is taken away later is taken from it, not from the edge.
    const back = change("increment", { writer: US, hlc: 12 }, { birth: 10 as Hlc, sum: -4n });
    expect(shown(cellOf(...changes, back))).toBe(String(MAX));
    const further = change("increment", { writer: US, hlc: 13 }, { birth: 10 as Hlc, sum: -10n });
    expect(shown(cellOf(...changes, further))).toBe(String(MAX - 2n));
  });

  test("are there while an increment counts, even one that makes zero", () => {
    const cell = cellOf(raise(0n));
    expect(isPresent(cell)).toBe(true);
    expect(shown(cell)).toBe("0");
    mergeChange(cell, change("remove", { writer: US }, { absorbed: [{ writer: EU, birth: 10 as Hlc, upTo: 10 as Hlc, sum: 0n }] }));
    expect(isPresent(cell)).toBe(false);
    expect(shown(cell)).toBeUndefined();
  });

  test("take part in deciding which type of a key is newest while they count", () => {
    const cell = cellOf(put("1", { hlc: 5 }), raise(2n, { writer: US, hlc: 8 }));
    expect(newestDot(cell)).toEqual({ writer: US, hlc: 8 });
    mergeChange(cell, put("3", { hlc: 6, writer: US, seen: [[EU, 5]] }));
    mergeChange(cell, change("remove", { writer: EU, hlc: 9 }, { absorbed: [{ writer: US, birth: 8 as Hlc, upTo: 8 as Hlc, sum: 2n }] }));
    expect(newestDot(cell)).toEqual(winnerOf(cell));
  });
});

describe("deadlines", () => {
  test("the longest of concurrent ones, and none is the longest", () => {
    expect(deadlineContent(cellOf(deadline(10, { hlc: 2 }), deadline(50, { writer: US, hlc: 1 })))).toBe(50);
    expect(deadlineContent(cellOf(deadline(10, { hlc: 2 }), deadline(Infinity, { writer: US, hlc: 1 })))).toBe(Infinity);
    expect(deadlineContent(emptyCell())).toBeUndefined();
  });

  test("a shorter one that had seen the longer replaces it", () => {
    expect(deadlineContent(cellOf(deadline(50, { hlc: 2 }), deadline(10, { writer: US, hlc: 3, seen: [[EU, 2]] })))).toBe(10);
  });
});
