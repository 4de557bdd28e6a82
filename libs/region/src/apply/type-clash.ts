/**
 * Keys that concurrent writers made with different types: the type that holds the newest dot is visible, the cells of the
 * others are hidden, and come back when what hides them goes. A pure function of the cells, so every region decides alike.
 *
 * What the server holds of each cell is known as ever: of a hidden one nothing, and that is how it should be. Keys of one
 * type pay one comparison of a number ({@link KeyEntry.mayClash}). For others every cell is looked at, and what was found is
 * remembered until a cell changes.
 */
import { groupStart, newestDot, sameDot, wins, type Cell, type Sibling } from "@meridian/merge";
import type { Dot } from "@meridian/words";
import { typeOfKind, type CellSlot, type KeyEntry, type ValueType } from "../keys/key-entry.js";
import { listOf, targetPlaces } from "../keys/list-content.js";
import { targetCell } from "./target-cell.js";

/** The newest write of each type that has something to show, with the cell that holds it. */
export type TypeDots = ReadonlyMap<ValueType, NewestWrite>;

/** The newest write of a type. */
export interface NewestWrite {
  readonly dot: Dot;
  readonly slot: CellSlot;
}

/** What is known of a key with cells of several types: as of `base`, and with everything received. */
export interface ClashView {
  readonly base: TypeDots;
  readonly target: TypeDots;
  readonly baseType: ValueType | undefined;
  readonly targetType: ValueType | undefined;
}

/** The view of a key that may have several types. */
export function clashView(entry: KeyEntry): ClashView {
  return (entry.clash ??= look(entry));
}

/** The type that everything received makes visible; undefined where there is nothing, or one type only. */
export function targetType(entry: KeyEntry): ValueType | undefined {
  return entry.mayClash ? clashView(entry).targetType : undefined;
}

/** True where `base` hides the cell behind another type. */
export function isHidden({ entry, kind }: CellSlot): boolean {
  return entry.mayClash && kind !== "t" && clashView(entry).baseType !== typeOfKind(kind);
}

/** True where everything received hides the cell behind another type. */
export function willBeHidden({ entry, kind }: CellSlot): boolean {
  return entry.mayClash && kind !== "t" && clashView(entry).targetType !== typeOfKind(kind);
}

/** True where the server holds nothing of a cell, and that is as it should be. */
export function restsHidden(slot: CellSlot): boolean {
  const { shown, entry } = slot;
  return entry.mayClash && shown !== undefined && shown.print === undefined && slot.pending.length === 0 && willBeHidden(slot);
}

function look(entry: KeyEntry): ClashView {
  entry.loadMembers();
  const base = new Map<ValueType, NewestWrite>();
  const target = new Map<ValueType, NewestWrite>();
  const held = new Set<ValueType>();
  for (const slot of entry.loadedSlots()) {
    const type = typeOfKind(slot.kind);
    if (type === undefined) continue;
    if (slot.shown?.print !== undefined) held.add(type);
    raise(base, type, slot, newestInBase(slot));
    raise(target, type, slot, slot.pending.length === 0 ? newestInBase(slot) : newestInTarget(slot));
  }
  // A key that has changed its type is one of one type again.
  entry.narrowTypes([...base.keys(), ...target.keys(), ...held]);
  return { base, target, baseType: newestOf(base), targetType: newestOf(target) };
}

function newestInBase(slot: CellSlot): Dot | undefined {
  if (slot.list) return newestElement([...listOf(slot).sequence.from(0)].map(({ siblings }) => siblings));
  return newestIn(slot, slot.base);
}

function newestInTarget(slot: CellSlot): Dot | undefined {
  if (!slot.list) return newestIn(slot, targetCell(slot));
  const places = targetPlaces(slot);
  const kept = [...listOf(slot).sequence.from(0)].filter(({ position }) => !places.has(position));
  return newestElement([...kept.map(({ siblings }) => siblings), ...places.values()]);
}

/** That a group was removed is no content. */
function newestIn({ kind }: CellSlot, cell: Cell): Dot | undefined {
  return kind === "g" && groupStart(cell) === undefined ? undefined : newestDot(cell);
}

function newestElement(elements: readonly (readonly Sibling[])[]): Dot | undefined {
  let best: Dot | undefined;
  for (const siblings of elements) for (const sibling of siblings) if (!best || wins(sibling, best)) best = sibling;
  return best;
}

function raise(dots: Map<ValueType, NewestWrite>, type: ValueType, slot: CellSlot, dot: Dot | undefined): void {
  if (!dot) return;
  const known = dots.get(type);
  const { writer, hlc } = dot;
  const isMore = known !== undefined && sameDot(dot, known.dot) && telling(slot) > telling(known.slot);
  if (!known || isMore || wins(dot, known.dot)) dots.set(type, { dot: { writer, hlc }, slot });
}

/** Of what one command wrote of a stream, an entry says most, and that the stream is there more than that it has a group. */
function telling({ kind, field }: CellSlot): number {
  return kind !== "x" ? 0 : field === "" ? 1 : 2;
}

/** Dots are unique among the cells of a key but for those of one command, which writes one type. */
function newestOf(dots: TypeDots): ValueType | undefined {
  let best: ValueType | undefined;
  for (const [type, { dot }] of dots) if (!best || wins(dot, (dots.get(best) as NewestWrite).dot)) best = type;
  return best;
}
