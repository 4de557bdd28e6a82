/**
 * Merging what a mutation does to a list.
 *
 * An element is a register at a position: a write of it survives unless a received change had seen it and names its
 * place. So a list is merged as the fields of a hash are, and the order of its elements is that of their positions,
 * which never change: nothing is kept of what was removed.
 */
import { VersionVector, type Dot, type ReadonlyVector } from "@meridian/words";
import type { CellChange, EarlyContext, Sibling } from "../cell.js";
import { covers, isCoveredEarly, sameDot } from "../merge.js";
import { winnerOf } from "../order.js";
import type { Element } from "./block.js";
import { placeOf, positionIn, shifted, type Position } from "./position.js";
import type { Sequence } from "./sequence.js";

/** Places from one position to another, both included. Empty texts: from the list's beginning, to its end. */
export interface Span {
  readonly from: Position;
  readonly to: Position;
}

/** The whole list. */
export const EVERYWHERE: Span = { from: "", to: "" };

/** One value of a change: its print, and the value itself where that is longer. */
export interface ElementValue {
  readonly print: string;
  readonly value: Buffer | undefined;
}

/** What a change does to a list: it takes away what its writer had seen within `spans`, then puts `values` from `first` on. */
export interface ElementsPart {
  readonly spans: readonly Span[];
  readonly first: Position;
  readonly values: readonly ElementValue[];
}

/** A change of a list. Without `elements` it removes whatever its writer had seen. */
export interface ListChange extends CellChange {
  readonly elements?: ElementsPart | undefined;
}

/** A removal within some spans that ran ahead of what was received. */
export interface SequenceContext extends EarlyContext {
  readonly spans: readonly Span[];
}

const ALL: readonly Span[] = Object.freeze([EVERYWHERE]);

/** The spans in which a change takes away what its writer had seen. */
export function spansOf(change: ListChange): readonly Span[] {
  const { elements } = change;
  if (!elements) return ALL;
  if (elements.values.length === 0) return elements.spans;
  // What is put takes the place of what its writer had seen there.
  return [...elements.spans, { from: elements.first, to: shifted(elements.first, elements.values.length - 1) }];
}

/** True where the position stands within the span. */
export function isWithin({ from, to }: Span, position: Position): boolean {
  return position >= from && (to === "" || position <= to);
}

/** Merges `change` into `sequence`, in place. */
export function mergeElements(sequence: Sequence, change: ListChange): void {
  const spans = spansOf(change);
  for (const { from, to } of spans) {
    for (const { position, siblings } of sequence.within(from, to)) {
      const kept = siblings.filter((sibling) => !covers(change, sibling));
      if (kept.length < siblings.length) sequence.put(position, kept);
    }
  }
  if (change.ahead) sequence.early = [...sequence.early, earlyOf(change.ahead, change.unseen, spans)];
  if (!change.elements) return;
  for (const [at, position] of positionsOf(change.elements).entries()) {
    const known = sequence.get(position)?.siblings ?? [];
    const siblings = withPut(known, change, at, position, sequence.early);
    if (siblings !== known) sequence.put(position, siblings);
  }
}

/** The positions of what a change puts. */
export function positionsOf({ first, values }: ElementsPart): Position[] {
  if (values.length === 1) return [first];
  const { run, index } = placeOf(first);
  return values.map((_, at) => positionIn(run, index + at));
}

/**
 * What merging `changes` in their order would leave at every place that they change, without merging them: the siblings
 * there, none where nothing is left.
 */
export function siblingsAfter(sequence: Sequence, changes: readonly ListChange[]): Map<Position, readonly Sibling[]> {
  const after = new Map<Position, readonly Sibling[]>();
  let early = sequence.early;
  for (const change of changes) {
    const spans = spansOf(change);
    for (const span of spans) coverWithin(sequence, after, change, span);
    if (change.ahead) early = [...early, earlyOf(change.ahead, change.unseen, spans)];
    if (!change.elements) continue;
    for (const [at, position] of positionsOf(change.elements).entries()) {
      const known = after.get(position) ?? sequence.get(position)?.siblings ?? [];
      after.set(position, withPut(known, change, at, position, early));
    }
  }
  return after;
}

function coverWithin(sequence: Sequence, after: Map<Position, readonly Sibling[]>, change: ListChange, span: Span): void {
  const cover = (position: Position, siblings: readonly Sibling[]): void => {
    const kept = siblings.filter((sibling) => !covers(change, sibling));
    if (kept.length < siblings.length) after.set(position, kept);
  };
  if (span.from === span.to && span.from !== "") {
    const known = after.get(span.from) ?? sequence.get(span.from)?.siblings;
    if (known) cover(span.from, known);
    return;
  }
  for (const { position, siblings } of sequence.within(span.from, span.to)) if (!after.has(position)) cover(position, siblings);
  for (const [position, siblings] of after) if (isWithin(span, position)) cover(position, siblings);
}

/** What a reader sees of an element. */
export function elementPrint({ siblings }: Pick<Element, "siblings">): string {
  return (siblings.length === 1 ? siblings[0] : winnerOf({ siblings }))?.print ?? "";
}

function withPut(
  known: readonly Sibling[],
  change: ListChange,
  at: number,
  position: Position,
  early: readonly SequenceContext[],
): readonly Sibling[] {
  const value = change.elements?.values[at] as ElementValue;
  if (known.some((sibling) => sameDot(sibling, change)) || isTaken(early, change, position)) return known;
  return [...known, { writer: change.writer, hlc: change.hlc, print: value.print, number: 0, value: value.value }];
}

function isTaken(early: readonly SequenceContext[], dot: Dot, position: Position): boolean {
  return early.length > 0 && isCoveredEarly(early.filter(({ spans }) => spans.some((span) => isWithin(span, position))), dot);
}

function earlyOf(ahead: ReadonlyVector, unseen: readonly Dot[], spans: readonly Span[]): SequenceContext {
  const excepted = unseen.filter((dot) => ahead.covers(dot.writer, dot.hlc));
  return { vector: new VersionVector(ahead.entries()), unseen: excepted, spans };
}
