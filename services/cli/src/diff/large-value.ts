/**
 * Compares values that are too large to be read at once, piece by piece, in bounded memory.
 *
 * What has an order (strings, lists, sorted sets, streams) is read in windows from both servers; what has none (sets,
 * hashes) is scanned on each server and looked up on the other. A value that changes meanwhile may give differences
 * that are none: the caller reads again.
 */
import type { CommandArgument, Reply } from "@meridian/resp";
import { printable } from "../printable.js";
import { onlyIn, type DifferenceLines, type PairNames } from "./difference-lines.js";
import { accepted, type ServerConnection } from "./server-connection.js";
import { bytesOf, compareElements, compareEntries, compareSortedSets, listOf, stringLine } from "./value-differences.js";

const WINDOW_BYTES = 256 * 1024;
const WINDOW_ELEMENTS = 1_000;

/** The two servers of a comparison. */
export interface Pair {
  readonly a: ServerConnection;
  readonly b: ServerConnection;
  readonly names: PairNames;
}

/** Adds to `lines` what differs; `sizes` are those of a and b (bytes of a string, else elements). */
export async function compareLarge(
  type: string,
  key: Buffer,
  pair: Pair,
  sizes: readonly [number, number],
  lines: DifferenceLines,
): Promise<void> {
  const sizeMax = Math.max(...sizes);
  if (sizes[0] !== sizes[1]) lines.add(() => `size: ${pair.names.a} ${sizes[0]}, ${pair.names.b} ${sizes[1]}`);
  if (type === "string") return compareLargeString(key, pair, sizeMax, lines);
  if (type === "list") return compareLargeList(key, pair, sizeMax, lines);
  if (type === "zset") return compareLargeSortedSet(key, pair, sizeMax, lines);
  if (type === "stream") return compareLargeStream(key, pair, lines);
  const isHash = type === "hash";
  await lookUp(key, pair.a, pair.b, pair.names, isHash, true, lines);
  await lookUp(key, pair.b, pair.a, { a: pair.names.b, b: pair.names.a }, isHash, false, lines);
}

async function both(pair: Pair, command: readonly CommandArgument[]): Promise<[Reply, Reply]> {
  return Promise.all([pair.a.call(...command), pair.b.call(...command)]);
}

async function compareLargeString(key: Buffer, pair: Pair, size: number, lines: DifferenceLines): Promise<void> {
  for (let from = 0; from < size; from += WINDOW_BYTES) {
    const [a, b] = (await both(pair, ["GETRANGE", key, from, from + WINDOW_BYTES - 1])).map(bytesOf) as [Buffer, Buffer];
    if (a.equals(b)) continue;
    lines.add(() => stringLine(a, b, pair.names, from));
    return;
  }
}

async function compareLargeList(key: Buffer, pair: Pair, size: number, lines: DifferenceLines): Promise<void> {
  for (let from = 0; from < size; from += WINDOW_ELEMENTS) {
    const [a, b] = await both(pair, ["LRANGE", key, from, from + WINDOW_ELEMENTS - 1]);
    compareElements(listOf(a), listOf(b), from, pair.names, lines);
  }
}

async function compareLargeSortedSet(key: Buffer, pair: Pair, size: number, lines: DifferenceLines): Promise<void> {
  for (let from = 0; from < size; from += WINDOW_ELEMENTS) {
    const [a, b] = await both(pair, ["ZRANGE", key, from, from + WINDOW_ELEMENTS - 1, "WITHSCORES"]);
    const before = lines.count;
    compareSortedSets(a, b, pair.names, lines);
    // one missing member shifts every later window: the first difference says enough
    if (lines.count > before) return;
  }
}

async function compareLargeStream(key: Buffer, pair: Pair, lines: DifferenceLines): Promise<void> {
  let from = "-";
  for (;;) {
    const [a, b] = (await both(pair, ["XRANGE", key, from, "+", "COUNT", WINDOW_ELEMENTS])).map(listOf) as [Reply[], Reply[]];
    const before = lines.count;
    compareEntries(a, b, pair.names, lines);
    const last = (a.length > 0 ? a : b).at(-1);
    if (last === undefined || lines.count > before) return;
    from = `(${bytesOf(listOf(last)[0]!).toString("latin1")}`;
  }
}

/** Scans `key` on `from` and looks every member or field up on `other`. With `values` fields' values are compared too. */
async function lookUp(
  key: Buffer,
  from: ServerConnection,
  other: ServerConnection,
  names: PairNames,
  isHash: boolean,
  values: boolean,
  lines: DifferenceLines,
): Promise<void> {
  let cursor: Buffer = Buffer.from("0");
  do {
    const [next, page] = listOf(await from.call(isHash ? "HSCAN" : "SSCAN", key, cursor, "COUNT", WINDOW_ELEMENTS));
    cursor = bytesOf(next!);
    const items = listOf(page!).map(bytesOf);
    const step = isHash ? 2 : 1;
    const replies = await other.batch((writer) => {
      for (let index = 0; index < items.length; index += step) {
        writer.command([isHash ? "HGET" : "SISMEMBER", key, items[index]!]);
      }
    });
    for (const [index, raw] of replies.entries()) {
      const found = accepted(raw, other.address, "the look-up");
      const name = items[index * step]!;
      if (!isHash) {
        if (found !== 1) lines.add(() => `member ${printable(name)} ${onlyIn(names.a, names.b)}`);
        continue;
      }
      const mine = items[index * 2 + 1]!;
      if (found === null) lines.addPair(() => `field ${printable(name)}`, names, mine, undefined);
      else if (values && !bytesOf(found).equals(mine)) lines.addPair(() => `field ${printable(name)}`, names, mine, bytesOf(found));
    }
  } while (cursor.toString() !== "0");
}
