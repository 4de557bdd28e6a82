/**
 * One region's server as a state machine: bytes of its stream, records of the peers' logs, replies and time go in;
 * transactions to store, records to publish, scripts to run and acknowledgements come out, as one {@link Step} at a
 * time.
 *
 * No I/O, no timers, no globals. It reads committed state through a reader that it is given. After any failure of a
 * connection the shell discards it and makes a new one from the store: recovery is the only way to start.
 */
import { isShutOut } from "./forget/absence.js";
import { Capture } from "./capture/capture.js";
import { HybridClock } from "@meridian/clock";
import type { ForeignCommand } from "@meridian/commands";
import { CommandParser } from "@meridian/resp";
import { hlcMs, type Hlc, type Mutation, type VersionVector, type WriterId } from "@meridian/words";
import type { Mark } from "@meridian/mark";
import { Applier } from "./apply/applier.js";
import { ConflictLedger } from "./conflicts/conflict-ledger.js";
import { countRecord, zeroCounters, type RegionCounters } from "./counters.js";
import { NO_STEP, type Halt, type Hold, type StateWrite, type Step, type StreamPlace } from "./effects.js";
import { behindMark, lineageBroken, quarantined } from "./halts.js";
import { FirstImport } from "./read/first-import.js";
import { FloatEvents } from "./capture/float-events.js";
import { Evictions } from "./capture/evictions.js";
import { Inbox } from "./receive/inbox.js";
import { Lease } from "./apply/lease.js";
import { KeySpace } from "./keys/key-space.js";
import { ListWrites } from "./capture/list-writes.js";
import { LocalMessages } from "./capture/local-messages.js";
import { LocalStreams } from "./capture/local-streams.js";
import { LocalWrites, type LocalWritesContext } from "./capture/local-writes.js";
import { MessageRelay } from "./apply/message-relay.js";
import { OpenUnit } from "./capture/open-unit.js";
import { Outbox } from "./publish/outbox.js";
import { PolicyChange } from "./policies/policy-change.js";
import { PolicySwitch } from "./policies/policy-switch.js";
import { Reader } from "./read/reader.js";
import type { CellSlot, KeyEntry } from "./keys/key-entry.js";
import { pendingWork, type PendingWork } from "./pending-work.js";
import { REGION_LIMITS } from "./region-limits.js";
import type { RegionOptions } from "./region-options.js";
import { encodeState, firstUnused, readState, STATE_KEY, type RegionState } from "./region-state.js";
import { recover } from "./recovery.js";
import { followedLogs, Residency } from "./publish/residency.js";
import { Stability, type StabilityStatus } from "./forget/stability.js";
import { TransactionGate } from "./receive/undivided.js";
import { WriterTable } from "./keys/writer-table.js";

/** See the module's comment. */
export class Region {
  readonly counters: RegionCounters;
  /** Where it is to be told which writes are increments of floats; undefined: the register rule holds. */
  readonly floats: FloatEvents | undefined;
  /** Where it is to be told which deletions are evictions; undefined: none is. */
  readonly evictions: Evictions | undefined;
  /** Whose logs are to be read: of every other region, and of the groups that this one is a member of. */
  readonly followed: readonly WriterId[];
  readonly #options: RegionOptions;
  readonly #state: RegionState;
  readonly #writers: WriterTable;
  readonly #clock: HybridClock;
  readonly #stability: Stability;
  /** Which policies hold, and how they change. */
  readonly policies: PolicyChange;
  /** What a change of them does to the keys. */
  readonly switching: PolicySwitch;
  readonly #keys: KeySpace;
  readonly #outbox: Outbox;
  readonly #unit: OpenUnit;
  readonly #inbox: Inbox;
  readonly #writes: LocalWrites;
  readonly #applier: Applier;
  readonly #reader: Reader;
  readonly #import: FirstImport;
  readonly #conflicts: ConflictLedger;
  readonly #capture: Capture;
  readonly #parser: CommandParser;
  /** Everything received: the frontier, and what is pending. */
  readonly #received: VersionVector;
  #nowMs = 0;
  #unitOffset = 0;
  #unitDb = 0;
  readonly #lease = new Lease();
  #stateChanged = false;

  constructor(options: RegionOptions) {
    const { writer, peers, store, heartbeat, absentAfterMs, limits = REGION_LIMITS } = options;
    const state = readState(store);
    this.policies = new PolicyChange(options, { absence: () => this.#stability.absence, isImporting: () => this.#import.isRunning });
    const { live } = this.policies;
    const residency = Residency.of(live.running, writer, peers);
    this.followed = followedLogs(peers, residency);
    this.#options = options;
    const counters = (this.counters = options.counters ?? zeroCounters());
    this.#state = state;
    this.#writers = new WriterTable(state.writers);
    this.#clock = new HybridClock({ maxDriftMs: options.maxDriftMs, start: { bound: firstUnused(state) } });
    this.#stability = new Stability({ store, writer, peers, residency, heartbeat, absentAfterMs, limits }, {
      policy: this.policies, merged: () => this.#outbox.including(state.frontier),
      isSettled: () => this.#keys.isSettled, isRead: () => this.#reader.pending === 0 && !this.isImporting,
      received: () => this.#received, onFenced: (halt) => this.#halt(halt),
    });
    // Nothing is handed on by a spread: V8 gives each object that begins with one and goes on a shape of its own.
    const keys = (this.#keys = new KeySpace(store, this.#writers, options.cachedSlotsMax, this.#stability.graves, state.evicted));
    this.#received = state.frontier.clone();
    this.#outbox = new Outbox(writer, residency, state, live, limits);
    const gate = new TransactionGate(keys, counters);
    this.#unit = new OpenUnit(this.#outbox, counters, limits);
    const read = { writer, store, maxDriftMs: options.maxDriftMs, peers: this.followed, policies: this.policies, limits };
    this.#inbox = new Inbox(read, state.nextIn, (unit) => gate.lets(unit, this.#nowMs), this.#stability);
    const writerOf = residency ? (key: string): WriterId => residency.writerOf(key) : (): WriterId => writer;
    const onDiffers = (slot: CellSlot): void => this.#applier.retry(slot);
    const reads = this.#unit.noting({ blind: (entry) => this.#reader.blind(entry), wantFirst: (entry) => this.#reader.wantFirst(entry) });
    const [onBlind, nowMs] = [reads.blind, (): number => this.#nowMs];
    const onMeets: LocalWritesContext["onMeets"] = (slot, others) => this.#conflicts.merged(slot, others);
    const writes = new LocalWrites({ writerOf, keys, frontier: state.frontier, emit: (m) => this.#emit(m), nowMs, onDiffers, onMeets });
    const conflicts = new ConflictLedger(options, counters, nowMs, writerOf);
    [this.#writes, this.#conflicts] = [writes, conflicts];
    // Until everything is imported a key may hold what nobody knows. Later, what the stream did not say no client did.
    const mayHoldUnknown = (key: string): boolean => this.switching.mayHoldUnknown(key);
    const requestRead = (entry: KeyEntry): void => (mayHoldUnknown(entry.key) ? this.#reader.doubt(entry) : this.#reader.want(entry));
    const relay = options.messages && new MessageRelay(options.messages, counters, state.told, limits);
    const { messages: relayed, onVisible, lateEntriesToGroups: lateToGroups = true } = options;
    const applier = new Applier({
      writer, residency, keys, counters, conflicts, onVisible, received: this.#received, relay, limits, lateToGroups, requestRead,
    });
    const streams = new LocalStreams({ keys, writes, doubts: () => applier, reads, conflicts });
    const lists = new ListWrites({ keys, writes, onDiffers, onBlind });
    const beginCommand = (): void => void (writes.hlc = this.#clock.tick(this.#nowMs));
    this.evictions = options.evictions && new Evictions({
      keys, writes, counters, policies: live, residency, store, limits, retry: onDiffers, nowMs,
      isImporting: () => this.isImporting, capture: () => this.#capture, floats: () => this.floats,
    });
    const emit = (m: Mutation): void => this.#outbox.add(m);
    const messages = relayed && new LocalMessages({ options: relayed, counters, writes, beginCommand, emit });
    const reader = new Reader({
      keys, writes, streams, lists, applier, counters, policies: live, residency, beginCommand, nowMs, limits,
      onServerTime: (serverMs) => this.#stability.onServerTime(serverMs),
    });
    [this.#applier, this.#reader, this.#import] = [applier, reader, new FirstImport(state, limits)];
    this.switching = new PolicySwitch({ change: this.policies, store, keys, applier, reader, limits, importing: this.#import });
    this.#capture = new Capture({
      keys, writes, streams, lists, counters, policies: live, residency, messages, beginCommand, onBlind, unit: this.#unit, nowMs,
      onMark: (mark) => this.#onMark(mark), onRead: (read, serverMs) => reader.onRead(read, serverMs),
      isImporting: () => this.isImporting, isHalted: () => this.#state.halt !== undefined || this.#lease.isFenced,
      onOwnRemoval: (entry) => applier.removed(entry, writes, this.#nowMs),
      onEvicted: (db, key) => this.evictions?.evicted(db, key),
      onQuarantine: (command) => this.#quarantine(command),
      onUnitBegin: () => this.#unit.begin(this.#unitOffset, this.#unitDb), onUnitEnd: (offset) => this.#onUnitEnd(offset),
    }, state.db);
    this.floats = options.floats && new FloatEvents(options.floats, this.#capture, nowMs, limits);
    [this.#unitOffset, this.#unitDb] = [state.place?.offset ?? 0, state.db];
    this.#parser = new CommandParser((this.evictions?.events ?? this.floats ?? this.#capture).onCommand, this.#unitOffset);
    const [outbox, inbox, unit] = [this.#outbox, this.#inbox, this.#unit];
    outbox.again = recover({ store, writer, state, keys, outbox, inbox, applier, reader, relay, unit, mayHoldUnknown, requestRead });
  }

  /** Where capture continues; undefined: attach anew. */
  get place(): StreamPlace | undefined {
    return this.#state.place;
  }

  get halt(): Halt | undefined {
    return this.#state.halt;
  }

  get holds(): readonly Hold[] {
    return this.#inbox.holds;
  }

  /** What was merged here, as of what was captured. */
  get frontier(): VersionVector {
    return this.#state.frontier;
  }

  /** What waits to be forgotten, and for whom. */
  get stability(): StabilityStatus {
    return this.#stability.status;
  }

  get lastVersion(): Hlc {
    return this.#outbox.last;
  }

  get pending(): PendingWork {
    return pendingWork(this.#outbox, this.#applier, this.#reader, isShutOut(this.halt));
  }

  get capturedOffset(): number {
    return this.#unitOffset;
  }

  get durableOffset(): number {
    return this.#outbox.acknowledged;
  }

  /** True once the fence was seen in the stream: from then on the region applies. */
  get isReady(): boolean {
    return this.#lease.isReady;
  }

  get isImporting(): boolean {
    return this.#import.isRunning || this.policies.live.isJoining;
  }

  get epoch(): number {
    return this.#lease.epoch;
  }

  /** True once the fence of a newer agent was seen in the stream: what stands behind it is for that agent to capture. */
  get isFenced(): boolean {
    return this.#lease.isFenced;
  }

  /** How far versions run ahead of the clock, in ms. */
  aheadMs(nowMs: number): number {
    return this.#clock.aheadMs(nowMs);
  }

  /** The position after which a peer's log is to be read. */
  positionOf(writer: WriterId): string | undefined {
    return this.#state.positions.get(writer);
  }

  /** True where more of a writer's log may be handed in. */
  wants(writer: WriterId): boolean {
    return this.#inbox.wants(writer);
  }

  queuedBytes(writer: WriterId): number {
    return this.#inbox.queuedBytes(writer);
  }

  /** True where nothing is under way and nothing waits, as far as this region knows. */
  get isQuiet(): boolean {
    const isAllOut = this.#outbox.pendingRecords === 0 && !this.#outbox.hasFrames && this.evictions?.events.isHolding !== true;
    return isAllOut && this.#applier.isSettled && this.#inbox.isEmpty && this.#reader.pending === 0 && !this.isImporting;
  }

  /**
   * The server has been attached at `place`. `databases` are those that hold keys: on the first attach they are
   * imported. A place in another history than the one followed so far halts the region. `foreign`: commands of modules.
   */
  onAttached(place: StreamPlace, resumed: boolean, databases: readonly number[], foreign: readonly ForeignCommand[] = []): void {
    this.#capture.learn(foreign);
    const known = this.#state.place;
    if (known && !resumed) return this.#halt(lineageBroken(known));
    if (!known) {
      this.#import.begin(databases);
      this.#parser.reset(place.offset);
      this.#unitOffset = place.offset;
    }
    this.#state.place = { replicationId: place.replicationId, offset: this.#unitOffset };
    this.#stateChanged = true;
  }

  /** The fence was run: its mark will come in the stream, and only then is anything applied. */
  onFenced(epoch: number): void {
    this.#stateChanged = true;
    if (this.#lease.onFenced(epoch)) this.#begin();
  }

  /** Keys and members that the next step will commit. */
  get uncommitted(): number {
    return this.#keys.dirtyCount;
  }

  /** Bytes of the stream, in order. */
  onStream(chunk: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#state.halt) return;
    this.#parser.push(chunk);
  }

  /** A record of a peer's log, in its order. */
  onRecord(writer: WriterId, position: string, bytes: Buffer): void {
    this.counters.receivedRecords += 1;
    this.counters.receivedBytes += bytes.length;
    this.#inbox.push(writer, position, bytes);
  }

  /** Every record up to `seq` is durable in this region's log. */
  onPublished(seq: number): void {
    this.#outbox.published(seq);
  }

  /** A page of keys, for the first import. */
  onListed(db: number, cursor: string, keys: readonly string[]): void {
    this.#reader.doubtListed(db, keys);
    if (this.#import.listed(db, cursor)) this.#stateChanged = true;
    this.switching.listed();
  }

  /** What is to be done now, in the order in which it stands in the step. */
  flush(nowMs: number): Step {
    this.#nowMs = nowMs;
    this.evictions?.tick(nowMs);
    this.floats?.tick(nowMs);
    const writes: StateWrite[] = [];
    if (this.#state.halt || this.#capture.inTransaction) return this.#finish(writes, [], [], []);
    const early = this.#unit.isOpen && this.#lease.isReady ? this.#reader.issue(false) : []; // the unit may end with that
    if (this.#unit.isOpen) {
      const isEnded = this.#unit.settle(nowMs, this.#state.frontier);
      if (!isEnded) return { ...NO_STEP, publish: this.#outbox.takeAgain(), read: early };
      this.#writes.continues = false;
    }
    if (this.#lease.isReady) this.#stability.dig(this.#keys, writes, nowMs);
    const onTaken = (from: WriterId, position: string): void => this.#onTaken(from, position);
    const apply = this.#lease.isReady ? this.#applier.pump(nowMs, () => this.#inbox.next(this.#received, nowMs, writes, onTaken)) : [];
    const read = this.#lease.isReady ? [...early, ...this.#reader.issue(this.#stability.takeProbe())] : [];
    const list = this.#lease.isReady ? this.#import.next(this.#reader.pending) : [];
    return this.#finish(writes, apply, read, list);
  }

  #finish(writes: StateWrite[], apply: Step["apply"], read: Step["read"], list: Step["list"]): Step {
    if (isShutOut(this.halt)) return { ...NO_STEP, writes: this.#stateChanged ? [this.#stateWrite()] : [] };
    if (this.#capture.inTransaction) return { writes: [], publish: this.#outbox.takeAgain(), apply, read, list, acknowledge: undefined };
    const state = this.#state;
    this.#outbox.closeFrame(state.frontier);
    const moved = state.place !== undefined && this.#unitOffset !== state.place.offset;
    const from = state.place?.offset ?? 0;
    if (state.place && moved) state.place = { replicationId: state.place.replicationId, offset: this.#unitOffset };
    this.#keys.collect(writes, state.frontier);
    if (this.#lease.isReady && !state.halt) this.#stability.beat(this.#outbox, this.#nowMs);
    const publish = state.place ? this.#outbox.collect(writes, from, state.place) : [];
    this.#stability.collect(writes, this.#nowMs);
    this.#inbox.collect(writes);
    this.#conflicts.collect(writes, this.#nowMs);
    if (this.#lease.isReady && !state.halt && this.switching.run(writes, this.#nowMs)) this.#stateChanged = true;
    // Even where only a ping came: a server that restarts from its own snapshot goes on at its very last offset only.
    if (writes.length > 0 || this.#stateChanged || moved) writes.push(this.#stateWrite());
    for (const { record, mutations } of publish) countRecord(this.counters, record.length, mutations);
    const acknowledge = this.#outbox.acknowledge(this.#unitOffset);
    const again = this.#outbox.takeAgain();
    return { writes, publish: again.length > 0 ? [...again, ...publish] : publish, apply, read, list, acknowledge };
  }

  #stateWrite(): StateWrite {
    this.#outbox.note(this.#state);
    const state = this.#state;
    [state.db, state.nextIn, state.epoch, state.evicted] = [this.#unitDb, this.#inbox.nextSeq, this.#lease.epoch, this.#keys.evicted];
    [state.writers, state.policies] = [this.#writers.writers, this.policies.live.digest];
    this.#stateChanged = false;
    return { table: "state", key: STATE_KEY, value: encodeState(state) };
  }

  #onTaken(writer: WriterId, position: string): void {
    this.#state.positions.set(writer, position);
    this.#stateChanged = true;
  }

  #onUnitEnd(offset: number): void {
    this.#unitOffset = offset;
    this.#unitDb = this.#capture.db;
    if (!this.#unit.isOpen) this.#outbox.closeIfFull(this.#state.frontier);
    else this.#unit.settle(this.#nowMs, this.#state.frontier);
  }

  /** Our own mark: what it carries was visible to clients from here on. */
  #onMark(mark: Mark): void {
    const behind = behindMark(mark.vector, this.#received, this.#options.writer);
    if (behind) return this.#halt(behind);
    this.#reader.onNotes(mark.notes);
    this.#outbox.closeFrame(this.#state.frontier);
    this.#applier.settle(mark, this.#nowMs);
    for (const [writer, hlc] of mark.vector.entries()) {
      if (writer === this.#options.writer) continue;
      this.#state.frontier.raise(writer, hlc);
      // What is applied is applied, however far ahead: its drift was checked when it was taken.
      this.#clock.observe(hlc, Math.max(this.#nowMs, hlcMs(hlc)));
    }
    this.#stateChanged = true;
    if (mark.seq === 0 && this.#lease.onFence(mark.epoch)) this.#begin();
  }

  #emit(mutation: Mutation): boolean {
    const { live } = this.policies;
    if (live.isDraining && live.leaves(mutation.key)) return false;
    this.counters.mutations += 1;
    this.#outbox.add(mutation);
    if (live.table) this.#conflicts.written(mutation, live.table);
    return true;
  }

  #begin(): void {
    this.#applier.begin(this.#lease.epoch);
    this.#reader.begin(this.#lease.epoch);
  }

  /** Half a transaction does not leave, nor what waits for a read that would find nothing any more. */
  #quarantine(command: string): void {
    const began = this.#unit.abandon(this.#state.frontier);
    if (began) [this.#unitOffset, this.#unitDb] = [began.offset, began.db];
    this.#halt(quarantined(command));
  }

  #halt(halt: Halt): void {
    this.#state.halt ??= halt;
    this.#stateChanged = true;
  }
}
