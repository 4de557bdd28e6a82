/**
 * Merging one change into one cell. Idempotent; changes of different writers commute.
 *
 * Not here: whether a change was received before (the region drops duplicates by version), and what a reader sees
 * (content.ts).
 */
import { VersionVector, type Dot, type ReadonlyVector, type RunningSum } from "@meridian/words";
import { HLC_ZERO } from "@meridian/words";
import type { Cell, CellChange, CellSum, Sibling } from "./cell.js";

/**
 * Merges `change` into `cell`, in place. `received` is what this region has received from each writer so far: a context
 * beyond it is kept until what it covers arrives.
 */
export function mergeChange(cell: Cell, change: CellChange, received: ReadonlyVector): void {
  pruneEarly(cell, received);
  if (change.action === "increment") {
    raiseSum(cell, change);
    return;
  }
  if (cell.siblings.length > 0) cell.siblings = cell.siblings.filter((sibling) => !covers(change, sibling));
  for (const seen of change.absorbed) absorb(cell, seen);
  rememberEarly(cell, change, received);
  if (change.action === "put" && !cell.siblings.some((known) => sameDot(known, change)) && !isCoveredEarly(cell, change)) {
    cell.siblings.push(siblingOf(change));
  }
}

/** True where the writer of `change` had seen `dot`, or made it itself before. */
export function covers(change: CellChange, dot: Dot): boolean {
  if (dot.writer === change.writer) return dot.hlc < change.hlc;
  return change.context.covers(dot.writer, dot.hlc) && !change.unseen.some((unseen) => sameDot(unseen, dot));
}

/** True where both name the same write. */
export function sameDot(a: Dot, b: Dot): boolean {
  return a.hlc === b.hlc && a.writer === b.writer;
}

function siblingOf(change: CellChange): Sibling {
  return { writer: change.writer, hlc: change.hlc, print: change.print, number: change.number, value: change.value };
}

function raiseSum(cell: Cell, change: CellChange): void {
  const known = findSum(cell, change);
  if (!known) {
    cell.sums.push({
      writer: change.writer,
      birth: change.birth,
      upTo: change.hlc,
      sum: change.sum,
      absorbedUpTo: HLC_ZERO,
      absorbed: 0n,
    });
  } else if (change.hlc > known.upTo) {
    known.upTo = change.hlc;
    known.sum = change.sum;
  }
}

function absorb(cell: Cell, seen: RunningSum): void {
  let known = findSum(cell, seen);
  if (!known) {
    known = { writer: seen.writer, birth: seen.birth, upTo: HLC_ZERO, sum: 0n, absorbedUpTo: HLC_ZERO, absorbed: 0n };
    cell.sums.push(known);
  }
  if (seen.upTo > known.absorbedUpTo) {
    known.absorbedUpTo = seen.upTo;
    known.absorbed = seen.sum;
  }
}

function findSum(cell: Cell, key: Pick<RunningSum, "writer" | "birth">): CellSum | undefined {
  return cell.sums.find((sum) => sum.birth === key.birth && sum.writer === key.writer);
}

function isCoveredEarly(cell: Cell, dot: Dot): boolean {
  return cell.early.some(
    ({ vector, unseen }) => vector.covers(dot.writer, dot.hlc) && !unseen.some((other) => sameDot(other, dot)),
  );
}

/** Drops what has arrived meanwhile. A change of a writer arrives before `received` is raised over it. */
function pruneEarly(cell: Cell, received: ReadonlyVector): void {
  if (cell.early.length > 0) cell.early = cell.early.filter(({ vector }) => !received.includes(vector));
}

function rememberEarly(cell: Cell, change: CellChange, received: ReadonlyVector): void {
  const ahead = new VersionVector();
  for (const [writer, hlc] of change.context.entries()) {
    if (writer !== change.writer && !received.covers(writer, hlc)) ahead.raise(writer, hlc);
  }
  if (ahead.size === 0) return;
  const unseen = change.unseen.filter((dot) => ahead.covers(dot.writer, dot.hlc));
  const joinable = unseen.length === 0 ? cell.early.find((early) => early.unseen.length === 0) : undefined;
  if (joinable) joinable.vector.join(ahead);
  else cell.early.push({ vector: ahead, unseen });
}

/** Drops every early context that `received` covers; true where something was dropped. */
export function forgetEarly(cell: Cell, received: ReadonlyVector): boolean {
  const before = cell.early.length;
  pruneEarly(cell, received);
  return cell.early.length < before;
}
