import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestPrintOf, integerOfPrint, PRINT_INLINE_BYTES_MAX, printOf, printOfInteger, valueOfPrint } from "./print.js";

const bytes = (max: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength: max }).map((array) => Buffer.from(array));

describe("prints", () => {
  test("hold short values whole, zero bytes and all", () => {
    fc.assert(fc.property(bytes(PRINT_INLINE_BYTES_MAX), (value) => {
        expect(valueOfPrint(printOf(value))).toEqual(value);
      }));
  });

  test("hold the beginning of the SHA-1 of longer ones, of any slice of a buffer", () => {
    fc.assert(
      fc.property(bytes(40), bytes(60), bytes(9), (before, rest, after) => {
        const value = Buffer.concat([rest, Buffer.alloc(PRINT_INLINE_BYTES_MAX + 1 - Math.min(rest.length, PRINT_INLINE_BYTES_MAX))]);
        const print = printOf(Buffer.concat([before, value, after]), before.length, before.length + value.length);
        expect(print).toBe(`#${createHash("sha1").update(value).digest("hex").slice(0, 16)}`);
        expect(print).toBe(digestPrintOf(value));
        expect(valueOfPrint(print)).toBeUndefined();
      }),
    );
  });

  test("of integers come back, inside 64 bits", () => {
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(integerOfPrint(printOfInteger(value))).toBe(value);
      }));
  });

  test("a digest is no number, though it may be made of digits", () => {
    expect(integerOfPrint("#1234567890123456")).toBeUndefined();
  });
});
