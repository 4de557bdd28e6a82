/**
 * What a reader of a cell sees: the content that the server should hold. Pure functions of the cell, equal in every
 * region that has received the same changes.
 */
import type { Cell, CellSum, Sibling } from "./cell.js";
import { isLive } from "./cell.js";
import { winnerOf } from "./order.js";
import { DECIMAL_ONE, decimalOfPrint, decimalText } from "./decimal.js";
import { integerOfPrint, PRINT_INLINE_BYTES_MAX, printOf, printOfInteger } from "./print.js";
import { doubleOf, scaledOf } from "./score.js";
import { isSketchPrint, sketchPrintOf, uniteSketches } from "./sketch.js";

/** A register's or counter's visible content: its print, and the value where the agent holds it. */
export interface RegisterContent {
  readonly print: string;
  readonly value: Buffer | undefined;
}

/**
 * Strings and hash fields: the winner, plus every increment that nothing absorbed where it is a number. Where all of that are
 * integers, so is the result, and stops at the edge of 64 bits. A sketch that wins is united with every other sketch.
 */
export function registerContent(cell: Cell): RegisterContent | undefined {
  const winner = winnerOf(cell);
  if (winner && cell.siblings.length > 1 && isSketchPrint(winner.print)) return sketchContent(cell.siblings, winner);
  if (!cell.sums.some(isLive)) return winner;
  const whole = winner ? integerOfPrint(winner.print) : 0n;
  if (whole !== undefined && !hasDecimals(cell.sums)) return { print: printOfInteger(whole + liveTotal(cell.sums)), value: undefined };
  const base = winner ? decimalOfPrint(winner.print) : 0n;
  return base === undefined ? winner : decimalContent(base + decimalTotal(cell.sums));
}

/** True where an increment of a decimal still counts. */
export function hasDecimals(sums: readonly CellSum[]): boolean {
  for (const sum of sums) if (sum.decimal && isLive(sum)) return true;
  return false;
}

/** The sum of all increments that nothing absorbed, in multiples of 10^-17. */
export function decimalTotal(sums: readonly CellSum[]): bigint {
  let total = 0n;
  for (const sum of sums) if (isLive(sum)) total += (sum.sum - sum.absorbed) * (sum.decimal ? 1n : DECIMAL_ONE);
  return total;
}

function decimalContent(scaled: bigint): RegisterContent {
  const text = decimalText(scaled);
  if (text.length <= PRINT_INLINE_BYTES_MAX) return { print: `=${text}`, value: undefined };
  const value = Buffer.from(text);
  return { print: printOf(value), value };
}

/** Unions that were computed, by the list of siblings, which is never changed in place. */
const unions = new WeakMap<readonly Sibling[], RegisterContent>();

/** What is read where the union cannot be computed, because a sketch is not at hand: equal to nothing that a server holds. */
const UNKNOWN_UNION: RegisterContent = { print: "%", value: undefined };

function sketchContent(siblings: readonly Sibling[], winner: Sibling): RegisterContent {
  const sketches = siblings.filter(({ print }) => isSketchPrint(print));
  if (sketches.length === 1) return winner;
  const known = unions.get(siblings);
  if (known) return known;
  const values = sketches.flatMap(({ value }) => value ?? []);
  const value = values.length < sketches.length ? undefined : uniteSketches(values);
  const content = value ? { print: sketchPrintOf(value) ?? "", value } : UNKNOWN_UNION;
  unions.set(siblings, content);
  return content;
}

/** Where a sketch is read that cannot be computed: the union of those that are at hand. Regions may differ in that. */
export function knownUnion(cell: Cell): RegisterContent | undefined {
  if (registerContent(cell) !== UNKNOWN_UNION) return undefined;
  const values = cell.siblings.flatMap(({ print, value: own }) => (own && isSketchPrint(print) ? [own] : []));
  const value = values.length > 0 ? uniteSketches(values) : undefined;
  return value && { print: sketchPrintOf(value) ?? "", value };
}

/** True where increments are part of what a reader sees. */
export function isCounting(cell: Cell): boolean {
  if (!cell.sums.some(isLive)) return false;
  const winner = winnerOf(cell);
  return !winner || integerOfPrint(winner.print) !== undefined || decimalOfPrint(winner.print) !== undefined;
}

/** Sorted-set members: the winning score plus every increment that nothing absorbed. */
export function scoreContent(cell: Cell): number | undefined {
  const winner = winnerOf(cell);
  if (!cell.sums.some(isLive)) return winner?.number;
  if (winner && !Number.isFinite(winner.number)) return winner.number;
  return doubleOf(scaledOf(winner?.number ?? 0) + liveTotal(cell.sums));
}

/** A key's deadline in ms since 1970: the longest of the concurrent ones. `Infinity` and undefined both mean none. */
export function deadlineContent(cell: Cell): number | undefined {
  let longest: number | undefined;
  for (const { number } of cell.siblings) if (longest === undefined || number > longest) longest = number;
  return longest;
}

/** The sum of all increments that nothing absorbed, where none is of decimals. */
export function liveTotal(sums: readonly CellSum[]): bigint {
  let total = 0n;
  for (const sum of sums) if (isLive(sum)) total += sum.sum - sum.absorbed;
  return total;
}
