/** What a list's server holds (shown) and what it should hold (target), element by element. */
import { elementPrint, siblingsAfter, valueOfPrint, winnerOf, type ListChange, type Position, type Sequence, type Sibling } from "@meridian/merge";
import type { CellSlot } from "./key-entry.js";
import { LIST_PRINT, type HeldElement, type ListDoubt, type ListState } from "./list-state.js";

const NOTHING: readonly HeldElement[] = Object.freeze([]);

/** The state of a list's slot. Throws for any other. */
export function listOf(slot: CellSlot): ListState {
  if (!slot.list) throw new TypeError(`a cell of kind ${slot.kind} is no list`);
  return slot.list;
}

/** The pending changes of a list's slot. */
export function pendingOf(slot: CellSlot): readonly ListChange[] {
  return slot.pending;
}

/** The elements that the server holds, where these are others than `base` says; undefined: they are not, or nobody knows them. */
export function heldElsewise(slot: CellSlot): readonly HeldElement[] | undefined {
  if (slot.entry.expired || slot.entry.evicted) return NOTHING;
  if (!slot.shown || doubtOf(slot) === "content") return undefined;
  return slot.shown.print === undefined ? NOTHING : listOf(slot).held;
}

/** The elements that the server holds, in order. */
export function heldElements(slot: CellSlot): readonly HeldElement[] {
  return heldElsewise(slot) ?? elementsOf(listOf(slot).sequence);
}

/** How far `base` can be believed. */
export function doubtOf({ unsure, list }: CellSlot): ListDoubt {
  return (unsure && list?.doubt) || "none";
}

/** The elements of a sequence as a reader sees them. */
export function elementsOf(sequence: Sequence): HeldElement[] {
  return [...sequence.from(0)].map((element) => ({ position: element.position, print: elementPrint(element) }));
}

/** Notes what the server holds. */
export function showHeld(slot: CellSlot, held: readonly HeldElement[]): "equal" | "differs" {
  const state = listOf(slot);
  const isEqual = holds(state.sequence, held);
  slot.shown = isEqual ? undefined : { print: held.length === 0 ? undefined : LIST_PRINT };
  state.held = isEqual ? NOTHING : held;
  return isEqual ? "equal" : "differs";
}

function holds(sequence: Sequence, held: readonly HeldElement[]): boolean {
  if (sequence.count !== held.length) return false;
  let at = 0;
  for (const element of sequence.from(0)) {
    if (elementPrint(element) !== held[at]?.print) return false;
    at += 1;
  }
  return true;
}

/** What would stand at every place that pending changes touch. */
export function targetPlaces(slot: CellSlot): Map<Position, readonly Sibling[]> {
  return siblingsAfter(listOf(slot).sequence, pendingOf(slot));
}

/** How many elements the list is to have. */
export function targetCount(slot: CellSlot): number {
  const { sequence } = listOf(slot);
  let { count } = sequence;
  if (slot.pending.length === 0) return count;
  for (const [position, siblings] of targetPlaces(slot)) {
    count += (siblings.length > 0 ? 1 : 0) - (sequence.get(position) ? 1 : 0);
  }
  return count;
}

/** An element that is to stand in the list, with its value where the agent has it. */
export interface WantedElement extends HeldElement {
  readonly value: Buffer | undefined;
}

/** An element as it is wanted. Call it only for places that have siblings. */
export function wantedElement(position: Position, siblings: readonly Sibling[]): WantedElement {
  const winner = winnerOf({ siblings });
  const print = winner?.print ?? "";
  return { position, print, value: winner?.value ?? valueOfPrint(print) };
}
