/**
 * What every region must hold at the end, computed from the published mutations alone and without the merge library: the
 * rules of the published table, read again from their words.
 *
 * - A write survives unless a mutation that takes its cell away has seen it: later by the same writer, or its context
 *   covers it; and does not name it as unseen.
 * - Visible is the survivor with the highest version; of equal ones that of the writer whose name is smaller.
 * - A mutation that creates its key takes every cell of it away, and runs of increments that it has seen whole.
 * - A sketch that is visible is united with every other that survives. A deleted sketch (a mutation without bytes) takes
 *   away every one whose writer had not seen that, later or earlier.
 * - A key that is one register holds what its latest write of all says, whatever that had seen.
 * - Increments count as long as no mutation that had seen them took them away; they add to a number and hide beside a text. Where
 *   something of it is a decimal, all is added in digits, 17 behind the point.
 * - Of several types in one key the one with the highest version among its surviving writes and increments is visible.
 * - A key's deadline is the longest of the surviving ones, but for those of strings that another type hides; a string brings its
 *   own, until an expiry that had seen it.
 */
import { MutationKind, type Dot } from "@meridian/words";
import { cellKindOf, type Published } from "./audited-log.js";
import { cellName } from "./cells-of-server.js";
import { listContent, survivingElements } from "./list-oracle.js";
import { expectedRegister } from "./register-check.js";
import { registersOf, textOfRegisters } from "./sketch-content.js";
import { expectedStream, standingInStream } from "./stream-oracle.js";

const K = MutationKind;
const REMOVALS: ReadonlySet<MutationKind> = new Set([K.RemoveField, K.RemoveMember, K.RemoveScore, K.RemoveExpiry, K.RemoveKey]);
/** Mutations that add. */
export const INCREMENTS: ReadonlySet<MutationKind> = new Set([
  ...[K.IncrementString, K.IncrementField, K.IncrementScore, K.IncrementDecimal, K.IncrementDecimalField],
]);
/** Kinds of cells that are computed each by itself. */
const ONE_BY_ONE: ReadonlySet<string> = new Set(["s", "h", "w", "e", "z"]);
const INTEGER = /^(0|-?[1-9]\d*)$/;
const DECIMAL = /^([+-]?)(\d+)\.?(\d*)(?:e([+-]?\d))?$/;
const DIGITS = 17;

/** What a cell holds: its content; for whole values the payload. Scores are numbers as texts. */
export type OracleCells = Map<string, string>;

/** Computes all cells of keys that are not expired at `nowMs`. */
export function expectedCells(mutations: readonly Published[], nowMs: number): OracleCells {
  const cells: OracleCells = new Map();
  for (const ofKey of groupBy(mutations, ({ place }) => place).values()) addKey(cells, ofKey, nowMs);
  return cells;
}

function addKey(cells: OracleCells, mutations: readonly Published[], nowMs: number): void {
  const [first] = mutations;
  if (!first) return;
  if (mutations.some(({ kind }) => kind === K.PutRegister)) {
    for (const [name, content] of expectedRegister(mutations, nowMs)) cells.set(name, content);
    return;
  }
  const { db, key } = first;
  const named = new Set<string>();
  for (const m of mutations) if (ONE_BY_ONE.has(cellKindOf(m.kind))) named.add(`${cellKindOf(m.kind)}|${m.field}`);
  const visible = visibleKind(mutations, named);
  const deadline = deadlineOf(mutations, visible);
  if (deadline <= nowMs || visible === undefined) return;
  for (const name of named) {
    const kind = name.charAt(0);
    const field = name.slice(2);
    const content = kind === visible ? contentOf(mutations, kind, field) : undefined;
    if (content !== undefined) cells.set(cellName(db, key, kind, field), content);
  }
  if (visible === "x") for (const [name, content] of expectedStream(mutations)) cells.set(name, content);
  if (visible === "l") cells.set(cellName(db, key, "l"), JSON.stringify(listContent(mutations, seesInList)));
  if (deadline < Infinity) cells.set(cellName(db, key, "t"), String(deadline));
}

function seesInList(taker: Published, put: Published): boolean {
  return hasSeen(taker, put, "l", "");
}

/** The kind of the newest write that survives or increment that counts; `x` for all of a stream. */
function visibleKind(mutations: readonly Published[], named: ReadonlySet<string>): string | undefined {
  let newest: { kind: string; dot: Published } | undefined;
  const weigh = (kind: string, dot: Published): void => {
    if (!newest || beats(dot, newest.dot)) newest = { kind, dot };
  };
  for (const name of named) {
    const kind = name.charAt(0);
    const field = name.slice(2);
    for (const dot of survivors(mutations, kind, field)) weigh(kind, dot);
    for (const { last } of counting(mutations, kind, field)) weigh(kind, last);
  }
  for (const { mutation } of survivingElements(mutations, seesInList)) weigh("l", mutation);
  for (const dot of standingInStream(mutations)) weigh("x", dot);
  return newest?.kind;
}

/** True where the mutation acts on the cell, in whatever way. */
function concerns(m: Published, kind: string, field: string): boolean {
  const own = cellKindOf(m.kind);
  return own === "" || m.creates || (own === kind && m.field === field) || m.kind === K.PutString || m.kind === K.PutWhole;
}

/** True where the writer of `m` had seen a write of the cell. */
export function hasSeen(m: Published, dot: Dot, kind: string, field: string): boolean {
  if (m.writer === dot.writer ? dot.hlc >= m.hlc : !m.context.covers(dot.writer, dot.hlc)) return false;
  return !m.unseen.some((u) => u.kind === kind && u.field === field && u.writer === dot.writer && u.hlc === dot.hlc);
}

function survivors(mutations: readonly Published[], kind: string, field: string): Published[] {
  const isPut = (m: Published): boolean => !REMOVALS.has(m.kind) && !INCREMENTS.has(m.kind) && !isWipe(m);
  const puts = mutations.filter((m) => m.field === field && cellKindOf(m.kind) === kind && isPut(m));
  if (puts.length === 0) return puts;
  const takers = mutations.filter((m) => concerns(m, kind, field) && (m.creates || !INCREMENTS.has(m.kind)));
  const wipes = takers.filter(isWipe);
  const isUnaware = (put: Published): boolean => wipes.some((wipe) => !hasSeen(put, wipe, kind, field));
  const isWiped = (put: Published): boolean => registersOf(put.value) !== undefined && isUnaware(put);
  return puts.filter((put) => !takers.some((taker) => hasSeen(taker, put, kind, field)) && !(kind === "s" && isWiped(put)));
}

function isWipe(m: Published): boolean {
  return m.kind === K.PutSketch && m.value === "";
}

/** The highest of each register. */
function unionText(sketches: readonly Published[]): string {
  const union = new Map<number, number>();
  for (const { value } of sketches) {
    for (const [index, height] of registersOf(value) ?? []) union.set(index, Math.max(height, union.get(index) ?? 0));
  }
  return textOfRegisters(union);
}

function contentOf(mutations: readonly Published[], kind: string, field: string): string | undefined {
  const puts = survivors(mutations, kind, field);
  const winner = puts.find((put) => puts.every((other) => other === put || beats(put, other)));
  const total = liveTotal(mutations, kind, field);
  if (kind === "z") return scoreText(winner?.number, total);
  if (kind === "s" && winner && registersOf(winner.value)) return unionText(puts);
  const decimals = liveTotal(mutations, kind, field, true);
  if (total === undefined && decimals === undefined) return winner?.value;
  const value = winner?.value ?? "0";
  if (decimals === undefined && INTEGER.test(value)) return String(BigInt(value) + (total ?? 0n));
  const base = scaledDigits(value);
  const added = (total ?? 0n) * 10n ** BigInt(DIGITS) + (decimals ?? 0n);
  return base === undefined ? value : textOfDigits(base + added);
}

/** A decimal's digits, 17 of them behind the point; undefined for a text. */
export function scaledDigits(text: string): bigint | undefined {
  const [matched, sign = "", whole = "", fraction = "", power = "0"] = DECIMAL.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const digits = `${whole}${fraction.padEnd(60, "0")}`;
  return BigInt(`${sign === "-" ? "-" : ""}${digits.slice(0, whole.length + DIGITS + Number(power))}`);
}

/** A number of 10^-17 as a server prints it. */
export function textOfDigits(scaled: bigint): string {
  const unit = 10n ** BigInt(DIGITS);
  const magnitude = scaled < 0n ? -scaled : scaled;
  const text = `${magnitude / unit}.${String(magnitude % unit).padStart(DIGITS, "0")}`.replace(/\.?0+$/, "");
  return `${scaled < 0n ? "-" : ""}${text}`;
}

function beats(a: Published, b: Published): boolean {
  return a.hlc > b.hlc || (a.hlc === b.hlc && a.writer < b.writer);
}

/** The sum of the increments that count, of decimals or of the others; undefined where there are none. */
function liveTotal(mutations: readonly Published[], kind: string, field: string, ofDecimals = false): bigint | undefined {
  const isDecimal = (m: Published): boolean => m.kind === K.IncrementDecimal || m.kind === K.IncrementDecimalField;
  const own = counting(mutations, kind, field).filter(({ last }) => isDecimal(last) === ofDecimals);
  return own.reduce<bigint | undefined>((total, { left }) => (total ?? 0n) + left, undefined);
}

/** The increments of each writer that count: the last of them, and what is left of their sum. */
function counting(mutations: readonly Published[], kind: string, field: string): { last: Published; left: bigint }[] {
  const own = mutations.filter((m) => INCREMENTS.has(m.kind) && cellKindOf(m.kind) === kind && m.field === field);
  if (own.length === 0) return [];
  const taken = mutations.flatMap((m) => m.absorbed.filter((a) => a.kind === kind && a.field === field));
  const creators = mutations.filter((m) => m.creates);
  const found: { last: Published; left: bigint }[] = [];
  for (const run of groupBy(own, (m) => `${m.writer} ${m.birth}`).values()) {
    const last = run.reduce((a, b) => (a.hlc > b.hlc ? a : b));
    const seen = taken.filter((a) => a.writer === last.writer && a.birth === last.birth);
    const most = seen.reduce<(typeof seen)[number] | undefined>((a, b) => (a && a.upTo > b.upTo ? a : b), undefined);
    if (most && most.upTo >= last.hlc) continue;
    if (creators.some((m) => hasSeen(m, last, kind, field) && !isUnseenSum(m, last, kind, field))) continue;
    found.push({ last, left: last.sum - (most?.sum ?? 0n) });
  }
  return found;
}

function isUnseenSum(m: Published, run: Published, kind: string, field: string): boolean {
  return m.unseen.some((u) => u.kind === kind && u.field === field && u.writer === run.writer && u.hlc === run.birth);
}

/** Scores add as multiples of 2^-1074, exactly; rounding happens once, at the end. */
function scoreText(score: number | undefined, total: bigint | undefined): string | undefined {
  if (total === undefined) return score === undefined ? undefined : String(score);
  if (score !== undefined && !Number.isFinite(score)) return String(score);
  return String(nearestDouble(exactly(score ?? 0) + total));
}

/** A double as a multiple of 2^-1074, by repeated doubling. */
function exactly(value: number): bigint {
  let rest = Math.abs(value);
  let shift = 0n;
  while (rest >= 2 ** 53) {
    rest /= 2;
    shift += 1n;
  }
  let scale = 1074n;
  while (!Number.isInteger(rest)) {
    rest *= 2;
    scale -= 1n;
  }
  const scaled = (BigInt(rest) << shift) << scale;
  return value < 0 ? -scaled : scaled;
}

/** The double nearest to a multiple of 2^-1074, ties to even: below 2^1023 as its number, of which the rest is a power of two. */
function nearestDouble(scaled: bigint): number {
  if (scaled < 0n) return -nearestDouble(-scaled);
  if (scaled < 1n << 1023n) return Number(scaled) * 2 ** -1074;
  // Of what is cut off it only matters whether there was anything.
  const isCut = BigInt.asUintN(512, scaled) !== 0n;
  return nearestDouble((scaled >> 512n) | (isCut ? 1n : 0n)) * 2 ** 512;
}

/** Milliseconds since 1970; Infinity where the key has none. */
function deadlineOf(mutations: readonly Published[], visible: string | undefined): number {
  const expiries = mutations.filter((m) => m.kind === K.PutExpiry);
  const candidates = survivors(mutations, "t", "").map(({ number }) => number);
  for (const kind of ["s", "w"].filter((carrier) => carrier === visible)) {
    for (const put of survivors(mutations, kind, "")) if (put.kind !== K.PutSketch && !expiries.some((expiry) => hasSeen(expiry, put, kind, ""))) candidates.push(put.number);
  }
  return candidates.length === 0 ? Infinity : Math.max(...candidates);
}

function groupBy<T>(items: readonly T[], name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const of = name(item);
    const group = groups.get(of);
    if (group) group.push(item);
    else groups.set(of, [item]);
  }
  return groups;
}
