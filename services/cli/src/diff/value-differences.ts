/**
 * Compares two values of one type as decoded by the server: what a client would read, not how it is stored.
 *
 * Sets, hashes and sorted sets are compared whatever the order of the reply; scores as numbers; lists and streams in
 * order; HyperLogLogs by their registers; types of modules by their DUMP. Pure.
 */
import type { Reply } from "@meridian/resp";
import { printable } from "../printable.js";
import { onlyIn, type DifferenceLines, type PairNames } from "./difference-lines.js";
import { hyperLogLogRegisters } from "./hyperloglog.js";

/** Adds to `lines` what differs between two replies to the type's read command (see value-type.ts). */
export type ValueComparison = (a: Reply, b: Reply, names: PairNames, lines: DifferenceLines) => void;

/** GET. */
export const compareStrings: ValueComparison = (a, b, names, lines) => {
  const left = bytesOf(a);
  const right = bytesOf(b);
  if (left.equals(right)) return;
  const leftRegisters = hyperLogLogRegisters(left);
  const rightRegisters = hyperLogLogRegisters(right);
  if (leftRegisters !== undefined && rightRegisters !== undefined) {
    const differing = leftRegisters.reduce((count, value, index) => count + (value === rightRegisters[index] ? 0 : 1), 0);
    if (differing > 0) lines.add(() => `HyperLogLog: ${differing} registers differ`);
    return;
  }
  lines.add(() => stringLine(left, right, names));
};

/** A line for two different strings; `from` is where in the whole value the pieces begin. */
export function stringLine(a: Buffer, b: Buffer, names: PairNames, from = 0): string {
  const at = firstDifference(a, b);
  const start = Math.max(0, at - 16);
  const where = from + at > 0 ? `from byte ${from + at} on: ` : "";
  const lengths = a.length === b.length ? "" : ` (${from + a.length} and ${from + b.length} bytes)`;
  const piece = (bytes: Buffer): string => `${start > 0 || from > 0 ? "..." : ""}${printable(bytes.subarray(start), 48)}`;
  return `${where}${names.a} ${piece(a)}, ${names.b} ${piece(b)}${lengths}`;
}

function firstDifference(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at += 1;
  return at;
}

/** DUMP, for types of modules. */
export const compareDumps: ValueComparison = (a, b, names, lines) => {
  const left = bytesOf(a);
  const right = bytesOf(b);
  if (!left.equals(right)) {
    lines.add(() => `its DUMP differs (${names.a} ${left.length} bytes, ${names.b} ${right.length} bytes)`);
  }
};

/** LRANGE 0 -1. */
export const compareLists: ValueComparison = (a, b, names, lines) => {
  const left = listOf(a);
  const right = listOf(b);
  if (left.length !== right.length) lines.add(() => `length: ${names.a} ${left.length}, ${names.b} ${right.length}`);
  compareElements(left, right, 0, names, lines);
};

/** Elements at the same index; `from` is the index of the first. */
export function compareElements(
  left: readonly Reply[],
  right: readonly Reply[],
  from: number,
  names: PairNames,
  lines: DifferenceLines,
): void {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const a = index < left.length ? bytesOf(left[index]!) : undefined;
    const b = index < right.length ? bytesOf(right[index]!) : undefined;
    if (a !== undefined && b !== undefined && a.equals(b)) continue;
    lines.addPair(() => `index ${from + index}`, names, a, b);
  }
}

/** SMEMBERS. */
export const compareSets: ValueComparison = (a, b, names, lines) => {
  const left = listOf(a);
  const right = new Set(listOf(b).map(keyOf));
  for (const member of left) {
    if (right.delete(keyOf(member))) continue;
    lines.add(() => `member ${printable(bytesOf(member))} ${onlyIn(names.a, names.b)}`);
  }
  for (const member of right) lines.add(() => `member ${printable(Buffer.from(member, "latin1"))} ${onlyIn(names.b, names.a)}`);
};

/** HGETALL. */
export const compareHashes: ValueComparison = (a, b, names, lines) => {
  comparePairs(listOf(a), listOf(b), "field", names, lines, (x, y) => x.equals(y));
};

/** ZRANGE 0 -1 WITHSCORES. */
export const compareSortedSets: ValueComparison = (a, b, names, lines) => {
  comparePairs(listOf(a), listOf(b), "member", names, lines, sameScore);
};

/** Servers of different versions print the same score in different ways. */
export function sameScore(a: Buffer, b: Buffer): boolean {
  return a.equals(b) || scoreOf(a) === scoreOf(b);
}

function scoreOf(text: Buffer): number {
  const score = text.toString("latin1").toLowerCase().replace("inf", "Infinity");
  return Number(score);
}

function comparePairs(
  left: readonly Reply[],
  right: readonly Reply[],
  noun: string,
  names: PairNames,
  lines: DifferenceLines,
  same: (a: Buffer, b: Buffer) => boolean,
): void {
  if (left.length === right.length && left.every((item, index) => bytesOf(item).equals(bytesOf(right[index]!)))) return;
  const others = new Map<string, Buffer>();
  for (let index = 0; index + 1 < right.length; index += 2) others.set(keyOf(right[index]!), bytesOf(right[index + 1]!));
  for (let index = 0; index + 1 < left.length; index += 2) {
    const name = keyOf(left[index]!);
    const mine = bytesOf(left[index + 1]!);
    const theirs = others.get(name);
    others.delete(name);
    if (theirs !== undefined && same(mine, theirs)) continue;
    lines.addPair(() => `${noun} ${printable(bytesOf(left[index]!))}`, names, mine, theirs);
  }
  for (const [name, theirs] of others) {
    lines.addPair(() => `${noun} ${printable(Buffer.from(name, "latin1"))}`, names, undefined, theirs);
  }
}

/** XRANGE - +. */
export const compareStreams: ValueComparison = (a, b, names, lines) => {
  compareEntries(listOf(a), listOf(b), names, lines);
};

/** Two stretches of stream entries, each in order of ids. */
export function compareEntries(left: readonly Reply[], right: readonly Reply[], names: PairNames, lines: DifferenceLines): void {
  const others = new Map(right.map((entry) => [keyOf(listOf(entry)[0]!), listOf(listOf(entry)[1]!)] as const));
  for (const entry of left) {
    const id = keyOf(listOf(entry)[0]!);
    const mine = listOf(listOf(entry)[1]!);
    const theirs = others.get(id);
    others.delete(id);
    if (theirs === undefined) lines.add(() => `entry ${id} ${onlyIn(names.a, names.b)}`);
    else if (mine.length !== theirs.length || !mine.every((part, index) => bytesOf(part).equals(bytesOf(theirs[index]!)))) {
      lines.add(() => `entry ${id}: ${names.a} ${entryText(mine)}, ${names.b} ${entryText(theirs)}`);
    }
  }
  for (const id of others.keys()) lines.add(() => `entry ${id} ${onlyIn(names.b, names.a)}`);
}

function entryText(parts: readonly Reply[]): string {
  return `[${parts.map((part) => printable(bytesOf(part), 32)).join(" ")}]`;
}

/** A simple reply's bytes; a missing one (the key went away while it was read) is empty. */
export function bytesOf(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  return typeof reply === "string" || typeof reply === "number" || typeof reply === "bigint" ? Buffer.from(String(reply)) : EMPTY;
}

/** An array reply's elements. */
export function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

const EMPTY = Buffer.alloc(0);

function keyOf(reply: Reply): string {
  return bytesOf(reply).toString("latin1");
}
