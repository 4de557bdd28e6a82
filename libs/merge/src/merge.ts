/**
 * Merging one change into one cell. Merging it twice in a row changes nothing; changes of different writers commute.
 *
 * Not here: `assign` and `erase` (register.ts), whether a change was received before (the region drops duplicates by
 * version: a put that was replaced
 * meanwhile would come back), and what a reader sees (content.ts).
 */
import { HLC_ZERO, VersionVector, type Dot, type ReadonlyVector, type RunningSum, type WriterId } from "@meridian/words";
import { isLive, type Cell, type CellChange, type CellSum, type EarlyContext, type Sibling } from "./cell.js";
import { isSketchPrint } from "./sketch.js";

/**
 * Merges `change` into `cell`, in place. The part of its context that ran ahead of what this region had received is
 * kept until what it covers arrives.
 */
export function mergeChange(cell: Cell, change: CellChange): void {
  if (change.action === "increment") {
    raiseSum(cell, change);
    return;
  }
  let kept = cell.siblings.length === 0 ? cell.siblings : cell.siblings.filter((sibling) => !covers(change, sibling));
  if (change.action === "wipe") {
    kept = kept.filter((sibling) => !takes(change, sibling));
    const isKnown = cell.wipes?.some((known) => sameDot(known, change)) === true;
    if (!isKnown) cell.wipes = [...(cell.wipes ?? []), { writer: change.writer, hlc: change.hlc }];
  }
  for (const seen of change.absorbed) absorb(cell, seen);
  if (change.creates && cell.sums.length > 0) absorbCovered(cell, change);
  if (change.ahead) cell.early = rememberEarly(cell.early, change.ahead, change.unseen);
  const isNew =
    change.action === "put" && !kept.some((known) => sameDot(known, change)) && !isCoveredEarly(cell.early, change) && !isWiped(cell, change);
  cell.siblings = !isNew ? kept : kept.length === 0 ? [siblingOf(change)] : [...kept, siblingOf(change)];
}

/** True where the writer of `change` had seen `dot`, or made it itself before and does not say that its server had lost it. */
export function covers(change: CellChange, dot: Dot): boolean {
  const isBefore = dot.writer === change.writer ? dot.hlc < change.hlc : change.context.covers(dot.writer, dot.hlc);
  return isBefore && !change.unseen.some((unseen) => sameDot(unseen, dot));
}

/** True where both name the same write. */
export function sameDot(a: Dot, b: Dot): boolean {
  return a.hlc === b.hlc && a.writer === b.writer;
}

/** True where a delete takes the put away: it is a sketch whose writer had not seen it. */
function isWiped({ wipes }: Cell, change: CellChange): boolean {
  return wipes !== undefined && isSketchPrint(change.print) && wipes.some((wipe) => !covers(change, wipe));
}

/** True where a wipe takes away a sibling that came before it: a sketch whose writer had not seen it. */
export function takes(wipe: Dot, { print, writer, hlc, seen }: Sibling): boolean {
  if (!isSketchPrint(print)) return false;
  if (writer === wipe.writer) return wipe.hlc > hlc;
  return seen === undefined || !isCoveredEarly([seen], wipe);
}

function siblingOf(change: CellChange): Sibling {
  if (change.ahead && isSketchPrint(change.print)) {
    const { writer, hlc, print, number, value, ahead, unseen } = change;
    return { writer, hlc, print, number, value, seen: { vector: new VersionVector(ahead.entries()), unseen } };
  }
  return { writer: change.writer, hlc: change.hlc, print: change.print, number: change.number, value: change.value };
}

function raiseSum(cell: Cell, change: CellChange): void {
  const known = findSum(cell, change);
  if (!known) {
    const { writer, birth, hlc, sum } = change;
    const begun = { writer, birth, upTo: hlc, sum, absorbedUpTo: HLC_ZERO, absorbed: 0n };
    cell.sums = withoutEnded([...cell.sums, change.decimal ? { ...begun, decimal: true } : begun], writer);
  } else if (change.hlc > known.upTo) {
    const isFirst = known.upTo === HLC_ZERO;
    known.upTo = change.hlc;
    known.sum = change.sum;
    if (isFirst) cell.sums = withoutEnded(cell.sums, change.writer);
  }
}

function absorb(cell: Cell, seen: RunningSum): void {
  let known = findSum(cell, seen);
  if (!known) {
    known = { writer: seen.writer, birth: seen.birth, upTo: HLC_ZERO, sum: 0n, absorbedUpTo: HLC_ZERO, absorbed: 0n };
    if (seen.decimal) known = { ...known, decimal: true };
    cell.sums = [...cell.sums, known];
  }
  if (seen.upTo > known.absorbedUpTo) {
    known.absorbedUpTo = seen.upTo;
    known.absorbed = seen.sum;
  }
  if (!isLive(known)) cell.sums = withoutEnded(cell.sums, seen.writer);
}

/** Sums that the client of a creating write found nothing of: whole ones only, for what it saw of others it names. */
function absorbCovered(cell: Cell, change: CellChange): void {
  for (const sum of cell.sums) {
    const { writer, birth, upTo } = sum;
    const isSeen = covers(change, { writer, hlc: upTo }) && !change.unseen.some((dot) => sameDot(dot, { writer, hlc: birth }));
    if (!isSeen || !isLive(sum)) continue;
    sum.absorbedUpTo = upTo;
    sum.absorbed = sum.sum;
  }
  for (const { writer } of [...cell.sums]) cell.sums = withoutEnded(cell.sums, writer);
}

/**
 * The sums without those of `writer` that are over. A writer begins a new sum only when nothing is left of its last one, so
 * behind an increment of the new one none of the old one comes. Of integers and of decimals it has a sum each.
 */
export function withoutEnded(sums: readonly CellSum[], writer: WriterId): readonly CellSum[] {
  let newest = HLC_ZERO;
  let newestDecimal = HLC_ZERO;
  for (const sum of sums) {
    if (sum.writer !== writer || sum.upTo === HLC_ZERO) continue;
    if (sum.decimal) newestDecimal = sum.birth > newestDecimal ? sum.birth : newestDecimal;
    else if (sum.birth > newest) newest = sum.birth;
  }
  const isEnded = (sum: CellSum): boolean => sum.writer === writer && sum.birth < (sum.decimal ? newestDecimal : newest) && !isLive(sum);
  return sums.some(isEnded) ? sums.filter((sum) => !isEnded(sum)) : sums;
}

function findSum(cell: Cell, key: Pick<RunningSum, "writer" | "birth">): CellSum | undefined {
  return cell.sums.find((sum) => sum.birth === key.birth && sum.writer === key.writer);
}

/** True where a context that came early covers the dot. */
export function isCoveredEarly(early: readonly EarlyContext[], dot: Dot): boolean {
  return early.some(
    ({ vector, unseen }) => vector.covers(dot.writer, dot.hlc) && !unseen.some((other) => sameDot(other, dot)),
  );
}

/** The early contexts with one more that ran ahead. Contexts without exceptions join into one. */
export function rememberEarly<E extends Dot>(
  early: readonly EarlyContext<E>[],
  ahead: ReadonlyVector,
  unseen: readonly E[],
): readonly EarlyContext<E>[] {
  const excepted = unseen.filter((dot) => ahead.covers(dot.writer, dot.hlc));
  const vector = new VersionVector(ahead.entries());
  const joinable = excepted.length === 0 ? early.find((known) => known.unseen.length === 0) : undefined;
  if (!joinable) return [...early, { vector, unseen: excepted }];
  vector.join(joinable.vector);
  return early.map((known) => (known === joinable ? { vector, unseen: known.unseen } : known));
}

/**
 * The part of a context that runs ahead of what was received, or undefined (the usual case). The writer's own entry
 * does not count: its changes arrive in order. Neither does the entry of `here`, where this region's own writes are not
 * among the received: nobody can have seen one before this region made it.
 */
export function aheadOf(context: ReadonlyVector, received: ReadonlyVector, writer: WriterId, here?: WriterId): VersionVector | undefined {
  let ahead: VersionVector | undefined;
  for (const [other, hlc] of context.entries()) {
    if (other === writer || other === here || received.covers(other, hlc)) continue;
    ahead ??= new VersionVector();
    ahead.raise(other, hlc);
  }
  return ahead;
}

/** What is still to be remembered once `received` has arrived and was merged. */
export function forgetEarly<E extends Dot>(early: readonly EarlyContext<E>[], received: ReadonlyVector): readonly EarlyContext<E>[] {
  return early.length === 0 ? early : early.filter(({ vector }) => !received.includes(vector));
}

/** The siblings without what they need not remember once `received` has arrived and was merged. */
export function forgetSeen(siblings: readonly Sibling[], received: ReadonlyVector): readonly Sibling[] {
  if (!siblings.some(({ seen }) => seen && received.includes(seen.vector))) return siblings;
  return siblings.map((sibling) => (sibling.seen && received.includes(sibling.seen.vector) ? { ...sibling, seen: undefined } : sibling));
}

/** Wipes that may still meet a sketch whose writer had not seen them: all that `stable` (seen by every writer) does not cover. */
export function forgetWipes(wipes: readonly Dot[] | undefined, stable: ReadonlyVector): readonly Dot[] | undefined {
  const left = wipes?.filter(({ writer, hlc }) => !stable.covers(writer, hlc));
  return left?.length === 0 ? undefined : left?.length === wipes?.length ? wipes : left;
}
