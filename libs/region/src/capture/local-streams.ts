/**
 * What clients did to streams. An entry is put once, under the id that the server gave it, and removed by its dot. What a
 * trim took the stream does not say: it is read from the server at a position, as the id of the first entry that is left.
 */
import {
  BESIDE,
  encodeRemoval,
  entriesOf,
  fieldOfId,
  fieldsBesideId,
  groupPrint,
  GROUP_REMOVED,
  idOfField,
  isBelow,
  isPresent,
  lastIdOf,
  movedId,
  NO_ENTRY_ID,
  printOf,
  sameEntries,
  shownEntries,
  streamPrint,
  type Cell,
  type Sibling,
} from "@meridian/merge";
import type { MarkNote } from "@meridian/mark";
import { MutationKind } from "@meridian/words";
import { shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { LocalWrites } from "./local-writes.js";

const K = MutationKind;

/** Where it is said that only reading tells what the server holds of a cell. */
interface StreamDoubts {
  doubtCell(slot: CellSlot): void;
}

/** Where it is asked for a stream's first entry, or for the whole of it. */
interface StreamReads {
  wantFirst(entry: KeyEntry): void;
  blind(entry: KeyEntry): void;
}

/** Where it is told which entries have met. */
interface MovedEntries {
  moved(slot: CellSlot): void;
}

/** What is needed of the region. */
export interface LocalStreamsContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly doubts: () => StreamDoubts;
  readonly reads: StreamReads;
  readonly conflicts: MovedEntries;
}

/** See the module's comment. */
export class LocalStreams {
  readonly #context: LocalStreamsContext;

  constructor(context: LocalStreamsContext) {
    this.#context = context;
  }

  /** XADD: `pairs` as `encodePairs` gives them; may be kept. `number`: `COPIED` where the entry was found by reading. */
  add(entry: KeyEntry, id: string, pairs: Buffer, number = 0): void {
    const { keys, writes } = this.#context;
    const field = fieldOfId(id);
    if (field === undefined) return;
    writes.beforeWrite(entry);
    const slot = keys.member(entry, "x", field);
    const stream = keys.member(entry, "x", "");
    const print = printOf(pairs);
    if (slot.base.siblings.length === 0 && shownPrint(slot) === undefined) {
      writes.replace(slot, print, number, { bytes: pairs, start: 0, end: pairs.length });
    } else {
      const writer = writes.writerOf(entry.key);
      const own: Sibling = { writer, hlc: writes.hlc, print, number, value: pairs };
      writes.changeCell(slot, (cell) => {
        cell.siblings = [...cell.siblings.filter((sibling) => sibling.writer !== writer), own];
      });
      this.#context.doubts().doubtCell(slot);
      this.#context.conflicts.moved(slot);
    }
    writes.tell(K.PutEntry, entry, field, [stream], pairs, number);
    this.#writeStream(stream, id);
  }

  /** XDEL of one id. */
  remove(entry: KeyEntry, id: string): void {
    const field = fieldOfId(id);
    if (field === undefined) return;
    const { keys } = this.#context;
    const own = keys.knownMember(entry, "x", field);
    if (own && this.#removeFrom(own, (visible) => visible === id)) return;
    const range = fieldsBesideId(id);
    if (!range) return;
    for (const slot of keys.entriesWithin(entry, range.from, range.to)) if (this.#removeFrom(slot, (visible) => visible === id)) return;
  }

  /** At this position the server's first entry is `firstId` (empty: it has none): what stood before it was trimmed. */
  trimBelow(entry: KeyEntry, firstId: string): void {
    // What the server dropped at its deadline no client has trimmed.
    if (entry.expired) return;
    const to = firstId === "" ? undefined : fieldOfId(firstId);
    for (const slot of this.#context.keys.entriesWithin(entry, "", to)) {
      const isTrimmed = (id: string): boolean => to === undefined || (fieldOfId(id) ?? "") < to;
      // Where it is not certain that the server ever held it, no client can be said to have removed it. What clients here made it held.
      if (slot.unsure) this.#removeOwn(slot, isTrimmed);
      else if (!slot.shown) this.#removeFrom(slot, isTrimmed);
      else if (shownEntries(shownPrint(slot), slot.field).some(({ id }) => isTrimmed(id))) this.#context.doubts().doubtCell(slot);
    }
  }

  /** Before a batch changes what stands first in a stream, it notes what that was: clients may have trimmed it before. */
  onNotes(notes: readonly MarkNote[]): void {
    for (const { cell, digest } of notes) {
      const entry = cell.kind === "x" ? this.#context.keys.entry(cell.db, cell.key) : undefined;
      if (entry && !entry.blind) this.trimBelow(entry, digest);
    }
  }

  /** What is set or read of a stream: it exists, its ids have come so far. */
  setLastId(entry: KeyEntry, id: string): void {
    const { keys, writes } = this.#context;
    writes.beforeWrite(entry);
    const stream = keys.member(entry, "x", "");
    if (this.#isWritten(stream)) return;
    writes.tell(K.PutStream, entry, "", [stream], Buffer.from(id, "latin1"));
    this.#writeStream(stream, id);
  }

  /** XSETID by a client. Where ids begin anew below what was trimmed, the first entry no longer says what that was. */
  lowerLastId(entry: KeyEntry, id: string): void {
    if (entry.trimmed && isBelow(id, this.lastId(entry))) this.#context.reads.blind(entry);
    this.setLastId(entry, id);
  }

  /** XGROUP CREATE. `start`: an id, or `$` for the stream's last. */
  createGroup(entry: KeyEntry, group: string, start: string): void {
    const { keys, writes } = this.#context;
    writes.beforeWrite(entry);
    const slot = keys.member(entry, "g", group);
    const stream = keys.member(entry, "x", "");
    const last = lastIdOf(stream.base);
    const startId = start === "$" ? last : start;
    writes.tell(K.PutGroup, entry, group, [slot, stream], Buffer.from(`${startId} ${last}`, "latin1"));
    writes.replace(slot, groupPrint(startId), 0, undefined);
    this.#writeStream(stream, last);
  }

  /** XGROUP DESTROY. */
  destroyGroup(entry: KeyEntry, group: string): void {
    const { keys, writes } = this.#context;
    const slot = keys.member(entry, "g", group);
    this.#keep(entry);
    writes.tell(K.RemoveGroup, entry, group, [slot], undefined);
    writes.replace(slot, GROUP_REMOVED, 0, undefined);
  }

  trimmed(entry: KeyEntry): void {
    this.#context.reads.wantFirst(entry);
  }

  /** How far the stream's ids have come, as far as is known. */
  lastId(entry: KeyEntry): string {
    const stream = this.#context.keys.knownMember(entry, "x", "");
    return stream ? lastIdOf(stream.base) : NO_ENTRY_ID;
  }

  /** One command writes the stream's own cell once: a second put of the same version would be passed over elsewhere. */
  #writeStream(stream: CellSlot, lastId: string): void {
    if (!this.#isWritten(stream)) this.#context.writes.replace(stream, streamPrint(lastId), 0, undefined);
  }

  #isWritten({ base, entry }: CellSlot): boolean {
    const { writes } = this.#context;
    const writer = writes.writerOf(entry.key);
    return base.siblings.some((sibling) => sibling.writer === writer && sibling.hlc === writes.hlc);
  }

  /** Removes those entries of a cell whose ids are meant. False: none was. */
  #removeFrom(slot: CellSlot, isMeant: (id: string) => boolean): boolean {
    const visible = entriesOf(slot.base, slot.field);
    const meant = slot.shown ? shownMeant(slot, isMeant) : visible.filter(({ id }) => isMeant(id)).map(({ sibling }) => sibling);
    if (meant.length > 0) this.#take(slot, meant);
    return meant.length > 0;
  }

  /** Removes those entries of this region's own clients that are meant under whichever of their ids. */
  #removeOwn(slot: CellSlot, isMeant: (id: string) => boolean): void {
    const { entry, field, base } = slot;
    if (entry.mayClash || !isMeant(idOfField(field))) return;
    const own = this.#context.writes.writerOf(entry.key);
    const meant = base.siblings.filter((sibling) => sibling.writer === own && isMeant(movedId(field, sibling)));
    if (meant.length > 0) this.#take(slot, meant);
  }

  #take(slot: CellSlot, meant: readonly Sibling[]): void {
    const { writes } = this.#context;
    const removed = meant.flatMap((sibling) => sameEntries(slot.base, sibling));
    const owner = entriesOf(slot.base, slot.field)[0]?.sibling;
    const rest = slot.base.siblings.filter((sibling) => !removed.includes(sibling));
    const isOwnerGone = owner !== undefined && owner.number !== BESIDE && removed.includes(owner);
    const beside = isOwnerGone ? rest.filter(({ number }) => number !== BESIDE) : [];
    this.#keep(slot.entry);
    writes.tell(K.RemoveEntry, slot.entry, slot.field, [], encodeRemoval({ removed, beside }));
    const deviates = slot.shown !== undefined || slot.unsure;
    writes.changeCell(slot, (cell: Cell) => {
      cell.siblings = rest.map((sibling) => (beside.includes(sibling) ? { ...sibling, number: BESIDE } : sibling));
    });
    if (deviates) this.#context.doubts().doubtCell(slot);
  }

  /** A stream that loses its last entry is still there: the server keeps it, and so do we. */
  #keep(entry: KeyEntry): void {
    const stream = this.#context.keys.knownMember(entry, "x", "");
    if (!stream || !isPresent(stream.base)) this.setLastId(entry, this.lastId(entry));
  }
}

/** Where the server does not hold what `base` says, an entry may stand under its own id or under the other. */
function shownMeant(slot: CellSlot, isMeant: (id: string) => boolean): Sibling[] {
  const ids = new Set(shownEntries(shownPrint(slot), slot.field).filter(({ id }) => isMeant(id)).map(({ id }) => id));
  const moved = slot.base.siblings.filter((sibling) => ids.has(movedId(slot.field, sibling)));
  if (moved.length > 0) return moved;
  const prints = new Set(shownEntries(shownPrint(slot), slot.field).filter(({ id }) => ids.has(id)).map(({ print }) => print));
  const found = entriesOf(slot.base, slot.field).find(({ sibling }) => prints.has(sibling.print));
  return found ? [found.sibling] : [];
}
