/**
 * Plans what a batch does to streams: one operation per key, so that late entries are put in their places together. Every
 * step says what it wants to find at an id; it is as good if it finds what it wants to leave.
 */
import { emptyCell, entriesOf, entryPrint, groupStart, isPresent, lastIdOf, NO_ENTRY_ID, shownEntries, valueOfPrint, type Cell } from "@meridian/merge";
import type { ApplyBatch, EntryStep, StreamEdit } from "@meridian/mark";
import { contentPrint, shownPrint } from "../keys/content.js";
import type { CellSlot, Issue, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { isDead, requireKey } from "./plan.js";
import { isStream } from "./settle.js";
import { targetCell } from "./target-cell.js";
import { willBeHidden } from "./type-clash.js";

type Planned = Omit<Issue, "seq">;

interface Draft {
  readonly cells: StreamEdit["cells"][number][];
  readonly groups: StreamEdit["groups"][number][];
  creates: boolean;
}

/** What the server should hold of a cell. */
function wantedCell(slot: CellSlot): Cell {
  return willBeHidden(slot) ? NO_CELL : targetCell(slot);
}

const NO_CELL: Cell = emptyCell();

const NOTHING: Planned = { how: "nothing", delta: 0n, deadline: undefined };
const WRITE: Planned = { how: "write", delta: 0n, deadline: undefined };
/** Whatever clients did to it before, the stream is there behind the script. */
const CREATE: Planned = { ...WRITE, leaves: { print: "" } };

/** See the module's comment. One for each batch. */
export class StreamPlan {
  readonly #keys: KeySpace;
  readonly #lateToGroups: boolean;
  readonly #drafts = new Map<KeyEntry, Draft>();

  constructor(keys: KeySpace, lateToGroups: boolean) {
    this.#keys = keys;
    this.#lateToGroups = lateToGroups;
  }

  /** What the cell needs. "lost": what it should hold is nowhere any more. Undefined: it is in no one's way. */
  plan(slot: CellSlot, nowMs: number): Planned | "lost" | undefined {
    // What is dead by now and not there either is not made to be dropped at once.
    if (slot.entry.expired && isDead(slot.entry, nowMs)) return NOTHING;
    const target = wantedCell(slot);
    if (isStream(slot)) return this.#planStream(slot, target);
    return slot.kind === "g" ? this.#planGroup(slot, target) : this.#planEntry(slot, target);
  }

  #planStream(slot: CellSlot, target: Cell): Planned | undefined {
    if (slot.entry.mayClash) return this.#planBesideOthers(slot, target);
    const isWanted = isPresent(target);
    const isThere = shownPrint(slot) !== undefined;
    if (!isWanted && !isThere) return NOTHING;
    const draft = this.#draft(slot.entry);
    draft.creates ||= isWanted && !isThere;
    // That it stays is in no one's way. Whether it is there, one batch changes at a time: the next would not know what it finds.
    if (isWanted && isThere) return slot.shown ? WRITE : undefined;
    return isWanted ? CREATE : WRITE;
  }

  /** In a key of several types, whether the stream is there is as much a content as any. */
  #planBesideOthers(slot: CellSlot, target: Cell): Planned {
    const wanted = isPresent(target) ? "" : undefined;
    const shown = shownPrint(slot);
    if (wanted === undefined && shown === undefined) return { ...NOTHING, leaves: { print: undefined } };
    const draft = this.#draft(slot.entry);
    // Nothing is made: if a client takes the stream away meanwhile, it is away.
    if (wanted !== undefined && shown !== undefined) return NOTHING;
    draft.creates ||= shown === undefined;
    return { how: "write", delta: 0n, deadline: undefined, leaves: { print: wanted } };
  }

  #planGroup(slot: CellSlot, target: Cell): Planned {
    const wanted = contentPrint("g", target);
    if (wanted === shownPrint(slot)) return NOTHING;
    this.#draft(slot.entry).groups.push({ name: slot.field, start: groupStart(target) });
    return { how: "write", delta: 0n, deadline: undefined, leaves: { print: wanted } };
  }

  #planEntry(slot: CellSlot, target: Cell): Planned | "lost" {
    const wanted = entriesOf(target, slot.field);
    const shown = shownEntries(shownPrint(slot), slot.field);
    const missing = wanted.filter(({ id, print }) => !shown.some((other) => other.id === id && other.print === print));
    const steps: EntryStep[] = [];
    for (const { id, print } of shown) {
      if (wanted.some((other) => other.id === id && other.print === print)) {
        steps.push({ does: "keep", id, print });
        continue;
      }
      const at = missing.findIndex((other) => other.print === print);
      const [moved] = at < 0 ? [] : missing.splice(at, 1);
      steps.push(moved ? { does: "move", id, print, to: moved.id } : { does: "remove", id, print });
    }
    for (const { id, print, sibling } of missing) {
      const value = sibling.value ?? target.siblings.find((other) => other.print === print && other.value)?.value ?? valueOfPrint(print);
      if (!value) return "lost";
      steps.push({ does: "add", id, pairs: value });
    }
    if (steps.every(({ does }) => does === "keep")) return NOTHING;
    this.#draft(slot.entry).cells.push({ field: slot.field, steps });
    return { how: "write", delta: 0n, deadline: undefined, leaves: { print: entryPrint(target) } };
  }

  /** Adds the operations to the batch. */
  fill(batch: ApplyBatch, nowMs: number): void {
    for (const [entry, { cells, groups, creates }] of this.#drafts) {
      requireKey(batch, entry, nowMs);
      const stream = this.#keys.knownMember(entry, "x", "");
      const target = stream && wantedCell(stream);
      batch.editStream(entry.db, entry.key, {
        creates,
        keeps: target !== undefined && isPresent(target),
        lastId: target ? lastIdOf(target) : NO_ENTRY_ID,
        lateToGroups: this.#lateToGroups,
        cells,
        groups,
      });
    }
  }

  #draft(entry: KeyEntry): Draft {
    let draft = this.#drafts.get(entry);
    if (!draft) this.#drafts.set(entry, (draft = { cells: [], groups: [], creates: false }));
    return draft;
  }
}
