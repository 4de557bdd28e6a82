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
import type { Hlc, VersionVector, WriterId } from "@meridian/words";
import { numberOfPrint, shownDeadlinePrint } from "./content.js";
import type { CellSlot, Issue, KeyEntry } from "./key-entry.js";
import type { KeySpace } from "./key-space.js";
import { carriesExpiry, needsExpiry, obstacleOf, planRemoval, planSlot, wouldLoseValue } from "./plan.js";
import { receiveFrame } from "./received-changes.js";
import type { RegionCounters } from "./counters.js";
import { isPast, revive, ServerDeadlines } from "./server-deadlines.js";
import { setShown, settleSlot } from "./settle.js";

/** Batches that may be on their way to the server. */
export const BATCHES_IN_FLIGHT_MAX = 8;
/** Cells after which a batch is closed. Larger batches block the server longer than half a millisecond. */
export const BATCH_CELLS = 256;
/** Bytes after which a batch is closed. */
export const BATCH_BYTES = 256 * 1024;

/** A frame whose changes are pending, until the mark that carries it is read. */
interface FrameInFlight {
  readonly writer: WriterId;
  readonly last: Hlc;
  readonly mutations: number;
  readonly slots: readonly CellSlot[];
  readonly done: () => void;
}

/** What planning a batch puts aside for its end. `carried`: keys whose deadline is written with their value. */
interface Collected {
  readonly carried: Set<KeyEntry>;
  readonly expiries: CellSlot[];
  readonly removals: CellSlot[];
  readonly ready: ReadonlySet<CellSlot>;
}

/** What the applier needs of its region. */
export interface ApplierContext {
  readonly writer: WriterId;
  readonly keys: KeySpace;
  /** What was received; raised frame by frame as they are taken. */
  readonly received: VersionVector;
  readonly counters: RegionCounters;
  readonly onVisible: ((writer: WriterId, last: Hlc, mutations: number) => void) | undefined;
  /** Asks for a key to be read at a position of the stream. */
  readonly requestRead: (entry: KeyEntry) => void;
}

/** See the module's comment. */
export class Applier {
  readonly #context: ApplierContext;
  readonly #inFlight: FrameInFlight[] = [];
  /** Cells that need a batch of their own making: left out by a mark, or found to differ. */
  readonly #retries = new Set<CellSlot>();
  /** The cells of each batch in flight, by its sequence number. */
  readonly #issued = new Map<number, readonly CellSlot[]>();
  #taken: FrameInFlight[] = [];
  #takenCells = 0;
  #takenBytes = 0;
  #epoch = 0;
  #issuedSeq = 0;
  #readSeq = 0;

  constructor(context: ApplierContext) {
    this.#context = context;
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
    return this.batchesInFlight < BATCHES_IN_FLIGHT_MAX && this.#takenCells < BATCH_CELLS && this.#takenBytes < BATCH_BYTES;
  }

  /** Begins a lease: everything still pending is issued anew under it. */
  begin(epoch: number): void {
    this.#epoch = epoch;
    this.#issuedSeq = 0;
    this.#readSeq = 0;
    this.#issued.clear();
    this.#taken.unshift(...this.#inFlight.splice(0));
  }

  /** Makes a frame's changes pending. Frames come in their writer's order, each once. */
  take(frame: Frame, done: () => void): void {
    const { writer, keys, received, counters } = this.#context;
    const ahead = aheadOf(frame.context, received, frame.writer, writer);
    const slots = receiveFrame(frame, ahead, keys);
    received.raise(frame.writer, frame.last);
    counters.received += frame.mutations;
    this.#taken.push({ writer: frame.writer, last: frame.last, mutations: frame.mutations, slots, done });
    this.#takenCells += slots.length;
    this.#takenBytes += frame.bytes;
  }

  /** Makes the changes of a frame pending that an earlier life had taken: its fate stands in the stream. */
  retake(frame: Frame, done: () => void): void {
    this.take(frame, done);
    for (const taken of this.#taken.splice(0)) {
      for (const slot of taken.slots) slot.raced = true;
      this.#inFlight.push(taken);
    }
  }

  /** Puts a cell on the list of those to be applied again. */
  retry(slot: CellSlot): void {
    this.#retries.add(slot);
  }

  /** The next batch, or undefined where there is nothing to apply or no room in flight. */
  issue(nowMs: number): ApplyBatch | undefined {
    if (this.#epoch === 0 || this.batchesInFlight >= BATCHES_IN_FLIGHT_MAX) return undefined;
    const deferred: CellName[] = [];
    const settled: CellName[] = [];
    const ready = new Set<CellSlot>();
    for (const slot of this.#retries) {
      if (ready.size >= BATCH_CELLS) break;
      if (slot.refused || !slot.needsAttention) this.#retries.delete(slot);
      else if (this.#canIssue(slot)) ready.add(slot);
    }
    for (const frame of this.#taken) {
      for (const slot of frame.slots) {
        if (ready.has(slot) || slot.deferred !== 0) continue;
        if (this.#canIssue(slot)) ready.add(slot);
        else this.#defer(slot, deferred);
      }
    }
    if (ready.size === 0 && this.#taken.length === 0) return undefined;
    for (const slot of ready) {
      this.#retries.delete(slot);
      if (slot.excepted || slot.deferred !== 0) settled.push(slot.name);
      // What comes for the cell from here on must be named anew.
      slot.deferred = 0;
    }
    return this.#build(ready, deferred, settled, nowMs);
  }

  #canIssue(slot: CellSlot): boolean {
    const obstacle = obstacleOf(slot);
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

  #build(ready: ReadonlySet<CellSlot>, deferred: readonly CellName[], settled: readonly CellName[], nowMs: number): ApplyBatch {
    const seq = this.#issuedSeq + 1;
    const header = encodeMarkHeader({ epoch: this.#epoch, seq, vector: this.#context.received, deferred, settled });
    const batch = new ApplyBatch(this.#epoch, this.#issuedSeq, seq, header);
    const expiries: CellSlot[] = [];
    const carried = new Set<KeyEntry>();
    const removals: CellSlot[] = [];
    for (const slot of ready) {
      if (slot.kind === "t") expiries.push(slot);
      else this.#plan(batch, slot, seq, nowMs, { carried, expiries, removals, ready });
    }
    for (const slot of removals) this.#issue(slot, seq, planRemoval(batch, slot));
    for (const slot of expiries) this.#planExpiry(batch, slot, seq, carried, nowMs);
    this.#issued.set(seq, [...ready, ...expiries]);
    this.#inFlight.push(...this.#taken);
    this.#taken = [];
    this.#takenCells = 0;
    this.#takenBytes = 0;
    this.#issuedSeq = seq;
    this.#context.counters.batches += 1;
    this.#context.counters.cells += batch.cells;
    return batch;
  }

  #plan(batch: ApplyBatch, slot: CellSlot, seq: number, nowMs: number, { carried, expiries, removals, ready }: Collected): void {
    const planned = planSlot(batch, slot, false, nowMs);
    if (planned === "removal") {
      removals.push(slot);
      return;
    }
    if (planned === "lost") {
      slot.refused = true;
      this.#context.counters.valuesMissing += 1;
      slot.issued = { seq, how: "nothing", delta: 0n, deadline: undefined };
      return;
    }
    this.#issue(slot, seq, planned);
    if (carriesExpiry(slot, planned)) carried.add(slot.entry);
    else if (planned.how !== "nothing" && needsExpiry(slot.entry)) this.#addExpiry(slot.entry, expiries, ready);
  }

  /** The key's deadline is written with its content, unless it waits for a batch of its own. */
  #addExpiry(entry: KeyEntry, expiries: CellSlot[], ready: ReadonlySet<CellSlot>): void {
    const { keys } = this.#context;
    const expiry = keys.single(entry, "t");
    if (ready.has(expiry) || expiry.issued || expiries.includes(expiry)) return;
    if (expiry.pending.length === 0 && !expiry.unsure) {
      expiries.push(expiry);
      return;
    }
    expiry.shown = { print: shownDeadlinePrint(entry) };
    keys.touch(expiry);
    this.#retries.add(expiry);
  }

  #planExpiry(batch: ApplyBatch, slot: CellSlot, seq: number, carried: ReadonlySet<KeyEntry>, nowMs: number): void {
    const planned = planSlot(batch, slot, carried.has(slot.entry), nowMs);
    if (planned !== "lost" && planned !== "removal") this.#issue(slot, seq, planned);
  }

  #issue(slot: CellSlot, seq: number, planned: Omit<Issue, "seq">): void {
    slot.issued = { seq, ...planned };
    slot.raced = false;
  }

  /**
   * A mark was read in the stream. Settles what it carries, keeps what it left out, and returns the cells whose content
   * must be read because a local write came between.
   */
  settle(mark: Mark, nowMs: number): void {
    if (mark.epoch === this.#epoch) this.#readSeq = Math.max(this.#readSeq, mark.seq);
    const left = this.#leftOut(mark);
    const deadlines = this.#holdDeadlines(mark, left, nowMs);
    for (let at = 0; at < this.#inFlight.length; ) {
      const frame = this.#inFlight[at] as FrameInFlight;
      if (mark.vector.get(frame.writer) < frame.last) {
        at += 1;
        continue;
      }
      for (const slot of frame.slots) this.#settleOne(slot, mark, left);
      this.#inFlight.splice(at, 1);
      frame.done();
      this.#context.onVisible?.(frame.writer, frame.last, frame.mutations);
    }
    for (const name of mark.settled) this.#settleNamed(name, mark, left);
    for (const slot of this.#takeIssued(mark)) if (slot.issued?.seq === mark.seq) this.#settleOne(slot, mark, left);
    deadlines.release(nowMs);
  }

  /** Notes what deadlines the server holds before any cell is merged, and what the batch has written of them. */
  #holdDeadlines(mark: Mark, left: ReadonlyMap<CellSlot, unknown>, nowMs: number): ServerDeadlines {
    const { keys } = this.#context;
    const retry = (slot: CellSlot): void => this.retry(slot);
    const deadlines = new ServerDeadlines(keys, retry);
    for (const frame of this.#inFlight) {
      if (mark.vector.get(frame.writer) < frame.last) continue;
      for (const slot of frame.slots) deadlines.hold(slot.entry);
    }
    for (const name of mark.settled) deadlines.hold(this.#slotOf(name).entry);
    if (mark.epoch !== this.#epoch) return deadlines;
    for (const slot of this.#issued.get(mark.seq) ?? []) {
      const { entry, issued, kind } = slot;
      deadlines.hold(entry);
      if (issued?.seq !== mark.seq || issued.how === "nothing" || left.has(slot)) continue;
      // An increment has made the key anew, if the server had dropped it by then.
      if (entry.expired && (issued.how === "increment" || (kind !== "t" && !slot.raced))) revive(entry, keys, retry);
      // A value whose deadline is past is not written at all where nothing was, and leaves no trace.
      if (kind !== "t" && issued.deadline !== undefined && isPast(numberOfPrint(issued.deadline), nowMs)) this.#doubt([slot]);
      if (slot.raced) continue;
      if (issued.how === "write" && (kind === "s" || kind === "w" || kind === "t")) deadlines.written(entry, issued.deadline);
    }
    return deadlines;
  }

  #takeIssued(mark: Mark): readonly CellSlot[] {
    if (mark.epoch !== this.#epoch) return [];
    const slots = this.#issued.get(mark.seq) ?? [];
    this.#issued.delete(mark.seq);
    return slots;
  }

  /** Cells that the mark names as deferred or skipped. A skipped string takes its key's expiry with it. */
  #leftOut(mark: Mark): ReadonlyMap<CellSlot, "deferred" | "skipped"> {
    const left = new Map<CellSlot, "deferred" | "skipped">();
    for (const name of mark.deferred) left.set(this.#slotOf(name), "deferred");
    for (const name of mark.skipped) {
      const slot = this.#slotOf(name);
      left.set(slot, "skipped");
      const expiry = slot.kind === "s" || slot.kind === "w" ? slot.entry.expiry : undefined;
      if (expiry) this.#leaveExpiry(expiry, mark, left);
    }
    for (const { cell } of mark.refused) this.#slotOf(cell).refused = true;
    this.#context.counters.skipped += mark.skipped.length;
    for (const [slot, why] of left) this.#leaveOut(slot, why, mark);
    return left;
  }

  /** With its string, unless it had an operation of its own: then it was written, and the mark does not say which. */
  #leaveExpiry(expiry: CellSlot, mark: Mark, left: Map<CellSlot, "deferred" | "skipped">): void {
    left.set(expiry, "skipped");
    if (expiry.issued?.seq !== mark.seq && mark.epoch === this.#epoch) return;
    expiry.unsure = true;
    this.#context.requestRead(expiry.entry);
  }

  #leaveOut(slot: CellSlot, why: "deferred" | "skipped", mark: Mark): void {
    if (slot.deferred === mark.seq && mark.epoch === this.#epoch) slot.deferred = 0;
    if (slot.pending.some((change) => mark.vector.covers(change.writer, change.hlc))) slot.excepted = true;
    if (why === "skipped" && (slot.issued?.seq === mark.seq || mark.epoch !== this.#epoch)) {
      // The local write that was in the way stands earlier in the stream. Where there was none, we do not know the cell.
      if (slot.issued && !slot.raced && !slot.refused) {
        slot.unsure = true;
        this.#context.requestRead(slot.entry);
      }
      slot.issued = undefined;
      slot.raced = false;
      this.#context.counters.retried += 1;
    }
    this.#retries.add(slot);
    this.#context.keys.touch(slot);
  }

  #settleNamed(name: CellName, mark: Mark, left: ReadonlyMap<CellSlot, unknown>): void {
    const slot = this.#slotOf(name);
    if (left.has(slot)) return;
    slot.excepted = false;
    this.#settleOne(slot, mark, left);
  }

  #settleOne(slot: CellSlot, mark: Mark, left: ReadonlyMap<CellSlot, unknown>): void {
    if (left.has(slot)) return;
    if (slot.excepted) {
      // The frontier has come to cover one more of its changes, and the frame will be forgotten: the cell must remember.
      this.#context.keys.touch(slot);
      return;
    }
    if (slot.pending.length === 0 && slot.issued?.seq !== mark.seq) return;
    const merged = slot.pending.length > 0;
    const result = settleSlot(slot, mark.vector);
    if (merged && slot.base.siblings.length > 1) this.#context.counters.conflicts += 1;
    this.#context.keys.touch(slot);
    if (result === "unsure") this.#doubtCell(slot);
    if (result === "differs" || slot.pending.length > 0) this.#retries.add(slot);
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

  /** Only reading tells what the server holds of the key now. */
  doubt(entry: KeyEntry): void {
    this.#doubt(entry.loadedSlots());
    this.#context.requestRead(entry);
  }

  #doubt(slots: Iterable<CellSlot>): void {
    for (const slot of slots) {
      slot.unsure = true;
      this.#context.keys.touch(slot);
      this.#context.requestRead(slot.entry);
    }
  }

  /** What the server holds of a cell has been read. */
  showRead(slot: CellSlot, print: string | undefined): void {
    slot.unsure = false;
    // What the server has dropped at its deadline stays away.
    if (slot.entry.expired) slot.shown = undefined;
    else if (setShown(slot, print) === "differs") this.#retries.add(slot);
    this.#context.keys.touch(slot);
  }

  /** True where the server holds what everything received says it should, everywhere. */
  get isSettled(): boolean {
    return this.framesInFlight === 0 && this.#retries.size === 0 && this.batchesInFlight === 0;
  }

  #slotOf(name: CellName): CellSlot {
    const { keys } = this.#context;
    return keys.slot(keys.entry(name.db, name.key), name.kind === "k" ? "s" : name.kind, name.field);
  }
}
