import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printOf, stringPrintOf } from "./print.js";
import { decodeSketch, encodeSketch, SKETCH_REGISTERS, sketchPrintOf, uniteSketches } from "./sketch.js";

/** Sketches from empty to full: some registers at random places, some runs, some values that only a dense one can hold. */
const run = fc.record({ at: fc.nat({ max: SKETCH_REGISTERS - 1 }), run: fc.integer({ min: 1, max: 600 }), value: fc.nat({ max: 51 }) });
const registers = fc
  .array(run, { maxLength: 12 })
  .map((runs) => {
    const made = new Uint8Array(SKETCH_REGISTERS);
    for (const one of runs) made.fill(one.value, one.at, Math.min(SKETCH_REGISTERS, one.at + one.run));
    return made;
  });
const union = (...all: Uint8Array[]): Buffer => uniteSketches(all.map(encodeSketch)) as Buffer;
/** Comparing and showing 16,384 numbers one by one takes seconds. */
function equal(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}
const RUNS = { numRuns: 100 };

describe("a sketch", () => {
  test("is read as it was written, in one way only", () => {
    fc.assert(
      fc.property(registers, (made) => {
        const bytes = encodeSketch(made);
        expect(equal(decodeSketch(bytes), made)).toBe(true);
        expect(equal(encodeSketch(decodeSketch(bytes) as Uint8Array), bytes)).toBe(true);
        expect(bytes.length <= 3000 || bytes.length === 12_304).toBe(true);
      }),
      RUNS,
    );
  });

  test("is the same by its print, however it is stored and whatever it counts", () => {
    fc.assert(
      fc.property(registers, registers, fc.bigInt({ min: 0n, max: 2n ** 63n }), (made, other, cached) => {
        const stored = dense(made);
        stored.writeBigUInt64LE(cached, 8);
        expect(sketchPrintOf(stored)).toBe(sketchPrintOf(encodeSketch(made)));
        expect(sketchPrintOf(stored) === sketchPrintOf(encodeSketch(other))).toBe(Buffer.compare(made, other) === 0);
      }),
      RUNS,
    );
  });

  test("unites commutatively, associatively and idempotently", () => {
    fc.assert(
      fc.property(registers, registers, registers, (a, b, c) => {
        expect(equal(union(a, b), union(b, a))).toBe(true);
        expect(equal(uniteSketches([union(a, b), encodeSketch(c)]), uniteSketches([encodeSketch(a), union(b, c)]))).toBe(true);
        expect(equal(union(a, a), encodeSketch(a))).toBe(true);
        expect(equal(decodeSketch(union(a, b)), a.map((value, at) => Math.max(value, b[at] ?? 0)))).toBe(true);
      }),
      RUNS,
    );
  });

  test("that is damaged is an ordinary string", () => {
    const good = encodeSketch(new Uint8Array(SKETCH_REGISTERS).fill(7, 100, 3000));
    const bad = [
      good.subarray(0, good.length - 1),
      Buffer.concat([good, Buffer.from([0])]),
      Buffer.concat([good.subarray(0, good.length - 1), Buffer.from([0x40])]),
      Buffer.concat([Buffer.from("HYLL\x02", "latin1"), good.subarray(5)]),
      Buffer.concat([Buffer.from("HYLL\x00", "latin1"), good.subarray(5)]),
      Buffer.concat([Buffer.from("HYLX", "latin1"), good.subarray(4)]),
      good.subarray(0, 16),
      dense(new Uint8Array(SKETCH_REGISTERS)).subarray(1),
    ];
    for (const bytes of bad) {
      expect(decodeSketch(bytes)).toBeUndefined();
      expect(sketchPrintOf(bytes)).toBeUndefined();
      expect(uniteSketches([good, bytes])).toBeUndefined();
      expect(stringPrintOf(bytes)).toBe(printOf(bytes));
    }
    expect(stringPrintOf(good)).toMatch(/^%[0-9a-f]{16}$/);
  });

  test("of any bytes is refused or read, and never throws", () => {
    const body = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), body, (encoding, bytes) => {
        const whole = Buffer.concat([Buffer.from("HYLL"), Buffer.from([encoding]), Buffer.alloc(11), bytes]);
        expect(decodeSketch(whole) === undefined).toBe(sketchPrintOf(whole) === undefined);
      }),
    );
  });
});

/** Another way of writing dense registers, bit by bit. */
function dense(made: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12_304);
  bytes.write("HYLL", "latin1");
  made.forEach((value, index) => {
    for (let bit = 0; bit < 6; bit += 1) {
      const place = index * 6 + bit;
      if ((value >> bit) & 1) bytes[16 + (place >> 3)] = (bytes[16 + (place >> 3)] ?? 0) | (1 << (place & 7));
    }
  });
  return bytes;
}
