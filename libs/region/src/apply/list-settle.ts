/**
 * Moves changes of a list from pending to `base` when their mark is read, and finds out what the server holds then: the
 * edits that were issued, carried out upon what stood in the server when they met it, which the stream tells exactly.
 */
import { editsBetween, mergeElements, printOf, type Position, type Sequence } from "@meridian/merge";
import type { ReadonlyVector } from "@meridian/words";
import type { CellSlot } from "../keys/key-entry.js";
import type { ConflictLedger } from "../conflicts/conflict-ledger.js";
import { elementsOf, heldElements, heldElsewise, listOf, pendingOf, showHeld, targetPlaces } from "../keys/list-content.js";
import type { HeldElement, IssuedEdit, IssuedEdits } from "../keys/list-state.js";

/** Settles what `upTo` covers. `removed`: long values that the batch took out of the list. */
export function settleList(slot: CellSlot, upTo: ReadonlyVector, removed: readonly Buffer[], conflicts: ConflictLedger): "equal" | "differs" | "unsure" {
  const state = listOf(slot);
  const { issued, raced } = slot;
  const edits = issued ? state.issued : undefined;
  const elsewise = heldElsewise(slot);
  // What an earlier life's batch brought was written, upon what only that life knew.
  const isKnown = issued !== undefined || (!raced && !pendingOf(slot).some(({ writer, hlc }) => upTo.covers(writer, hlc)));
  // As planned: nobody came between, or only where it does not matter.
  const isWhole = edits !== undefined && !issued?.converts && !edits.isPartial;
  const isAsPlanned = isWhole && (!raced || (!elsewise && fits(state.sequence, edits)));
  const held = issued?.converts ? NOTHING : isAsPlanned || !isKnown ? undefined : heldAfter(slot, edits);
  const touched = mergeUpTo(slot, upTo, conflicts);
  state.issued = undefined;
  if (slot.entry.expired && issued?.how !== "write") {
    slot.shown = undefined;
    return "equal";
  }
  if (isAsPlanned) {
    slot.shown = undefined;
    releaseValues(state.sequence, touched);
    return "equal";
  }
  if (!held) {
    slot.shown = undefined;
    slot.unsure = true;
    // As that life planned it, but where a client came between: then equal values may have changed places.
    state.doubt = state.isChanged ? "order" : "none";
    return "unsure";
  }
  const result = showHeld(slot, held);
  if (result === "equal") releaseValues(state.sequence, touched);
  else keepValues(state.sequence, held, removed);
  return result;
}

const NOTHING: readonly HeldElement[] = [];

/** True where every edit met the elements that it was planned for. */
function fits(sequence: Sequence, { edits, touched }: IssuedEdits): boolean {
  if (!touched) return false;
  for (const [position, siblings] of touched) if (sequence.get(position)?.siblings !== siblings) return false;
  return edits.every(({ side, offset, removed, left, right }) => {
    const index = side === "h" ? offset : sequence.count - offset - removed;
    return sequence.at(index - 1)?.position === left && sequence.at(index + removed)?.position === right;
  });
}

/** What the server holds after the edits. */
function heldAfter(slot: CellSlot, issued: IssuedEdits | undefined): readonly HeldElement[] {
  const before = heldElements(slot);
  if (!issued) return before;
  const held = [...before];
  const heads = issued.edits.filter(({ side }) => side === "h").reverse();
  const tails = issued.edits.filter(({ side }) => side === "t");
  for (const { side, offset, removed, inserted } of [...heads, ...tails] satisfies IssuedEdit[]) {
    held.splice(side === "h" ? offset : held.length - offset - removed, removed, ...inserted);
  }
  return held;
}

const NO_ELEMENTS = { first: "", values: [] };

/** Merges; returns the places that were touched. */
function mergeUpTo(slot: CellSlot, upTo: ReadonlyVector, conflicts: ConflictLedger): readonly Position[] {
  const { sequence } = listOf(slot);
  const touched = slot.pending.length === 0 ? [] : [...targetPlaces(slot).keys()];
  const rest = pendingOf(slot).filter((change) => {
    if (!upTo.covers(change.writer, change.hlc)) return true;
    // What is pushed stands at places of its own: only LSET writes one that is there.
    const { first, values } = change.elements ?? NO_ELEMENTS;
    const before = values.length === 1 ? sequence.get(first)?.siblings : undefined;
    mergeElements(sequence, change);
    if (before) conflicts.element(slot, first, before, sequence.get(first)?.siblings ?? []);
    return false;
  });
  slot.pending = rest;
  slot.excepted = false;
  slot.issued = undefined;
  slot.raced = false;
  return touched;
}

/** The server holds the only sibling's value: we need not. */
function releaseValues(sequence: Sequence, places: readonly Position[]): void {
  for (const position of places) {
    const [only, second] = sequence.get(position)?.siblings ?? [];
    if (only?.value && !second) sequence.put(position, [{ ...only, value: undefined }]);
  }
}

/** Values that were taken out and must be put back stand nowhere else: they are kept until that is done. */
export function keepValues(sequence: Sequence, held: readonly HeldElement[], found: readonly Buffer[]): void {
  const values = new Map(found.map((value) => [printOf(value), value]));
  const wanted = elementsOf(sequence);
  for (const { from, to } of editsBetween(held.map(({ print }) => print), wanted.map(({ print }) => print))) {
    for (const { position } of wanted.slice(from, to)) {
      const siblings = sequence.get(position)?.siblings ?? [];
      if (siblings.every(({ value, print }) => value !== undefined || !values.has(print))) continue;
      sequence.put(position, siblings.map((sibling) => ({ ...sibling, value: sibling.value ?? values.get(sibling.print) })));
    }
  }
}
