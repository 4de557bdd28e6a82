/**
 * HyperLogLog sketches as the servers store them: a string of 16 bytes of head (`HYLL`, encoding, 3 unused, 8 of cached
 * cardinality, whose highest bit says that it is out of date) and 16,384 registers of 6 bits each, dense (little-endian
 * bit order) or as runs: ZERO `00nnnnnn`, XZERO `01nnnnnn nnnnnnnn`, VAL `1vvvvvnn`, lengths and values less one.
 *
 * The union of two sketches is the maximum of each register, so it needs no order and no memory. Only registers count:
 * the cached cardinality and the way of storing them may differ between servers that hold the same. What is not a sketch,
 * or a damaged one, is refused: it is then an ordinary string.
 */
import { hash } from "node:crypto";

/** Registers of every sketch. */
export const SKETCH_REGISTERS = 16_384;

/** Digits of a sketch's digest. */
const DIGEST_DIGITS = 16;
const HEAD_BYTES = 16;
const BITS = 6;
const DENSE_BYTES = HEAD_BYTES + (SKETCH_REGISTERS * BITS) / 8;
/** Beyond this, or with a register above 32, a sketch is written dense; the servers' own default is the same. */
const SPARSE_BYTES_MAX = 3000;
const SPARSE_VALUE_MAX = 32;
const SMALLEST_BYTES = HEAD_BYTES + 1;
const ENCODING_AT = 4;
const STALE_AT = 15;
const STALE = 0x80;
const DENSE = 0;
const SPARSE = 1;

/** Prints of sketches begin with this (`%`); 16 hexadecimal digits of the SHA-1 of the dense registers follow. */
export const SKETCH_PRINT = 0x25;

/** True for the print of a sketch. */
export function isSketchPrint(print: string): boolean {
  return print.charCodeAt(0) === SKETCH_PRINT;
}

/** True where the bytes begin as a sketch does; says nothing of the rest. Cheap: one comparison for nearly all strings. */
export function looksLikeSketch(bytes: Buffer, start: number, end: number): boolean {
  // "HYLL"
  return bytes[start] === 0x48 && end - start >= SMALLEST_BYTES && bytes.readUInt32BE(start) === 0x48594c4c;
}

/** The print of the sketch in `bytes[start, end)`, or undefined where there is none, or a damaged one. */
export function sketchPrintOf(bytes: Buffer, start = 0, end = bytes.length): string | undefined {
  if (!looksLikeSketch(bytes, start, end)) return undefined;
  if (bytes[start + ENCODING_AT] === DENSE) {
    return end - start === DENSE_BYTES ? printOfDense(bytes.subarray(start + HEAD_BYTES, end)) : undefined;
  }
  const registers = decodeSketch(bytes, start, end);
  return registers && printOfDense(packed(registers));
}

function printOfDense(registers: Buffer): string {
  return `%${hash("sha1", registers, "hex").slice(0, DIGEST_DIGITS)}`;
}

/** The registers of the sketch in `bytes[start, end)`, or undefined where there is none, or a damaged one. */
export function decodeSketch(bytes: Buffer, start = 0, end = bytes.length): Uint8Array | undefined {
  if (!looksLikeSketch(bytes, start, end)) return undefined;
  const encoding = bytes[start + ENCODING_AT];
  if (encoding === DENSE) return end - start === DENSE_BYTES ? unpacked(bytes, start + HEAD_BYTES) : undefined;
  return encoding === SPARSE ? unrolled(bytes, start + HEAD_BYTES, end) : undefined;
}

function unpacked(bytes: Buffer, from: number): Uint8Array {
  const registers = new Uint8Array(SKETCH_REGISTERS);
  // Four registers stand in three bytes.
  for (let index = 0, at = from; index < SKETCH_REGISTERS; index += 4, at += 3) {
    const three = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    registers[index] = three & 63;
    registers[index + 1] = (three >> 6) & 63;
    registers[index + 2] = (three >> 12) & 63;
    registers[index + 3] = three >> 18;
  }
  return registers;
}

function packed(registers: Uint8Array): Buffer {
  const bytes = Buffer.alloc(DENSE_BYTES - HEAD_BYTES);
  for (let index = 0, at = 0; index < SKETCH_REGISTERS; index += 4, at += 3) {
    const b = registers[index + 1] as number;
    const c = registers[index + 2] as number;
    bytes[at] = (registers[index] as number) | (b << 6);
    bytes[at + 1] = (b >> 2) | (c << 4);
    bytes[at + 2] = (c >> 4) | ((registers[index + 3] as number) << 2);
  }
  return bytes;
}

function unrolled(bytes: Buffer, from: number, end: number): Uint8Array | undefined {
  const registers = new Uint8Array(SKETCH_REGISTERS);
  let index = 0;
  for (let at = from; at < end; at += 1) {
    const code = bytes[at] as number;
    let run = (code & 0x3f) + 1;
    let value = 0;
    if (code & 0x80) {
      run = (code & 3) + 1;
      value = ((code >> 2) & 31) + 1;
    } else if (code & 0x40) {
      at += 1;
      if (at === end) return undefined;
      run = (((code & 0x3f) << 8) | (bytes[at] as number)) + 1;
    }
    if (index + run > SKETCH_REGISTERS) return undefined;
    if (value > 0) registers.fill(value, index, index + run);
    index += run;
  }
  return index === SKETCH_REGISTERS ? registers : undefined;
}

/** The one way in which we write these registers: the same bytes in every region, the cached cardinality out of date. */
export function encodeSketch(registers: Uint8Array): Buffer {
  const runs = rolled(registers);
  const body = runs ? Buffer.from(runs) : packed(registers);
  const head = Buffer.alloc(HEAD_BYTES);
  head.write("HYLL", "latin1");
  head[ENCODING_AT] = runs ? SPARSE : DENSE;
  head[STALE_AT] = STALE;
  return Buffer.concat([head, body]);
}

/** The longest runs possible, in the order of the registers; undefined where the sketch must be dense. */
function rolled(registers: Uint8Array): number[] | undefined {
  const runs: number[] = [];
  const words = wordsOf(registers);
  for (let index = 0; index < SKETCH_REGISTERS; ) {
    const value = registers[index] as number;
    if (value > SPARSE_VALUE_MAX) return undefined;
    const longest = value === 0 ? SKETCH_REGISTERS : 4;
    let run = 1;
    while (run < longest && index + run < SKETCH_REGISTERS && registers[index + run] === value) {
      run += 1;
      // Most registers of most sketches are zero.
      while (value === 0 && words[(index + run) >>> 2] === 0 && ((index + run) & 3) === 0) run += 4;
    }
    index += run;
    run -= 1;
    if (value > 0) runs.push(0x80 | ((value - 1) << 2) | run);
    else if (run < 64) runs.push(run);
    else runs.push(0x40 | (run >> 8), run & 0xff);
    if (HEAD_BYTES + runs.length > SPARSE_BYTES_MAX) return undefined;
  }
  return runs;
}

/** The union of sketches as canonical bytes; undefined where one of them is damaged. */
export function uniteSketches(sketches: readonly Buffer[]): Buffer | undefined {
  let union: Uint8Array | undefined;
  for (const bytes of sketches) {
    const registers = decodeSketch(bytes);
    if (!registers) return undefined;
    if (union) raise(union, registers);
    union ??= registers;
  }
  return encodeSketch(union ?? new Uint8Array(SKETCH_REGISTERS));
}

function raise(union: Uint8Array, registers: Uint8Array): void {
  const words = wordsOf(registers);
  for (let word = 0; word < words.length; word += 1) {
    if (words[word] === 0) continue;
    for (let index = word * 4; index < word * 4 + 4; index += 1) {
      const value = registers[index] as number;
      if (value > (union[index] as number)) union[index] = value;
    }
  }
}

/** Four registers each: zero where all of them are. */
function wordsOf(registers: Uint8Array): Uint32Array {
  const { buffer, byteOffset } = aligned(registers);
  return new Uint32Array(buffer, byteOffset, SKETCH_REGISTERS / 4);
}

/** As they are, or a copy of them, at a place where words can begin. */
function aligned(registers: Uint8Array): Uint8Array {
  return registers.byteOffset % 4 === 0 ? registers : registers.slice();
}
