import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hlcOf, writerId, type Hlc } from "@meridian/words";
import { emptyCell, type Cell } from "./cell.js";
import { scoreContent } from "./content.js";
import { doubleOf, scaledOf } from "./score.js";

/** Every finite double, by its bits, so that subnormal numbers and both ends come as often as any other. */
const finite = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 53n }),
    fc.bigInt({ min: 0x7fe0n << 48n, max: (0x7ff0n << 48n) - 1n }),
  )
  .map(doubleOfBits)
  .filter(Number.isFinite);

function doubleOfBits(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** Every multiple of 2^-1074 is a finite decimal; reading decimals is correctly rounded by ECMAScript's definition. */
const FIVE_TO_1074 = 5n ** 1074n;
function nearestDouble(scaled: bigint): number {
  return Number(`${scaled * FIVE_TO_1074}e-1074`);
}

function cellWith(score: number | undefined, increments: readonly bigint[]): Cell {
  const cell = emptyCell();
  const at = hlcOf(1_800_000_000_000);
  if (score !== undefined) cell.siblings = [...cell.siblings, { writer: writerId("eu", "0"), hlc: at, print: "", number: score, value: undefined }];
  for (const [index, sum] of increments.entries()) {
    cell.sums = [...cell.sums, { writer: writerId(`r${index}`, "0"), birth: at, upTo: at, sum, absorbedUpTo: 0 as Hlc, absorbed: 0n }];
  }
  return cell;
}

describe("scores as exact multiples of 2^-1074", () => {
  test("come back as they were, subnormal numbers and both ends of the range included", () => {
    fc.assert(fc.property(finite, (value) => {
        expect(doubleOf(scaledOf(value))).toBe(value === 0 ? 0 : value);
      }), { numRuns: 3000 });
    for (const value of [0, 5e-324, -5e-324, 2 ** -1022, 2 ** -1022 - 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53, 0.1]) {
      expect(doubleOf(scaledOf(value))).toBe(value);
    }
    expect(scaledOf(5e-324)).toBe(1n);
    expect(scaledOf(1)).toBe(2n ** 1074n);
  });

  test("are rounded to the nearest double, ties to even, as arbitrary precision says", () => {
    const near = fc.tuple(finite, finite, fc.bigInt({ min: -3n, max: 3n })).map(([a, b, c]) => scaledOf(a) + scaledOf(b) + c);
    const tie = fc.tuple(finite, fc.bigInt({ min: -1n, max: 1n })).map(([a, c]) => (scaledOf(a) + scaledOf(nextUp(a))) / 2n + c);
    fc.assert(fc.property(fc.oneof(near, tie), (scaled) => {
        expect(doubleOf(scaled)).toBe(nearestDouble(scaled));
      }), { numRuns: 1500 });
  });

  test("are infinite beyond the largest double, where rounding says so", () => {
    const half = 2n ** (971n + 1074n - 1n);
    const largest = scaledOf(Number.MAX_VALUE);
    expect(doubleOf(largest + half - 1n)).toBe(Number.MAX_VALUE);
    expect(doubleOf(largest + half)).toBe(Infinity);
    expect(doubleOf(-largest - half)).toBe(-Infinity);
  });

  test("add up to the same double in any order, the one nearest to the exact sum", () => {
    const parts = fc.array(finite, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.option(finite, { nil: undefined }), parts, fc.infiniteStream(fc.nat()), (base, added, order) => {
        const increments = added.map(scaledOf);
        const shuffled = [...increments].sort(() => (order.next().value % 2 === 0 ? 1 : -1));
        const exact = increments.reduce((sum, part) => sum + part, base === undefined ? 0n : scaledOf(base));
        expect(scoreContent(cellWith(base, increments))).toBe(nearestDouble(exact));
        expect(scoreContent(cellWith(base, shuffled))).toBe(nearestDouble(exact));
      }),
      { numRuns: 500 },
    );
  });

  test("where doubles would not: three increments of 0.1, 0.2 and 0.3", () => {
    const parts = [0.1, 0.2, 0.3];
    expect(0.1 + 0.2 + 0.3).not.toBe(0.3 + 0.2 + 0.1);
    expect(scoreContent(cellWith(undefined, parts.map(scaledOf)))).toBe(scoreContent(cellWith(undefined, parts.reverse().map(scaledOf))));
  });

  test("an infinite score stays what it is, whatever is added", () => {
    expect(scoreContent(cellWith(Infinity, [scaledOf(-1)]))).toBe(Infinity);
    expect(scoreContent(cellWith(-Infinity, [scaledOf(1)]))).toBe(-Infinity);
  });
});

function nextUp(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const next = doubleOfBits(bits + 1n);
  return Number.isFinite(next) ? next : value;
}
