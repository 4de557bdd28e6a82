/**
 * What one mark settles: which cells it carries, which it left out, and what of that only reading tells.
 *
 * The order is of the essence: deadlines are held first, then what was left out is kept, then the cells of frames and of
 * the batch are merged, then deadlines are released.
 */
import { payloadType, type CellName, type Mark } from "@meridian/mark";
import { winnerOf } from "@meridian/merge";
import { HLC_ZERO, type CellKind, type Hlc, type WriterId } from "@meridian/words";
import type { ConflictLedger } from "../conflicts/conflict-ledger.js";
import { basePrint, numberOfPrint } from "../keys/content.js";
import { noteRefused, type RegionCounters } from "../counters.js";
import type { CellSlot, Issue, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { isPast, revive, ServerDeadlines } from "./server-deadlines.js";
import { isStream, setShown, settleSlot } from "./settle.js";
import { targetCell } from "./target-cell.js";

/** What settling needs of its region. */
export interface SettlementContext {
  readonly keys: KeySpace;
  readonly counters: RegionCounters;
  readonly conflicts: ConflictLedger;
  /** Puts a cell on the list of those to be applied again. */
  readonly retry: (slot: CellSlot) => void;
  /** Asks for a key to be read at a position of the stream. */
  readonly requestRead: (entry: KeyEntry) => void;
}

/** A frame that was taken and whose mark was not read yet. */
export interface SettlingFrame {
  readonly writer: WriterId;
  readonly last: Hlc;
  readonly slots: readonly CellSlot[];
}

const NO_VALUES: readonly Buffer[] = [];

type LeftOut = "deferred" | "skipped";

/** See the module's comment. One for each mark. */
export class MarkSettlement {
  readonly #context: SettlementContext;
  readonly #mark: Mark;
  /** The mark is of the lease at hand: its number names a batch of ours. */
  readonly #isOurs: boolean;
  readonly #issued: readonly CellSlot[];
  readonly #nowMs: number;
  readonly #left = new Map<CellSlot, LeftOut>();
  readonly #deadlines: ServerDeadlines;
  /** Keys that may have cells of several types. */
  readonly #clashing = new Set<KeyEntry>();

  constructor(context: SettlementContext, mark: Mark, isOurs: boolean, issued: readonly CellSlot[], nowMs: number) {
    this.#context = context;
    this.#mark = mark;
    this.#isOurs = isOurs;
    this.#issued = issued;
    this.#nowMs = nowMs;
    this.#deadlines = new ServerDeadlines(context.keys, context.retry, context.conflicts);
  }

  /** Before any cell is merged. `frames`: all that are in flight. */
  begin(frames: readonly SettlingFrame[]): void {
    this.#leaveOutNamed();
    for (const frame of frames) {
      if (this.#mark.vector.get(frame.writer) < frame.last) continue;
      for (const slot of frame.slots) this.#hold(slot.entry);
    }
    for (const name of this.#mark.settled) this.#hold(this.#slotOf(name).entry);
    for (const slot of this.#issued) this.#noteWritten(slot);
  }

  /** Merges one cell of a frame that the mark carries. */
  settle(slot: CellSlot): void {
    if (this.#left.has(slot)) return;
    const { keys, conflicts, retry } = this.#context;
    if (slot.excepted) {
      // The frontier has come to cover one more of its changes, and the frame will be forgotten: the cell must remember.
      keys.touch(slot);
      return;
    }
    if (slot.pending.length === 0 && slot.issued?.seq !== this.#mark.seq) return;
    // It was written, so it held what was expected: whatever clients did to it before came to nothing.
    if (slot.issued?.how === "write") slot.entry.rewritten = HLC_ZERO;
    const removed = slot.list ? this.#removedFrom(slot) : NO_VALUES;
    // That a stream stays is in every batch: the next may already be under way to remove it.
    const { issued, raced } = slot;
    const isLater = issued !== undefined && issued.seq !== this.#mark.seq && isStream(slot);
    if (isLater) setIssued(slot, undefined, false);
    const result = settleSlot(slot, this.#mark.vector, conflicts, removed);
    if (isLater) setIssued(slot, issued, raced);
    keys.touch(slot);
    if (slot.kind === "w" && (result === "equal" || issued?.leaves)) this.#noteRestored(slot, issued?.leaves ? issued.leaves.print : basePrint(slot));
    if (result === "unsure") this.#doubtCell(slot);
    if (result === "differs" || slot.pending.length > 0) retry(slot);
  }

  /** How the server itself prints a whole value that the batch has restored. */
  #noteRestored(slot: CellSlot, print: string | undefined): void {
    const { entry } = slot;
    const note = this.#mark.notes.find(({ cell }) => cell.kind === "w" && cell.key === entry.key && cell.db === entry.db);
    if (note && print !== undefined) slot.restored = { print, held: `#${note.digest}` };
  }

  /** Long values that the batch took out of a list. */
  #removedFrom({ entry }: CellSlot): readonly Buffer[] {
    const own = this.#mark.removed.filter(({ cell }) => cell.key === entry.key && cell.db === entry.db);
    return own.map(({ value }) => value);
  }

  /** After the frames: what the mark names, and what else its batch held. */
  finish(): void {
    for (const name of this.#mark.settled) {
      const slot = this.#slotOf(name);
      if (this.#left.has(slot)) continue;
      slot.excepted = false;
      this.settle(slot);
    }
    for (const slot of this.#issued) if (slot.issued?.seq === this.#mark.seq) this.#settleIssued(slot);
    this.#deadlines.release(this.#nowMs);
    for (const entry of this.#clashing) this.#context.conflicts.types(entry, this.#mark.vector);
  }

  /** That a stream is there may be in a batch before the one before it is settled: if that left it out, it must come once more. */
  #settleIssued(slot: CellSlot): void {
    this.settle(slot);
    if (!slot.excepted || slot.issued?.seq !== this.#mark.seq || this.#left.has(slot)) return;
    if (slot.issued.leaves) setShown(slot, slot.issued.leaves.print);
    slot.issued = undefined;
    slot.raced = false;
    this.#context.retry(slot);
  }

  #hold(entry: KeyEntry): void {
    this.#deadlines.hold(entry);
    if (entry.mayClash) this.#clashing.add(entry);
  }

  /** What the batch has written of the key's deadline, and what a deadline says about what it has written. */
  #noteWritten(slot: CellSlot): void {
    const { entry, issued, kind } = slot;
    const { keys, retry } = this.#context;
    this.#hold(entry);
    if (issued?.seq !== this.#mark.seq || issued.how === "nothing" || this.#left.has(slot)) return;
    // An increment has made the key anew, if the server had dropped it by then; so has a push, whatever clients pushed before.
    if (entry.expired && (issued.how === "increment" || (kind !== "t" && (!slot.raced || slot.list)))) revive(entry, keys, retry);
    // A value whose deadline is past is not written at all where nothing was, and leaves no trace.
    if (kind !== "t" && issued.deadline !== undefined && isPast(numberOfPrint(issued.deadline), this.#nowMs)) doubtSlot(slot, this.#context);
    // What goes to make room for another type leaves no deadline behind: that of the other was noted.
    // It was given last, whatever clients did to the key before: else the mark would name the cell.
    if (issued.converts) return;
    if (issued.how === "write" && (kind === "s" || kind === "w" || kind === "t")) this.#deadlines.written(entry, issued.deadline);
  }

  /** Cells that the mark names as deferred or skipped. A skipped string takes its key's expiry with it. */
  #leaveOutNamed(): void {
    const mark = this.#mark;
    const left = this.#left;
    const refused = new Set<CellSlot>();
    for (const name of mark.deferred) left.set(this.#slotOf(name), "deferred");
    for (const name of mark.skipped) {
      if (name.kind === "k") {
        this.#leaveKey(name);
        continue;
      }
      const slot = this.#slotOf(name);
      left.set(slot, "skipped");
      const expiry = slot.kind === "s" || slot.kind === "w" ? slot.entry.expiry : undefined;
      if (expiry) this.#leaveExpiry(expiry);
    }
    for (const { cell, reason } of mark.refused) {
      const slot = this.#slotOf(cell);
      slot.refused = true;
      refused.add(slot);
      noteRefused(this.#context.counters, cell.db, cell.key, `${wantedType(slot)}: ${reason}`);
    }
    this.#context.counters.skipped += mark.skipped.length;
    for (const [slot, why] of left) {
      // That values of it stand nowhere was so of what was not carried out: it is planned anew.
      if (why === "skipped" && slot.issued?.seq === mark.seq && !refused.has(slot)) slot.refused = false;
      this.#leaveOut(slot, why);
    }
  }

  /** Nothing was taken away of a key that was to change its type. What was to be written there is named by itself. */
  #leaveKey({ db, key }: CellName): void {
    const entry = this.#context.keys.entry(db, key);
    for (const slot of this.#issued) {
      if (slot.entry === entry && slot.issued?.converts && slot.issued.seq === this.#mark.seq) this.#left.set(slot, "skipped");
    }
  }

  /**
   * With its value, unless it had an operation of its own: then the mark names it where it was not written. What an earlier life
   * has issued is not known.
   */
  #leaveExpiry(expiry: CellSlot): void {
    const { issued } = expiry;
    if (this.#isOurs && issued?.seq === this.#mark.seq && !issued.isCarried) return;
    this.#left.set(expiry, "skipped");
    if (this.#isOurs) return;
    expiry.unsure = true;
    this.#context.requestRead(expiry.entry);
  }

  #leaveOut(slot: CellSlot, why: LeftOut): void {
    const { vector, seq } = this.#mark;
    if (slot.deferred === seq && this.#isOurs) slot.deferred = 0;
    if (slot.pending.some((change) => vector.covers(change.writer, change.hlc))) slot.excepted = true;
    if (why === "skipped" && (slot.issued?.seq === seq || !this.#isOurs)) {
      // The local write that was in the way stands earlier in the stream. Where there was none, we do not know the cell.
      // What a trim took is being read.
      const isExplained = slot.raced || slot.issued?.dropped === true || slot.refused || (slot.kind === "x" && slot.entry.trimmed);
      if (slot.issued && !isExplained) doubtSlot(slot, this.#context);
      slot.issued = undefined;
      slot.raced = false;
      this.#context.counters.retried += 1;
    }
    this.#context.retry(slot);
    this.#context.keys.touch(slot);
  }

  /** Only reading tells what the server holds of the cell now; of a string, also what deadline came with it. */
  #doubtCell(slot: CellSlot): void {
    const { keys, requestRead } = this.#context;
    if (slot.kind === "s" || slot.kind === "w") {
      const expiry = keys.single(slot.entry, "t");
      expiry.unsure = true;
      keys.touch(expiry);
    }
    requestRead(slot.entry);
  }

  #slotOf(name: CellName): CellSlot {
    const { keys } = this.#context;
    return keys.slot(keys.entry(name.db, name.key), name.kind as CellKind, name.field);
  }
}

/** Only reading tells what the server holds of the cell now. */
export function doubtSlot(slot: CellSlot, { keys, requestRead }: Pick<SettlementContext, "keys" | "requestRead">): void {
  slot.unsure = true;
  if (slot.list) slot.list.doubt = "content";
  keys.touch(slot);
  requestRead(slot.entry);
}

/** What is said of an apply of a cell that is under way. */
function setIssued(slot: CellSlot, issued: Issue | undefined, raced: boolean): void {
  slot.issued = issued;
  slot.raced = raced;
}

/** What the server was to hold, for the operator: a whole value's type stands in its payload. */
function wantedType(slot: CellSlot): string {
  const value = slot.kind === "w" ? winnerOf(targetCell(slot))?.value : undefined;
  return value ? payloadType(value) : `cell ${slot.kind}`;
}
