/**
 * Prints: what the agent remembers of a value. Values live in the server and nowhere else; the agent keeps short ones
 * as they are (`=` and the bytes) and of longer ones the first 64 bits of the SHA-1 (`#` and 16 hex digits), because
 * SHA-1 is the one digest that the server's scripts can compute too. Two values are taken for equal when their prints
 * are.
 */
import { hash } from "node:crypto";
import { looksLikeSketch, SKETCH_PRINT, sketchPrintOf } from "./sketch.js";

/** Values up to this many bytes are remembered whole. */
export const PRINT_INLINE_BYTES_MAX = 32;

/** Hexadecimal digits of a digest print. */
export const PRINT_DIGEST_DIGITS = 16;

/** The print of `bytes[start, end)`. */
export function printOf(bytes: Buffer, start = 0, end = bytes.length): string {
  if (end - start <= PRINT_INLINE_BYTES_MAX) return `=${bytes.toString("latin1", start, end)}`;
  return digestPrintOf(bytes, start, end);
}

/**
 * The print of `bytes[start, end)` as a string key's value. Sketches are remembered by their registers (`%` and 16 hex
 * digits), because a server changes their other bytes by itself.
 */
export function stringPrintOf(bytes: Buffer, start = 0, end = bytes.length): string {
  const sketch = looksLikeSketch(bytes, start, end) ? sketchPrintOf(bytes, start, end) : undefined;
  return sketch ?? printOf(bytes, start, end);
}

/** The digest print of `bytes[start, end)`, however short: for whole values, whose bytes are compared by digest only. */
export function digestPrintOf(bytes: Buffer, start = 0, end = bytes.length): string {
  const digest = hash("sha1", bytes.subarray(start, end), "hex");
  return `#${digest.slice(0, PRINT_DIGEST_DIGITS)}`;
}

/** True for a print that does not hold the value itself, but a digest of it or of a sketch's registers. */
export function isDigest(print: string): boolean {
  const first = print.charCodeAt(0);
  return first === 0x23 || first === SKETCH_PRINT;
}

/** True where a print holds its value whole, behind one character. */
export function isWholePrint(print: string): boolean {
  return print.charCodeAt(0) === 0x3d;
}

/** The bytes that a print remembers whole, or undefined where it holds only a digest. */
export function valueOfPrint(print: string): Buffer | undefined {
  return isWholePrint(print) ? Buffer.from(print.slice(1), "latin1") : undefined;
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const CANONICAL_INTEGER = /^=(?:0|-?[1-9]\d{0,18})$/;

/** The number that INCR would see in a value, or undefined where it would refuse. */
export function integerOfPrint(print: string): bigint | undefined {
  if (print.length > 21 || !CANONICAL_INTEGER.test(print)) return undefined;
  const value = BigInt(print.slice(1));
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** The edge at which a number stops that 64 bits cannot hold, or undefined where they can. */
export function edgeBeyond(value: bigint): bigint | undefined {
  return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : undefined;
}

/** The print of an integer, clamped to the 64 bits that the server can hold. */
export function printOfInteger(value: bigint): string {
  return `=${edgeBeyond(value) ?? value}`;
}
