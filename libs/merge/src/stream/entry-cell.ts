/**
 * The cell of a stream entry's id. Every put is an entry of its own: two regions whose servers gave the same id in the same
 * millisecond made two entries, and both are read. The one of the writer whose name is smallest has the id; the others
 * stand beside it, each under an id that follows from the entry alone (`movedId`).
 *
 * An entry that was not made but copied, as by RENAME or the first import, is the same as one with its id and content.
 *
 * An entry that was seen beside another one stays where it is when the other one is removed: the removal says so
 * (`beside`), and the entry is marked. So the state is a function of the set of changes, and no id comes back to life.
 */
import type { Dot, ReadonlyVector } from "@meridian/words";
import type { Cell, CellChange, Sibling } from "../cell.js";
import { joinCells } from "../join.js";
import { mergeChange, rememberEarly, sameDot } from "../merge.js";
import { idOfField, movedId } from "./entry-id.js";

/** In a sibling's `number`: seen beside another entry of the same id. In a removal's: it says what it saw beside. */
export const BESIDE = -1;

/** In a put's `number`: the entry was found by reading (a renamed, copied, restored or imported stream), not made here. */
export const COPIED = 1;

/** One entry that a reader sees. */
export interface VisibleEntry {
  readonly id: string;
  readonly print: string;
  readonly sibling: Sibling;
}

/** What a server holds of a cell, by the print that `entryPrint` gave. */
export interface ShownEntry {
  readonly id: string;
  readonly print: string;
}

/** The entries of a cell, the one with the cell's own id first. */
export function entriesOf(cell: Cell, field: string): VisibleEntry[] {
  const { siblings } = cell;
  const [only] = siblings;
  if (!only) return [];
  if (siblings.length === 1 && only.number !== BESIDE) return [{ id: idOfField(field), print: only.print, sibling: only }];
  const visible = visibleOf(siblings);
  const owner = ownerOf(visible);
  const entries = visible.map((sibling) => ({
    id: sibling === owner ? idOfField(field) : movedId(field, sibling),
    print: sibling.print,
    sibling,
  }));
  return entries.sort((a, b) => (a.sibling === owner ? -1 : b.sibling === owner ? 1 : a.sibling.writer < b.sibling.writer ? -1 : 1));
}

/** Puts of a cell that a reader sees as the same entry as `sibling`, itself among them. */
export function sameEntries(cell: Cell, sibling: Sibling): Sibling[] {
  const visible = visibleOf(cell.siblings);
  return cell.siblings.filter((other) => other === sibling || (!visible.includes(other) && other.print === sibling.print));
}

/** What two regions copied from one place is one entry: a copy hides behind an entry that is the same. */
function visibleOf(siblings: readonly Sibling[]): readonly Sibling[] {
  const isSame = (a: Sibling, b: Sibling): boolean => a !== b && a.print === b.print;
  const hides = (other: Sibling, copy: Sibling): boolean =>
    isSame(other, copy) && other.number !== BESIDE && (other.number !== COPIED || other.writer < copy.writer);
  const isHidden = (copy: Sibling): boolean => copy.number === COPIED && siblings.some((other) => hides(other, copy));
  return siblings.some(({ number }) => number === COPIED) ? siblings.filter((sibling) => !isHidden(sibling)) : siblings;
}

function ownerOf(siblings: readonly Sibling[]): Sibling | undefined {
  let owner: Sibling | undefined;
  for (const sibling of siblings) {
    if (sibling.number !== BESIDE && (!owner || sibling.writer < owner.writer)) owner = sibling;
  }
  return owner;
}

/** A text that is equal where a server should hold the same of the cell; undefined where nothing. */
export function entryPrint(cell: Cell): string | undefined {
  const siblings = cell.siblings.length > 1 ? visibleOf(cell.siblings) : cell.siblings;
  const [only] = siblings;
  if (!only) return undefined;
  if (siblings.length === 1 && only.number !== BESIDE) return only.print;
  const owner = ownerOf(siblings);
  const parts = siblings.map((sibling) => (sibling === owner ? ["", 0, sibling.print] : [sibling.writer, sibling.hlc, sibling.print]));
  return `*${JSON.stringify(parts.sort())}`;
}

/** What a print of {@link entryPrint} stands for. */
export function shownEntries(print: string | undefined, field: string): ShownEntry[] {
  if (print === undefined) return [];
  if (!print.startsWith("*")) return [{ id: idOfField(field), print }];
  const parts = JSON.parse(print.slice(1)) as [Dot["writer"], Dot["hlc"], string][];
  return parts.map(([writer, hlc, of]) => ({ id: (writer as string) === "" ? idOfField(field) : movedId(field, { writer, hlc }), print: of }));
}

/** Merges a change of an entry's cell. Puts have an empty context: an entry replaces none. */
export function mergeEntryChange(cell: Cell, change: CellChange): void {
  if (change.action === "remove" && change.number === BESIDE) {
    removeNamed(cell, change);
    return;
  }
  mergeChange(cell, change);
  if (change.action === "put") for (const { unseen } of cell.early) mark(cell, unseen);
}

/** Not even an earlier entry of the remover itself goes that is not named. */
function removeNamed(cell: Cell, { context, unseen, ahead }: CellChange): void {
  const isNamed = (dot: Dot): boolean => context.covers(dot.writer, dot.hlc) && !unseen.some((other) => sameDot(other, dot));
  if (cell.siblings.some(isNamed)) cell.siblings = cell.siblings.filter((sibling) => !isNamed(sibling));
  if (ahead) cell.early = rememberEarly(cell.early, ahead, unseen);
  mark(cell, unseen);
}

function mark(cell: Cell, beside: readonly Dot[]): void {
  if (!cell.siblings.some((sibling) => isMeant(sibling, beside))) return;
  cell.siblings = cell.siblings.map((sibling) => (isMeant(sibling, beside) ? { ...sibling, number: BESIDE } : sibling));
}

function isMeant(sibling: Sibling, beside: readonly Dot[]): boolean {
  return sibling.number !== BESIDE && beside.some((dot) => sameDot(dot, sibling));
}

/** As `joinCells`, for the cell of an entry. */
export function joinEntryCells(a: Cell, receivedA: ReadonlyVector, b: Cell, receivedB: ReadonlyVector): Cell {
  const joined = joinCells(a, receivedA, b, receivedB);
  for (const { unseen } of [...a.early, ...b.early]) mark(joined, unseen);
  return joined;
}
