/**
 * Conflicts: where merging had to choose between concurrent writes whose values differ, or hid something. Says what lost,
 * to which write, by which rule.
 *
 * Promises that what is reported is a true conflict: neither of the two writes had seen the other, and a reader cannot
 * see what lost. Refuses to call a conflict what replaces something that it had seen, what writes the same value, and
 * increments that simply add up.
 */
import type { Dot, Hlc, WriterId } from "@meridian/words";
import { isLive, type Cell, type CellSum, type Sibling } from "./cell.js";
import { hasDecimals, liveTotal } from "./content.js";
import { decimalOfPrint, decimalText } from "./decimal.js";
import { sameDot } from "./merge.js";
import { winnerOf, wins } from "./order.js";
import { edgeBeyond, integerOfPrint } from "./print.js";
import { doubleOf } from "./score.js";
import { isSketchPrint } from "./sketch.js";
import { entriesOf } from "./stream/entry-cell.js";
import { idOfField } from "./stream/entry-id.js";

/** Every rule by which a write can lose. The order stands in stored records: append only. */
export const CONFLICT_RULES = ["register", "score", "expiry", "remove", "hidden", "clamped", "type", "home", "lww", "element", "moved"] as const;

/**
 * `register`: the later value was taken. `score`: the later score. `expiry`: the longest deadline. `remove`: what had not
 * been seen outlived its removal. `hidden`: increments wait behind a value that is no number. `clamped`: a sum stopped at
 * the edge of 64 bits. `type`: the type that holds the newest write hides the other. `home`: written outside of its home. `lww`: a
 * later write of the whole key was taken. `element`: the later value of a list's element. `moved`: an entry of a stream stands under
 * another id, because two were given the same.
 */
export type ConflictRule = (typeof CONFLICT_RULES)[number];

/** One write, or one writer's increments, that lost. */
export interface CellConflict {
  readonly rule: ConflictRule;
  /** What lost. Of increments: the last one. */
  readonly loser: Dot;
  /** Names the loser among all of this cell: its version, or where increments began. */
  readonly since: Hlc;
  /** What a reader sees instead; undefined where no single write is to blame. */
  readonly winner: Dot | undefined;
  /** The losing value's print; of numbers their text as a print; empty for removals. */
  readonly print: string;
  /** The losing value where the print does not hold it and the agent does. */
  readonly value: Buffer | undefined;
  /** What is visible instead, as a print. */
  readonly winnerPrint: string;
}

/** Told of every conflict. */
export type OnConflict = (conflict: CellConflict) => void;

/**
 * Reports what lost when `before` became `cell`: a pair is told when it comes into being, not as long as it lasts.
 * `scored`: a sorted set's member, whose content is a number.
 */
export function findLosers(before: readonly Sibling[], cell: Cell, scored: boolean, report: OnConflict): void {
  const winner = winnerOf(cell);
  if (winner && cell.siblings.length > 1) {
    const isNewWinner = !before.some((known) => sameDot(known, winner)) || before.some((known) => wins(known, winner));
    for (const sibling of cell.siblings) {
      if (sibling === winner || !differ(sibling, winner, scored)) continue;
      if (isNewWinner || !before.some((known) => sameDot(known, sibling))) report(lostTo(winner, sibling, scored));
    }
  }
  for (const sum of cell.sums) if (isLive(sum)) return findHidden(cell, winner, scored, report);
}

/** Reports the entries of a stream's id that stand beside the one that has it. `field` names the id. */
export function findMoved(cell: Cell, field: string, report: OnConflict): void {
  const entries = entriesOf(cell, field);
  const id = idOfField(field);
  const owner = entries.find((entry) => entry.id === id);
  if (!owner) return;
  for (const { id: movedTo, sibling } of entries) {
    if (sibling === owner.sibling) continue;
    const moved = { loser: dotOf(sibling), since: sibling.hlc, winner: dotOf(owner.sibling) };
    report({ rule: "moved", ...moved, print: `=${movedTo}`, value: undefined, winnerPrint: `=${id}` });
  }
}

function differ(a: Sibling, b: Sibling, scored: boolean): boolean {
  if (scored) return a.number !== b.number;
  // Sketches are united: none loses.
  return a.print !== b.print && !(isSketchPrint(a.print) && isSketchPrint(b.print));
}

function lostTo(winner: Sibling, sibling: Sibling, scored: boolean): CellConflict {
  return {
    rule: scored ? "score" : "register",
    loser: dotOf(sibling),
    since: sibling.hlc,
    winner: dotOf(winner),
    print: printIn(sibling, scored),
    value: sibling.value,
    winnerPrint: printIn(winner, scored),
  };
}

function printIn(sibling: Sibling, scored: boolean): string {
  return scored ? `=${sibling.number}` : sibling.print;
}

function findHidden(cell: Cell, winner: Sibling | undefined, scored: boolean, report: OnConflict): void {
  if (scored) {
    if (winner && !Number.isFinite(winner.number)) reportHidden(cell, winner, true, report);
    return;
  }
  const base = winner ? integerOfPrint(winner.print) : 0n;
  if (winner && base === undefined && decimalOfPrint(winner.print) === undefined) reportHidden(cell, winner, false, report);
  // A decimal has no edge.
  if (base === undefined || hasDecimals(cell.sums)) return;
  const exact = base + liveTotal(cell.sums);
  const edge = edgeBeyond(exact);
  if (edge === undefined) return;
  const last = newestSum(cell.sums);
  if (last) report({ rule: "clamped", loser: upTo(last), since: last.upTo, winner: undefined, print: `=${exact}`, value: undefined, winnerPrint: `=${edge}` });
}

function reportHidden(cell: Cell, winner: Sibling, scored: boolean, report: OnConflict): void {
  const winnerPrint = printIn(winner, scored);
  for (const sum of cell.sums) {
    if (!isLive(sum)) continue;
    const amount = sum.sum - sum.absorbed;
    const print = `=${scored ? doubleOf(amount) : sum.decimal ? decimalText(amount) : amount}`;
    report({ rule: "hidden", loser: upTo(sum), since: sum.birth, winner: dotOf(winner), print, value: undefined, winnerPrint });
  }
}

function newestSum(sums: readonly CellSum[]): CellSum | undefined {
  let newest: CellSum | undefined;
  for (const sum of sums) if (isLive(sum) && (!newest || wins(upTo(sum), upTo(newest)))) newest = sum;
  return newest;
}

/**
 * What a removal left standing of `writer`'s own, or undefined. Asked in the region of that writer, before anything else
 * is merged: what stands in its cells was written before it could see the removal.
 */
export function survivorOf(cell: Cell, writer: WriterId): Dot | undefined {
  const sibling = cell.siblings.find((own) => own.writer === writer);
  if (sibling) return dotOf(sibling);
  const sum = cell.sums.find((own) => own.writer === writer && isLive(own));
  return sum && upTo(sum);
}

function dotOf({ writer, hlc }: Dot): Dot {
  return { writer, hlc };
}

function upTo({ writer, upTo: hlc }: CellSum): Dot {
  return { writer, hlc };
}
