/**
 * What this region has captured and not yet seen durable in its log: frames being built, records waiting. What only some regions
 * get goes to a log of its own (residency.ts); all records are numbered together.
 *
 * Limits: a frame closes at `FRAME_MUTATIONS` or `FRAME_BYTES` (a transaction is never split), a record at
 * `RECORD_BYTES` (frames of one unit stand in one record). The records waiting are in the store; the shell pauses capture at its
 * own limit.
 */
import { encodeRecord, heartbeatFrame, type FrameMessage } from "@meridian/wire";
import { HLC_ZERO, MutationKind, type Hlc, type Mutation, type ReadonlyVector, type VersionVector, type WriterId } from "@meridian/words";
import type { Publication, StateWrite, StreamPlace } from "../effects.js";
import type { Heartbeat } from "../forget/heartbeat.js";
import { Lane, type ClosedFrame } from "./lane.js";
import type { RegionLimits } from "../region-limits.js";
import type { RegionState } from "../region-state.js";
import { within, type Residency } from "./residency.js";

/** Mutations after which a frame is closed: peers apply a frame as one script. */
export const FRAME_MUTATIONS = 256;
/** Bytes of rows after which a frame is closed. */
export const FRAME_BYTES = 128 * 1024;
/** Bytes of frames after which a record is closed. */
export const RECORD_BYTES = 512 * 1024;
/** What a heartbeat counts for, about. */
const HEARTBEAT_BYTES = 128;

/** Names the table of policies under which everything that is not in a record yet was captured. */
export interface PolicyStamp {
  readonly digest: number;
  readonly version: number;
}

interface Waiting {
  readonly seq: number;
  /** The stream offset before the record: so far may be acknowledged while the record waits. */
  readonly from: number;
  readonly bytes: number;
}

/** What an outbox keeps from life to life beside its records. */
export type OutboxState = Pick<RegionState, "last" | "lasts" | "nextOut">;

/** See the module's comment. */
export class Outbox {
  readonly #policies: PolicyStamp;
  readonly #main: Lane;
  /** Undefined: there is one log. */
  readonly #residency: Residency | undefined;
  /** The main one first. */
  readonly #lanes: readonly Lane[];
  readonly #laneOf: ReadonlyMap<string, Lane>;
  readonly #limits: RegionLimits;
  readonly #waiting: Waiting[] = [];
  #done: string[] = [];
  /** No record behind this one holds the last heartbeat. */
  #beatSeq = 0;
  #hasBeat = false;
  nextSeq: number;
  pendingBytes = 0;
  /** Records that an earlier life left, not handed out yet. */
  again: readonly Publication[] = [];
  /** What was said last to the server: an offset of its stream. */
  acknowledged = 0;

  constructor(writer: WriterId, residency: Residency | undefined, state: OutboxState, policies: PolicyStamp, limits: RegionLimits) {
    this.#limits = limits;
    this.#policies = policies;
    this.#residency = residency;
    this.#main = new Lane(writer, state.last);
    const lasts = new Map(state.lasts);
    this.#lanes = [this.#main, ...(residency?.groups ?? []).map((circle) => new Lane(circle.writer, lasts.get(circle.writer) ?? HLC_ZERO))];
    this.#laneOf = new Map(this.#lanes.map((lane) => [lane.group, lane]));
    this.nextSeq = state.nextOut;
  }

  /** Writes down what the next life begins with. */
  note(state: OutboxState): void {
    state.last = this.last;
    state.lasts = this.#lanes.slice(1).map((lane) => [lane.writer, lane.last] as const);
    state.nextOut = this.nextSeq;
  }

  get pendingRecords(): number {
    return this.#waiting.length;
  }

  /** The last version that stands in a frame for every region. */
  get last(): Hlc {
    return this.#main.last;
  }

  /** A frontier together with everything captured here: all that is merged in this region. */
  including(frontier: VersionVector): VersionVector {
    const vector = frontier.clone();
    for (const { writer, last } of this.#lanes) vector.raise(writer, last);
    return vector;
  }

  get hasFrames(): boolean {
    return this.#lanes.some(({ frames, builder }) => frames.length > 0 || builder.mutations > 0);
  }

  add(mutation: Mutation): void {
    const lane = this.#residency === undefined ? this.#main : this.#laneFor(mutation, this.#residency);
    lane.builder.add(mutation);
    lane.last = mutation.hlc;
  }

  /** What a client did as one goes to each log as one. */
  #laneFor(mutation: Mutation, residency: Residency): Lane {
    // A channel is no key.
    const lane = mutation.kind === MutationKind.Message ? this.#main : this.#laneOf.get(residency.groupOf(mutation.key));
    if (!lane) throw new RangeError(`${mutation.key} resides in other regions`);
    if (!mutation.continues) for (const each of this.#lanes) each.isBegun = false;
    mutation.continues = lane.isBegun;
    lane.isBegun = true;
    return lane;
  }

  /** A transaction begins here, which {@link drop} takes back. Nothing is handed out until it has ended. */
  begin(): void {
    for (const lane of this.#lanes) lane.begin();
  }

  /** Mutations since {@link begin}. */
  get rowsSince(): number {
    return this.#lanes.reduce((sum, { rowsSince }) => sum + rowsSince, 0);
  }

  /** Bytes of rows since {@link begin}. */
  get bytesSince(): number {
    return this.#lanes.reduce((sum, { bytesSince }) => sum + bytesSince, 0);
  }

  /** Takes back what was added since {@link begin}. */
  drop(context: ReadonlyVector): void {
    for (const lane of this.#lanes) lane.drop(this.#seenIn(lane, context));
  }

  /** Called between transactions. */
  closeIfFull(context: ReadonlyVector): void {
    const { frameMutations, frameBytes } = this.#limits;
    for (const lane of this.#lanes) {
      if (lane.builder.mutations >= frameMutations || lane.builder.bytes >= frameBytes) lane.closeFrame(this.#seenIn(lane, context));
    }
  }

  /** Ends the frames at hand, because the context is about to change or because they are to be published. */
  closeFrame(context: ReadonlyVector): void {
    for (const lane of this.#lanes) if (lane.builder.mutations > 0) lane.closeFrame(this.#seenIn(lane, context));
  }

  /** Of other groups' writers nothing is said. */
  #seenIn({ group }: Lane, context: ReadonlyVector): ReadonlyVector {
    return this.#residency === undefined ? context : within(context, group);
  }

  /** Says behind everything captured so far how far this region is, in each log. One at a time waits for the logs. */
  beat({ known, settledMs, absence, policy }: Heartbeat): void {
    for (const lane of this.#lanes) {
      const isMain = lane === this.#main;
      const seen = this.#seenIn(lane, known);
      const message = isMain ? heartbeatFrame(lane.last, seen, settledMs, absence, policy) : heartbeatFrame(lane.last, seen, settledMs);
      lane.frames.push({ message, bytes: HEARTBEAT_BYTES, continues: false });
    }
    this.#hasBeat = true;
  }

  /** True while the last heartbeat is not durable in the log. */
  get isBeating(): boolean {
    const oldest = this.#waiting[0];
    return this.#hasBeat || (oldest !== undefined && oldest.seq <= this.#beatSeq);
  }

  /** Makes records of all closed frames, to be stored and published. */
  collect(writes: StateWrite[], from: number, place: StreamPlace): Publication[] {
    const publications: Publication[] = [];
    for (const lane of this.#lanes) if (lane.frames.length > 0) this.#collectLane(lane, publications, writes, from, place);
    if (this.#hasBeat) {
      this.#hasBeat = false;
      this.#beatSeq = this.nextSeq - 1;
    }
    for (const key of this.#done) writes.push({ table: "out", key, value: undefined });
    this.#done = [];
    return publications;
  }

  #collectLane(lane: Lane, publications: Publication[], writes: StateWrite[], from: number, place: StreamPlace): void {
    const { frames } = lane;
    const { recordBytes } = this.#limits;
    let at = 0;
    while (at < frames.length) {
      const messages: FrameMessage[] = [];
      let bytes = 0;
      let mutations = 0;
      for (; at < frames.length; at += 1) {
        const frame = frames[at] as ClosedFrame;
        if (bytes >= recordBytes && !frame.continues) break;
        messages.push(frame.message);
        bytes += frame.bytes;
        mutations += frame.message.mutations ?? 0;
      }
      publications.push(this.#record(lane.writer, writes, messages, mutations, from, place));
    }
    lane.frames = [];
  }

  #record(
    writer: WriterId,
    writes: StateWrite[],
    messages: FrameMessage[],
    mutations: number,
    from: number,
    place: StreamPlace,
  ): Publication {
    const span = { replicationId: place.replicationId, firstOffset: from, lastOffset: place.offset };
    const record = encodeRecord(writer, span, messages, this.#policies.digest, this.#policies.version);
    const seq = this.nextSeq;
    this.nextSeq += 1;
    writes.push({ table: "out", key: sequenceKey(seq), value: record });
    this.waitFor(seq, from, record.length);
    return { seq, writer, record, mutations };
  }

  /** A record waits to be durable in the log. */
  waitFor(seq: number, from: number, bytes: number): void {
    this.#waiting.push({ seq, from, bytes });
    this.pendingBytes += bytes;
  }

  /** Everything up to `seq` is durable in the log. */
  published(seq: number): void {
    while (this.#waiting[0] && this.#waiting[0].seq <= seq) {
      const done = this.#waiting.shift() as Waiting;
      this.pendingBytes -= done.bytes;
      this.#done.push(sequenceKey(done.seq));
    }
  }

  get hasDone(): boolean {
    return this.#done.length > 0;
  }

  /** Up to where the stream may be acknowledged now, given what is committed; undefined: nothing new. */
  acknowledge(committed: number): number | undefined {
    const durable = Math.min(committed, this.#waiting[0]?.from ?? committed);
    if (durable <= this.acknowledged) return undefined;
    this.acknowledged = durable;
    return durable;
  }

  /** What is to be published again, once. */
  takeAgain(): readonly Publication[] {
    const again = this.again;
    this.again = [];
    return again;
  }
}

/** A sequence number as a store key that sorts by number. */
export function sequenceKey(seq: number): string {
  return seq.toString().padStart(16, "0");
}
