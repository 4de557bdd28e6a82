/**
 * The view/target loop: takes received frames in order, issues one batch per round, and settles cells when the batch's
 * mark is read back from the stream.
 *
 * Limits: `BATCHES_IN_FLIGHT_MAX` batches, `BATCH_CELLS` cells (a larger frame goes alone), `BATCH_BYTES`. A cell is in
 * one batch at a time: what arrives for it meanwhile is named in the mark as deferred and comes with a later batch, with
 * everything received by then.
 */
import { ApplyBatch, encodeMarkHeader, type CellName, type Mark } from "@meridian/mark";
import { aheadOf } from "@meridian/merge";
import type { Frame } from "@meridian/wire";
import { VersionVector, type Hlc, type Mutation, type ReadonlyVector, type WriterId } from "@meridian/words";
import { BatchPlan } from "./batch-plan.js";
import { isHeld, numberOfPrint, shownDeadlinePrint } from "../keys/content.js";
import { Conversions } from "./conversions.js";
import { bringBack } from "./evicted-keys.js";
import { KeptValues } from "./kept-values.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { tell, type DueMessages, type MessageRelay, type ReceivedMessage } from "./message-relay.js";
import { doubtSlot, MarkSettlement, type SettlementContext, type SettlingFrame } from "./mark-settlement.js";
import { showListRead } from "../read/list-reading.js";
import type { NextFrame } from "../receive/inbox.js";
import { obstacleOf, wouldLoseValue } from "./plan.js";
import type { LocalWrites } from "../capture/local-writes.js";
import type { FlyingFrame } from "./plain-flights.js";
import { receiveFrame } from "../receive/received-changes.js";
import type { Residency } from "../publish/residency.js";
import type { ConflictLedger } from "../conflicts/conflict-ledger.js";
import type { RegionCounters } from "../counters.js";
import type { RegionLimits } from "../region-limits.js";
import { isPast } from "./server-deadlines.js";
import { setShown } from "./settle.js";
import { restsHidden } from "./type-clash.js";

/** Batches that may be on their way to the server. */
export const BATCHES_IN_FLIGHT_MAX = 8;
/** Cells after which a batch is closed. Larger batches block the server longer than half a millisecond. */
export const BATCH_CELLS = 256;
/** Bytes after which a batch is closed. */
export const BATCH_BYTES = 256 * 1024;

/** A frame whose changes are pending, until the mark that carries it is read. */
interface FrameInFlight extends SettlingFrame, FlyingFrame {
  readonly slots: CellSlot[];
  readonly mutations: number;
  readonly messages: ReceivedMessage[];
  readonly done: () => void;
}

const NO_SLOTS: readonly CellSlot[] = [];
const NO_KEYS: ReadonlySet<KeyEntry> = new Set();

/** What one batch is made of. */
interface BatchContent {
  readonly ready: ReadonlySet<CellSlot>;
  readonly converted: ReadonlySet<KeyEntry>;
  readonly deferred: readonly CellName[];
  readonly settled: readonly CellName[];
  readonly due: DueMessages | undefined;
}

/** What the applier needs of its region. */
export interface ApplierContext {
  readonly writer: WriterId;
  /** Undefined: nothing is replicated among some regions only. */
  readonly residency: Residency | undefined;
  readonly keys: KeySpace;
  /** What was received; raised frame by frame as they are taken. */
  readonly received: VersionVector;
  readonly counters: RegionCounters;
  readonly conflicts: ConflictLedger;
  readonly limits: RegionLimits;
  readonly onVisible: ((writer: WriterId, last: Hlc, mutations: number) => void) | undefined;
  /** Where messages of peers go; undefined: none is accepted. */
  readonly relay: MessageRelay | undefined;
  /** Late entries are put into the pending lists of groups. */
  readonly lateToGroups: boolean;
  /** Asks for a key to be read at a position of the stream. */
  readonly requestRead: (entry: KeyEntry) => void;
}

/** See the module's comment. */
export class Applier {
  readonly #context: ApplierContext;
  readonly #limits: RegionLimits;
  readonly #inFlight: FrameInFlight[] = [];
  /** Cells that need a batch of their own making: left out by a mark, or found to differ. */
  readonly #retries = new Set<CellSlot>();
  /** The cells of each batch in flight, by its sequence number. */
  readonly #issued = new Map<number, CellSlot[]>();
  /** Keys that must change their type in the server, as soon as all of their cells are free. */
  readonly #turning = new Set<KeyEntry>();
  /** The keys whose type each batch in flight changes, by its sequence number. */
  readonly #converting = new Map<number, ReadonlySet<KeyEntry>>();
  #converted: ReadonlySet<KeyEntry> = NO_KEYS;
  #taken: FrameInFlight[] = [];
  #takenCells = 0;
  #takenBytes = 0;
  #epoch = 0;
  #issuedSeq = 0;
  #readSeq = 0;
  /** What the last mark carried. */
  #merged: ReadonlyVector = new VersionVector();
  readonly #retry = (slot: CellSlot): void => this.retry(slot);
  readonly #settling: SettlementContext;
  readonly #kept: KeptValues;

  constructor(context: ApplierContext) {
    this.#context = context;
    this.#limits = context.limits;
    const { keys, counters, conflicts, requestRead } = context;
    this.#kept = new KeptValues(counters, requestRead);
    this.#settling = { keys, counters, conflicts, requestRead, retry: this.#retry };
  }

  get batchesInFlight(): number {
    return this.#issuedSeq - this.#readSeq;
  }

  get framesInFlight(): number {
    return this.#inFlight.length + this.#taken.length;
  }

  get retries(): number {
    return this.#retries.size;
  }

  /** True where another frame may be taken into the batch being collected. */
  get hasRoom(): boolean {
    const { batchesInFlight, batchCells, batchBytes } = this.#limits;
    const isOpen = this.batchesInFlight < batchesInFlight && this.#context.relay?.hasRoom !== false;
    return isOpen && this.#takenCells < batchCells && this.#takenBytes < batchBytes;
  }

  /** Begins a lease: everything still pending is issued anew under it. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#issuedSeq = 0;
    this.#readSeq = 0;
    this.#issued.clear();
    this.#converting.clear();
    this.#context.relay?.begin();
    this.#taken.unshift(...this.#inFlight.splice(0));
    this.#count();
  }

  /** All batches that can be issued now, of what `next` hands over. */
  pump(nowMs: number, next: () => readonly NextFrame[]): ApplyBatch[] {
    const batches: ApplyBatch[] = [];
    for (;;) {
      this.fill(next);
      const batch = this.issue(nowMs);
      if (!batch) return batches;
      batches.push(batch);
    }
  }

  /** Takes units as long as there is room, and more of them. */
  fill(next: () => readonly NextFrame[]): void {
    while (this.hasRoom) {
      const unit = next();
      if (unit.length === 0) return;
      for (const { frame, done } of unit) this.take(frame, done);
    }
  }

  /** Makes a frame's changes pending. Frames come in their writer's order, each once. */
  take(frame: Frame, done: () => void, mayFly = true): void {
    const { writer, residency, keys, received, counters } = this.#context;
    const ahead = aheadOf(frame.context, received, frame.writer, residency?.ownBeside(frame.writer) ?? writer);
    const { last, mutations } = frame;
    const messages: ReceivedMessage[] = [];
    const taken: FrameInFlight = { frame, writer: frame.writer, last, mutations, messages, slots: [], flights: [], done };
    receiveFrame(taken, ahead, keys, mayFly, (m) => this.#received(m, taken));
    for (const { entry } of taken.slots) if (entry.evicted) bringBack(entry, keys, this.#retry);
    received.raise(frame.writer, last);
    counters.received += mutations;
    this.#taken.push(taken);
    this.#takenCells += cellsOf(taken);
    this.#takenBytes += frame.bytes;
  }

  /** How much is taken into the batch being collected. */
  #count(): void {
    this.#takenCells = this.#taken.reduce((sum, frame) => sum + cellsOf(frame), 0);
    this.#takenBytes = this.#taken.reduce((sum, { frame }) => sum + frame.bytes, 0);
  }

  #received(m: Mutation, { writer, messages }: FrameInFlight): void {
    const { relay, counters } = this.#context;
    if (!relay) counters.messages.unwanted += 1;
    const message = relay?.received(m, writer);
    if (message) messages.push(message);
  }

  /** Makes the changes of a frame pending that an earlier life had taken: its fate stands in the stream. */
  retake(frame: Frame, done: () => void): void {
    this.take(frame, done, false);
    for (const taken of this.#taken.splice(0)) {
      for (const slot of taken.slots) slot.raced = true;
      this.#inFlight.push(taken);
    }
    // It takes no room: where the stream says that all of it was applied, no batch of this life would give that back.
    this.#count();
  }

  /** True where a plain string of such a key is on its way ({@link PlainFlight}). */
  carries(matches: (key: string) => boolean): boolean {
    return [...this.#taken, ...this.#inFlight].some(({ flights }) => flights.some((flight) => flight.isFlying && matches(flight.key)));
  }

  /** Has nothing more to do with keys of which nothing is on its way. */
  forget(matches: (entry: KeyEntry) => boolean): void {
    for (const slot of this.#retries) if (matches(slot.entry)) this.#retries.delete(slot);
    for (const entry of this.#turning) if (matches(entry)) this.#turning.delete(entry);
  }

  /** Puts a cell on the list of those to be applied again. */
  retry(slot: CellSlot): void {
    this.#retries.add(slot);
  }

  /** The next batch, or undefined where there is nothing to apply or no room in flight. */
  issue(nowMs: number): ApplyBatch | undefined {
    if (this.#epoch === 0 || this.batchesInFlight >= this.#limits.batchesInFlight) return undefined;
    if (this.#kept.await(this.#taken, this.#retries, nowMs)) return undefined;
    const deferred: CellName[] = [];
    const settled: CellName[] = [];
    const ready = new Set<CellSlot>();
    const conversions = this.#conversions();
    const { batchCells } = this.#limits;
    // First, for a deadline of such a key is on the list again and again until the key has changed its type.
    conversions?.fill(ready, batchCells, (slot) => this.#canIssue(slot, true));
    for (const slot of this.#retries) {
      if (ready.size >= batchCells) break;
      if (slot.refused || !slot.needsAttention || restsHidden(slot)) this.#retries.delete(slot);
      else if (!conversions?.concerns(slot) && this.#canIssue(slot)) ready.add(slot);
    }
    for (const frame of this.#taken) {
      for (const slot of frame.slots) {
        if (ready.has(slot) || slot.deferred !== 0) continue;
        if (!conversions?.concerns(slot) && this.#canIssue(slot)) ready.add(slot);
        else this.#defer(slot, deferred);
      }
    }
    const due = this.#context.relay?.due(nowMs);
    if (ready.size === 0 && this.#taken.length === 0 && !due) return undefined;
    for (const slot of ready) {
      this.#retries.delete(slot);
      if (slot.excepted || slot.deferred !== 0) settled.push(slot.name);
      // What comes for the cell from here on must be named anew.
      slot.deferred = 0;
    }
    return this.#build({ ready, converted: conversions?.converted ?? NO_KEYS, deferred, settled, due }, nowMs);
  }

  /** Looks at the keys that have cells of several types; undefined: there are none. */
  #conversions(): Conversions | undefined {
    const { keys } = this.#context;
    const clashing = new Set<KeyEntry>();
    // Meanwhile a key may have left memory, and be another object.
    for (const { db, key } of [...this.#turning, ...keys.takeClashing()]) clashing.add(keys.entry(db, key));
    for (const frame of this.#taken) for (const { entry } of frame.slots) if (entry.mayClash) clashing.add(entry);
    if (clashing.size === 0) return undefined;
    const conversions = new Conversions(clashing, this.#limits.conversionCells, this.#retry);
    // A client may have hidden what came when there was nothing to be seen yet.
    for (const entry of clashing) this.#context.conflicts.types(entry, this.#merged);
    this.#turning.clear();
    for (const entry of conversions.turning) this.#turning.add(entry);
    return conversions;
  }

  #canIssue(slot: CellSlot, isTurning = false): boolean {
    const obstacle = obstacleOf(slot, isTurning);
    if (obstacle) return false;
    if (!wouldLoseValue(slot)) return true;
    this.#context.requestRead(slot.entry);
    return false;
  }

  #defer(slot: CellSlot, deferred: CellName[]): void {
    slot.deferred = this.#issuedSeq + 1;
    deferred.push(slot.name);
    this.#retries.add(slot);
  }

  #build({ ready, converted, deferred, settled, due }: BatchContent, nowMs: number): ApplyBatch {
    const seq = this.#issuedSeq + 1;
    const header = encodeMarkHeader({ epoch: this.#epoch, seq, told: due?.upTo, vector: this.#context.received, deferred, settled });
    const batch = new ApplyBatch(this.#epoch, this.#issuedSeq, seq, header);
    const { keys, counters, lateToGroups } = this.#context;
    const plan = new BatchPlan({ keys, counters, lateToGroups, retry: this.#retry }, batch, { ready, converted }, nowMs);
    const slots: CellSlot[] = [];
    for (const { flights } of this.#taken) for (const flight of flights) if (flight.isFlying) flight.issue(batch, { seq, slots });
    slots.push(...plan.fill());
    this.#issued.set(seq, slots);
    if (due) tell(batch, due);
    if (converted.size > 0) this.#converting.set(seq, converted);
    this.#inFlight.push(...this.#taken);
    this.#taken = [];
    this.#count();
    this.#issuedSeq = seq;
    return batch;
  }

  /**
   * A mark was read in the stream. Settles what it carries, keeps what it left out, and returns the cells whose content
   * must be read because a local write came between.
   */
  settle(mark: Mark, nowMs: number): void {
    const isOurs = mark.epoch === this.#epoch;
    this.#merged = mark.vector;
    if (isOurs) this.#readSeq = Math.max(this.#readSeq, mark.seq);
    const issued = (isOurs && this.#issued.get(mark.seq)) || NO_SLOTS;
    const settlement = new MarkSettlement(this.#settling, mark, isOurs, issued, nowMs);
    settlement.begin(this.#inFlight);
    for (let at = 0; at < this.#inFlight.length; ) {
      const frame = this.#inFlight[at] as FrameInFlight;
      if (mark.vector.get(frame.writer) < frame.last) {
        at += 1;
        continue;
      }
      for (const slot of frame.slots) settlement.settle(slot);
      this.#settleFlights(frame, isOurs ? mark.seq : 0);
      this.#inFlight.splice(at, 1);
      if (this.#context.relay) this.#context.relay.settled(frame, nowMs);
      else frame.done();
      this.#context.onVisible?.(frame.writer, frame.last, frame.mutations);
    }
    if (isOurs) this.#issued.delete(mark.seq);
    this.#converted = (isOurs && this.#converting.get(mark.seq)) || NO_KEYS;
    if (isOurs) this.#converting.delete(mark.seq);
    settlement.finish();
    this.#context.relay?.onMark(mark);
  }

  /** Nothing came between: what was issued is what the server holds. */
  #settleFlights({ flights }: FrameInFlight, seq: number): void {
    for (const flight of flights) {
      if (!flight.isFlying) continue;
      if (flight.seq !== seq || seq === 0) throw new Error(`a mark carries a write of batch ${flight.seq} and is not that batch's`);
      this.#context.keys.settlePlain(flight);
    }
  }

  /** Our own script removed a key. Where it should be there, its deadline was past by the server's clock, or it changed its type. */
  removed(entry: KeyEntry, writes: LocalWrites, nowMs: number): void {
    if (!isHeld(entry) || this.hasConverted(entry)) return;
    const deadline = shownDeadlinePrint(entry);
    if (deadline !== undefined && isPast(numberOfPrint(deadline), nowMs)) writes.expire(entry, nowMs);
    else this.doubt(entry);
  }

  /** True where the batch of the mark that was read last changed the key's type: all of what it took away is known. */
  hasConverted(entry: KeyEntry): boolean {
    return this.#converted.has(entry);
  }

  /** Only reading tells what the server holds of the cell now. */
  doubtCell(slot: CellSlot): void {
    doubtSlot(slot, this.#context);
  }

  /** Only reading tells what the server holds of the key now. */
  doubt(entry: KeyEntry): void {
    for (const slot of entry.loadedSlots()) doubtSlot(slot, this.#context);
    this.#context.requestRead(entry);
  }

  /** What the server holds of a cell has been read. */
  showRead(slot: CellSlot, print: string | undefined): void {
    slot.unsure = false;
    // What the server has dropped at its deadline, or to make room, stays away.
    if (slot.entry.expired || slot.entry.evicted) slot.shown = undefined;
    else if (setShown(slot, print) === "differs") this.#retries.add(slot);
    this.#context.keys.touch(slot);
  }

  /** What the server holds of a list has been read. */
  showListRead(slot: CellSlot, items: readonly Buffer[]): void {
    slot.unsure = false;
    slot.list?.onRead();
    if (slot.entry.expired || slot.entry.evicted) slot.shown = undefined;
    else if (showListRead(slot, items) === "differs") this.#retries.add(slot);
    this.#context.keys.touch(slot);
  }

  /** True where the server holds what everything received says it should, everywhere. */
  get isSettled(): boolean {
    const isDone = this.#turning.size === 0 && !this.#context.keys.hasClashing && this.#context.relay?.isEmpty !== false;
    return isDone && this.framesInFlight === 0 && this.#retries.size === 0 && this.batchesInFlight === 0;
  }
}

function cellsOf({ slots, flights }: FrameInFlight): number {
  return slots.length + flights.length;
}
