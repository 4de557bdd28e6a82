/**
 * Decides how the server's list becomes what it should be, and writes that into a batch: edits by index from the nearer
 * end, each compared with what stands there and beside it.
 */
import { LIST_END, type ApplyBatch, type ElementsEdit } from "@meridian/mark";
import { editsBetween, elementPrint, valueOfPrint, winnerOf, type Position, type Sequence, type Sibling } from "@meridian/merge";
import type { CellSlot } from "../keys/key-entry.js";
import { heldElements, heldElsewise, listOf, targetPlaces, wantedElement, type WantedElement } from "../keys/list-content.js";
import type { HeldElement, IssuedEdit } from "../keys/list-state.js";
import { willBeHidden } from "./type-clash.js";

/** At an index of what the server holds, `removed` elements go and others come. */
interface PlannedEdit {
  readonly index: number;
  readonly removed: number;
  readonly inserted: readonly WantedElement[];
}

/** The list that edits are counted upon. */
interface HeldList {
  readonly length: number;
  at(index: number): HeldElement | undefined;
}

/** What planning a list found. */
export interface PlannedList {
  readonly edits: readonly PlannedEdit[];
  readonly length: number;
  readonly held: HeldList;
  /** Elements whose value the agent has not, and that must be written. */
  readonly missing: number;
}

/** What leads from what the server holds to the target. */
export function planOfList(slot: CellSlot): PlannedList {
  const elsewise = heldElsewise(slot);
  const { sequence } = listOf(slot);
  const held: HeldList = elsewise ? { length: elsewise.length, at: (index) => elsewise[index] } : heldBase(sequence);
  const edits = (elsewise ? editsUpon(slot, elsewise) : editsOfPlaces(slot, sequence)).flatMap((edit) => narrowed(edit, held));
  const missing = edits.reduce((sum, { inserted }) => sum + inserted.filter(({ value }) => !value).length, 0);
  return { edits, length: held.length, held, missing };
}

function heldBase(sequence: Sequence): HeldList {
  return {
    length: sequence.count,
    at: (index) => {
      const element = sequence.at(index);
      return element && { position: element.position, print: elementPrint(element) };
    },
  };
}

/** Only the places that pending changes touch are looked at, however long the list is. */
function editsOfPlaces(slot: CellSlot, sequence: Sequence): PlannedEdit[] {
  const places = targetPlaces(slot);
  const edits: { index: number; removed: number; inserted: WantedElement[] }[] = [];
  for (const position of [...places.keys()].sort(byText)) {
    const siblings = places.get(position) ?? [];
    const index = sequence.rank(position);
    const removed = sequence.get(position) ? 1 : 0;
    const inserted = siblings.length > 0 ? [wantedElement(position, siblings)] : [];
    if (removed + inserted.length === 0) continue;
    const last = edits.at(-1);
    if (last && last.index + last.removed === index) {
      last.removed += removed;
      last.inserted.push(...inserted);
    } else edits.push({ index, removed, inserted });
  }
  return edits;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function editsUpon(slot: CellSlot, held: readonly HeldElement[]): PlannedEdit[] {
  const wanted = targetElements(slot);
  return editsBetween(held.map(({ print }) => print), wanted.map(({ print }) => print)).map(({ index, removed, from, to }) => ({
    index,
    removed,
    inserted: wanted.slice(from, to),
  }));
}

/** Every element of the target, in order. */
function targetElements(slot: CellSlot): WantedElement[] {
  const places = targetPlaces(slot);
  const kept = [...listOf(slot).sequence.from(0)].filter(({ position }) => !places.has(position));
  const wanted = kept.map(({ position, siblings }) => wantedElement(position, siblings));
  for (const [position, siblings] of places) if (siblings.length > 0) wanted.push(wantedElement(position, siblings));
  return wanted.sort((a, b) => byText(a.position, b.position));
}

/** What an edit would take away only to put an equal value there stays where it is. */
function narrowed({ index, removed, inserted }: PlannedEdit, held: HeldList): PlannedEdit[] {
  if (removed === 0 || inserted.length === 0) return [{ index, removed, inserted }];
  const prints = Array.from({ length: removed }, (_, at) => held.at(index + at)?.print ?? "");
  return editsBetween(prints, inserted.map(({ print }) => print)).map((edit) => ({
    index: index + edit.index,
    removed: edit.removed,
    inserted: inserted.slice(edit.from, edit.to),
  }));
}

/** True where elements must be written whose values the agent has not, and that the server was not asked for yet. */
export function lacksValues(slot: CellSlot): boolean {
  const state = listOf(slot);
  // What the server dropped at its deadline it cannot give.
  if (state.sought || slot.entry.expired) return false;
  return planOfList(slot).missing > 0;
}

/** Writes the edits into the batch, and remembers them with the slot. Elements without a value are left out. */
export function issueList(batch: ApplyBatch, slot: CellSlot, plan: PlannedList): void {
  const { length, held } = plan;
  const isPartial = plan.missing > 0;
  if (!isPartial) listOf(slot).sought = false;
  const edits = isPartial ? plan.edits.map((edit) => ({ ...edit, inserted: edit.inserted.filter(({ value }) => value) })) : plan.edits;
  const issued = edits.map((edit) => issuedEdit(edit, length, held));
  listOf(slot).issued = { edits: issued, touched: heldElsewise(slot) ? undefined : touchedPlaces(slot), isPartial };
  if (edits.every(({ removed, inserted }) => removed + inserted.length === 0)) return;
  const print = (element: HeldElement | undefined): string => element?.print ?? LIST_END;
  const written = edits.map(({ index, removed, inserted }, at): ElementsEdit => {
    const { side, offset } = issued[at] as IssuedEdit;
    return {
      side,
      offset,
      removed: Array.from({ length: removed }, (_, i) => print(held.at(index + i))),
      values: inserted.map(({ value }) => value as Buffer),
      left: print(held.at(index - 1)),
      right: print(held.at(index + removed)),
    };
  });
  batch.editList(slot.entry.db, slot.entry.key, written);
}

function issuedEdit({ index, removed, inserted }: PlannedEdit, length: number, held: HeldList): IssuedEdit {
  const behind = length - index - removed;
  const isNearHead = index <= behind;
  return {
    side: isNearHead ? "h" : "t",
    offset: isNearHead ? index : behind,
    removed,
    inserted: inserted.map(({ position, print }) => ({ position, print })),
    left: held.at(index - 1)?.position,
    right: held.at(index + removed)?.position,
  };
}

function touchedPlaces(slot: CellSlot): Map<Position, readonly Sibling[] | undefined> {
  const { sequence } = listOf(slot);
  return new Map([...targetPlaces(slot).keys()].map((position) => [position, sequence.get(position)?.siblings]));
}

/** Writes the removal of every element. */
export function issueRemoval(batch: ApplyBatch, slot: CellSlot): void {
  const held = heldElements(slot);
  const list: HeldList = { length: held.length, at: (index) => held[index] };
  issueList(batch, slot, { edits: [{ index: 0, removed: held.length, inserted: [] }], length: held.length, held: list, missing: 0 });
}

/**
 * True where applying would overwrite the only copy of a value that must be kept: one of several siblings of an element,
 * hidden from then on, that only the server holds.
 */
export function wouldLoseElement(slot: CellSlot): boolean {
  if (willBeHidden(slot)) return heldOnlyThere(slot).size > 0;
  if (slot.pending.length === 0 || slot.entry.expired) return false;
  const { sequence } = listOf(slot);
  for (const [position, siblings] of targetPlaces(slot)) {
    const held = siblings.length < 2 ? undefined : winnerOf({ siblings: sequence.get(position)?.siblings ?? [] });
    if (!held || held.value || valueOfPrint(held.print) !== undefined) continue;
    if (siblings.includes(held) && winnerOf({ siblings }) !== held) return true;
  }
  return false;
}

/** Prints of values that the server holds for elements of `base`, and that stand nowhere else. */
function heldOnlyThere(slot: CellSlot): ReadonlySet<string> {
  const held = new Set(heldElements(slot).map(({ print }) => print).filter((print) => valueOfPrint(print) === undefined));
  const found = new Set<string>();
  if (held.size === 0) return found;
  for (const { siblings } of listOf(slot).sequence.from(0)) {
    for (const { print, value } of siblings) if (!value && held.has(print)) found.add(print);
  }
  return found;
}
