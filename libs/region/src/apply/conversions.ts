/**
 * Keys that must change their type in the server: what is there is taken away and the other type written in one script, so
 * that no client finds the key half done or not at all. For that every cell of the key must be free at the same time.
 *
 * Limits: keys that hold more than `CONVERSION_CELLS_MAX` cells go piece by piece, first what is to be removed; of more cells
 * than that to be written the rest follows.
 */
import { shownPrint, targetPrint } from "../keys/content.js";
import { typeOfKind, type CellSlot, type KeyEntry } from "../keys/key-entry.js";
import { shownType } from "./plan.js";
import { targetType } from "./type-clash.js";

/** Cells of one key that are taken away, and as many that are written, by one script. */
export const CONVERSION_CELLS_MAX = 1024;

/** What a batch takes of the keys that have cells of several types. One for each batch. */
export class Conversions {
  /** Keys that the batch turns into another type. */
  readonly converted = new Set<KeyEntry>();
  readonly #turning: ReadonlySet<KeyEntry>;
  readonly #cellsMax: number;

  /**
   * `clashing`: keys to be looked at. `cellsMax`: {@link CONVERSION_CELLS_MAX}. `differs` is told of cells that are to change without
   * their key changing its type.
   */
  constructor(clashing: Iterable<KeyEntry>, cellsMax: number, differs: (slot: CellSlot) => void) {
    this.#cellsMax = cellsMax;
    const turning = new Set<KeyEntry>();
    for (const entry of clashing) {
      // Also where there is one type only, by now: with the last of another has gone what hid it.
      if (mustTurn(entry)) turning.add(entry);
      else for (const slot of changingSlots(entry)) if (slot.shown) differs(slot);
    }
    this.#turning = turning;
  }

  /** Keys that must change their type, in this batch or later. */
  get turning(): ReadonlySet<KeyEntry> {
    return this.#turning;
  }

  /** True where the cell changes only together with its key. */
  concerns(slot: CellSlot): boolean {
    return this.#turning.size > 0 && this.#turning.has(slot.entry) && isChanging(slot);
  }

  /** Adds to `ready` what can be done now. `canIssue` asks whether a cell is free, `room` is the size at which `ready` is full. */
  fill(ready: Set<CellSlot>, room: number, canIssue: (slot: CellSlot) => boolean): void {
    for (const entry of this.#turning) if (ready.size < room) this.#take(entry, ready, room, canIssue);
  }

  #take(entry: KeyEntry, ready: Set<CellSlot>, room: number, canIssue: (slot: CellSlot) => boolean): void {
    const leaving = leavingSlots(entry);
    const coming = changingSlots(entry).filter((slot) => shownPrint(slot) === undefined).slice(0, this.#cellsMax);
    if (leaving.length > this.#cellsMax) {
      for (const slot of leaving) if (ready.size < room && canIssue(slot)) ready.add(slot);
      return;
    }
    const { expiry } = entry;
    const isFree = !entry.blind && !entry.trimmed && entry.reading === 0 && !expiry?.issued && !expiry?.unsure;
    // Asks about all, for asking may bring about what is missing.
    let areFree = isFree;
    for (const slot of [...leaving, ...coming]) areFree = canIssue(slot) && areFree;
    if (!areFree) return;
    for (const slot of [...leaving, ...coming]) ready.add(slot);
    if (expiry?.needsAttention) ready.add(expiry);
    this.converted.add(entry);
  }
}

function mustTurn(entry: KeyEntry): boolean {
  const target = targetType(entry);
  if (target === undefined) return false;
  const shown = shownType(entry);
  return shown !== undefined && target !== shown;
}

/** All that the server holds: it is of another type. What was refused once may go. */
function leavingSlots(entry: KeyEntry): CellSlot[] {
  const leaving = [...entry.loadedSlots()].filter((slot) => slot.kind !== "t" && shownPrint(slot) !== undefined);
  for (const slot of leaving) slot.refused = false;
  return leaving;
}

function changingSlots(entry: KeyEntry): CellSlot[] {
  return [...entry.loadedSlots()].filter(isChanging);
}

function isChanging(slot: CellSlot): boolean {
  return typeOfKind(slot.kind) !== undefined && !slot.refused && targetPrint(slot) !== shownPrint(slot);
}
