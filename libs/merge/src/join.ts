/**
 * Joining two states of one cell, as two regions hold them: what a cell becomes where a whole state arrives in place of
 * the changes that made it. Commutative, associative and idempotent; equal to having merged the changes of both.
 *
 * Promises this only where both vectors are honest: a region's vector names exactly the changes that were merged into
 * its cell, and a cell that is not recorded is the empty one. Not here: what a key remembers beside its cells.
 */
import { VersionVector, type Dot, type ReadonlyVector } from "@meridian/words";
import type { Cell, CellSum, Sibling } from "./cell.js";
import { forgetEarly, isCoveredEarly, rememberEarly, sameDot, takes, withoutEnded } from "./merge.js";

/** The cell that results where `a` and `b` meet; `receivedA` and `receivedB` are what was merged into each. */
export function joinCells(a: Cell, receivedA: ReadonlyVector, b: Cell, receivedB: ReadonlyVector): Cell {
  const received = new VersionVector(receivedA.entries());
  received.join(receivedB);
  let early = a.early;
  for (const { vector, unseen } of b.early) {
    if (!a.early.some((known) => isSameEarly(known, vector, unseen))) early = rememberEarly(early, vector, unseen);
  }
  return {
    siblings: [
      ...survivors(a, receivedA, b, receivedB),
      ...survivors(b, receivedB, a, receivedA).filter((s) => !a.siblings.some((known) => sameDot(known, s))),
    ],
    sums: joinSums(a, receivedA, b, receivedB),
    early: forgetEarly(early, received),
    wipes: joinWipes(a.wipes, b.wipes),
  };
}

function joinWipes(a: Cell["wipes"], b: Cell["wipes"]): Cell["wipes"] {
  const more = b?.filter((wipe) => !a?.some((known) => sameDot(known, wipe)));
  return more && more.length > 0 ? [...(a ?? []), ...more] : a;
}

/** Siblings of `own` that the other side has too, or has neither received nor covered before they came. */
function survivors(own: Cell, ownReceived: ReadonlyVector, other: Cell, otherReceived: ReadonlyVector): Sibling[] {
  // A delete that the own side has received has done there what it had to.
  const wipes = other.wipes?.filter(({ writer, hlc }) => !ownReceived.covers(writer, hlc));
  return own.siblings.flatMap((sibling) => {
    const same = other.siblings.find((known) => sameDot(known, sibling));
    if (same) return [joinSibling(sibling, same)];
    const isGone = otherReceived.covers(sibling.writer, sibling.hlc) || isCoveredEarly(other.early, sibling);
    return isGone || wipes?.some((wipe) => takes(wipe, sibling)) === true ? [] : [sibling];
  });
}

/** One write, seen twice: either side may have let its value go, and a replaced deadline stays replaced. */
function joinSibling(a: Sibling, b: Sibling): Sibling {
  const joined = { ...a, number: Math.min(a.number, b.number), value: a.value ?? b.value };
  return a.seen && !b.seen ? { ...joined, seen: undefined } : joined;
}

/** A sum that one side does not know although it received all of it is over: the side has dropped what was left of it. */
function joinSums(a: Cell, receivedA: ReadonlyVector, b: Cell, receivedB: ReadonlyVector): readonly CellSum[] {
  const isOver = (sum: CellSum, received: ReadonlyVector): boolean =>
    received.covers(sum.writer, sum.upTo > sum.absorbedUpTo ? sum.upTo : sum.absorbedUpTo);
  const isSame = (sum: CellSum, { writer, birth }: CellSum): boolean => sum.birth === birth && sum.writer === writer;
  const only = (own: Cell, other: Cell, received: ReadonlyVector): CellSum[] =>
    own.sums.filter((sum) => !other.sums.some((known) => isSame(known, sum)) && !isOver(sum, received));
  const both = a.sums.flatMap((sum) => {
    const known = b.sums.find((other) => isSame(other, sum));
    return known ? [joinSum(sum, known)] : [];
  });
  let joined: readonly CellSum[] = [...both, ...only(a, b, receivedB), ...only(b, a, receivedA)].map((sum) => ({ ...sum }));
  for (const { writer } of [...joined]) joined = withoutEnded(joined, writer);
  return joined;
}

function joinSum(a: CellSum, b: CellSum): CellSum {
  const { upTo, sum } = a.upTo > b.upTo ? a : b;
  const { absorbedUpTo, absorbed } = a.absorbedUpTo > b.absorbedUpTo ? a : b;
  return { ...a, upTo, sum, absorbedUpTo, absorbed };
}

function isSameEarly(known: Cell["early"][number], vector: ReadonlyVector, unseen: readonly Dot[]): boolean {
  return (
    known.vector.includes(vector) &&
    vector.includes(known.vector) &&
    known.unseen.length === unseen.length &&
    unseen.every((dot) => known.unseen.some((other) => sameDot(other, dot)))
  );
}
