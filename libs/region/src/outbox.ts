/**
 * What this region has captured and not yet seen durable in its log: frames being built, records waiting.
 *
 * Limits: a frame closes at `FRAME_MUTATIONS` or `FRAME_BYTES` (a transaction is never split), a record at
 * `RECORD_BYTES`. The records waiting are in the store; the shell pauses capture at its own limit.
 */
import { encodeRecord, FrameBuilder, heartbeatFrame, type FrameMessage } from "@meridian/wire";
import type { Hlc, Mutation, ReadonlyVector, VersionVector, WriterId } from "@meridian/words";
import type { Publication, StateWrite, StreamPlace } from "./effects.js";
import type { Heartbeat } from "./heartbeat.js";

/** Mutations after which a frame is closed: peers apply a frame as one script. */
export const FRAME_MUTATIONS = 256;
/** Bytes of rows after which a frame is closed. */
export const FRAME_BYTES = 128 * 1024;
/** Bytes of frames after which a record is closed. */
export const RECORD_BYTES = 512 * 1024;
/** What a heartbeat counts for, about. */
const HEARTBEAT_BYTES = 128;

interface ClosedFrame {
  readonly message: FrameMessage;
  readonly bytes: number;
}

interface Waiting {
  readonly seq: number;
  /** The stream offset before the record: so far may be acknowledged while the record waits. */
  readonly from: number;
  readonly bytes: number;
}

/** See the module's comment. */
export class Outbox {
  readonly #writer: WriterId;
  readonly #policies: number;
  readonly #builder = new FrameBuilder();
  readonly #waiting: Waiting[] = [];
  #frames: ClosedFrame[] = [];
  #done: string[] = [];
  #previous: Hlc;
  #last: Hlc;
  /** No record before this one holds the last heartbeat. */
  #beatSeq = 0;
  nextSeq: number;
  pendingBytes = 0;
  /** Records that an earlier life left, not handed out yet. */
  again: readonly Publication[] = [];
  /** What was said last to the server: an offset of its stream. */
  acknowledged = 0;

  constructor(writer: WriterId, last: Hlc, nextSeq: number, policies = 0) {
    this.#policies = policies;
    this.#writer = writer;
    this.#previous = last;
    this.#last = last;
    this.nextSeq = nextSeq;
  }

  get pendingRecords(): number {
    return this.#waiting.length;
  }

  /** The last version that stands in a frame. */
  get last(): Hlc {
    return this.#last;
  }

  /** A frontier together with everything captured here: all that is merged in this region. */
  including(frontier: VersionVector): VersionVector {
    const vector = frontier.clone();
    vector.raise(this.#writer, this.#last);
    return vector;
  }

  get hasFrames(): boolean {
    return this.#frames.length > 0 || this.#builder.mutations > 0;
  }

  add(mutation: Mutation): void {
    this.#builder.add(mutation);
    this.#last = mutation.hlc;
  }

  /** Called between transactions. */
  closeIfFull(context: ReadonlyVector): void {
    if (this.#builder.mutations >= FRAME_MUTATIONS || this.#builder.bytes >= FRAME_BYTES) this.closeFrame(context);
  }

  /** Ends the frame at hand, because the context is about to change or because it is to be published. */
  closeFrame(context: ReadonlyVector): void {
    if (this.#builder.mutations === 0) return;
    const bytes = this.#builder.bytes;
    this.#frames.push({ message: this.#builder.finish(this.#previous, context), bytes });
    this.#previous = this.#last;
  }

  /** Says behind everything captured so far how far this region is. One at a time waits for the log. */
  beat({ known, settledMs, absence }: Heartbeat): void {
    const message = heartbeatFrame(this.#last, known, settledMs, absence);
    this.#frames.push({ message, bytes: HEARTBEAT_BYTES });
    this.#beatSeq = this.nextSeq;
  }

  /** True while the last heartbeat is not durable in the log. */
  get isBeating(): boolean {
    const oldest = this.#waiting[0];
    return oldest !== undefined && oldest.seq <= this.#beatSeq;
  }

  /** Makes records of all closed frames, to be stored and published. */
  collect(writes: StateWrite[], from: number, place: StreamPlace): Publication[] {
    const publications: Publication[] = [];
    let at = 0;
    while (at < this.#frames.length) {
      const messages: FrameMessage[] = [];
      let bytes = 0;
      let mutations = 0;
      for (; at < this.#frames.length && (bytes === 0 || bytes < RECORD_BYTES); at += 1) {
        const frame = this.#frames[at] as ClosedFrame;
        messages.push(frame.message);
        bytes += frame.bytes;
        mutations += frame.message.mutations ?? 0;
      }
      publications.push(this.#record(writes, messages, mutations, from, place));
    }
    this.#frames = [];
    for (const key of this.#done) writes.push({ table: "out", key, value: undefined });
    this.#done = [];
    return publications;
  }

  #record(writes: StateWrite[], messages: FrameMessage[], mutations: number, from: number, place: StreamPlace): Publication {
    const span = { replicationId: place.replicationId, firstOffset: from, lastOffset: place.offset };
    const record = encodeRecord(this.#writer, span, messages, this.#policies);
    const seq = this.nextSeq;
    this.nextSeq += 1;
    writes.push({ table: "out", key: sequenceKey(seq), value: record });
    this.waitFor(seq, from, record.length);
    return { seq, record, mutations };
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
