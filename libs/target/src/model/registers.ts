/**
 * The registers of the model's sketches (HyperLogLog): the hash of an element, the estimate of a count, and how a server
 * stores them. Equal to Redis 7.0 in registers and counts; the bytes of a sparse sketch may differ.
 *
 * After Flajolet et al., *HyperLogLog* (2007); the estimate after Ertl, *New cardinality estimation algorithms for
 * HyperLogLog sketches* (2017); the hash is MurmurHash64A (Appleby, public domain).
 */
import { decodeSketch, encodeSketch, SKETCH_REGISTERS, sketchPrintOf } from "@meridian/merge";

const INDEX_BITS = 14n;
const RANK_BITS = 50;
const SEED = 0xadc83b19n;
const MULTIPLIER = 0xc6a4a7935bd1e995n;
const ALPHA = 0.721347520444481703680;
const mask = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The registers of a stored sketch, or undefined where it is none. */
export function registersOf(stored: string): Uint8Array | undefined {
  return decodeSketch(Buffer.from(stored, "latin1"));
}

/** How a sketch is stored, its cached count out of date. */
export function sketchBytes(registers: Uint8Array): string {
  return encodeSketch(registers).toString("latin1");
}

/** What the apply script compares sketches by: 16 hexadecimal digits, or undefined where it is none. */
export function registersDigest(stored: string): string | undefined {
  return sketchPrintOf(Buffer.from(stored, "latin1"))?.slice(1);
}

/** Raises the register of an element; true where that changed it. */
export function addElement(registers: Uint8Array, element: string): boolean {
  const hash = murmur64(Buffer.from(element, "latin1"));
  const index = Number(hash & ((1n << INDEX_BITS) - 1n));
  const bits = (hash >> INDEX_BITS) | (1n << BigInt(RANK_BITS));
  let rank = 1;
  while (((bits >> BigInt(rank - 1)) & 1n) === 0n) rank += 1;
  if (rank <= (registers[index] ?? 0)) return false;
  registers[index] = rank;
  return true;
}

/** Raises registers to those of another sketch; true where that changed one. */
export function raiseRegisters(registers: Uint8Array, by: Uint8Array): boolean {
  let changed = false;
  for (let at = 0; at < SKETCH_REGISTERS; at += 1) {
    if ((by[at] as number) <= (registers[at] as number)) continue;
    registers[at] = by[at] as number;
    changed = true;
  }
  return changed;
}

/** The estimated number of elements. */
export function countOf(registers: Uint8Array): number {
  const histogram = new Array<number>(RANK_BITS + 2).fill(0);
  for (const value of registers) histogram[value] = (histogram[value] ?? 0) + 1;
  const m = SKETCH_REGISTERS;
  let z = m * tau((m - (histogram[RANK_BITS + 1] ?? 0)) / m);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = (z + (histogram[rank] ?? 0)) * 0.5;
  return Math.round((ALPHA * m * m) / (z + m * sigma((histogram[0] ?? 0) / m)));
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  for (let before = NaN; before !== z; ) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let z = x;
  for (let before = NaN; before !== z; ) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function murmur64(bytes: Buffer): bigint {
  const mixed = (value: bigint): bigint => {
    const once = mask(value * MULTIPLIER);
    return mask((once ^ (once >> 47n)) * MULTIPLIER);
  };
  let hash = mask(SEED ^ (BigInt(bytes.length) * MULTIPLIER));
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) hash = mask((hash ^ mixed(bytes.readBigUInt64LE(at))) * MULTIPLIER);
  if (at < bytes.length) {
    let rest = 0n;
    for (let i = bytes.length - 1; i >= at; i -= 1) rest = (rest << 8n) | BigInt(bytes[i] as number);
    hash = mask((hash ^ rest) * MULTIPLIER);
  }
  hash = mask((hash ^ (hash >> 47n)) * MULTIPLIER);
  return hash ^ (hash >> 47n);
}
