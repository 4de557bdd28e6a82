/**
 * Records received from peers and not yet applied: one queue per writer, frames handed out in each writer's order.
 *
 * A frame waits while its versions are further ahead of our clock than allowed; a gap in a writer's versions holds that
 * writer, and only that one. Limit: the shell stops reading a writer's log at `QUEUE_BYTES_MAX`.
 */
import { decodeRecord, type Frame } from "@meridian/wire";
import { hlcMs, MeridianError, parseWriterId, VersionVector, type Hlc, type ReadonlyVector, type WriterId } from "@meridian/words";
import type { Hold, StateWrite } from "../effects.js";
import type { Heartbeat } from "../forget/heartbeat.js";
import { sequenceKey } from "../publish/outbox.js";
import type { RegionLimits } from "../region-limits.js";

const NOTHING_KNOWN = new VersionVector();

/** Bytes queued per writer beyond which no more should be read from its log. */
export const QUEUE_BYTES_MAX = 8 * 1024 * 1024;

interface QueuedRecord {
  readonly position: string;
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
  /** Names the table of policies that it was written under. */
  readonly policies: number;
  readonly policyVersion: number;
  /** The next frame to hand out. */
  at: number;
  /** Frames not yet settled. */
  left: number;
  /** The record's name in the store, once it stands there. */
  key: string | undefined;
}

interface Queue {
  readonly writer: WriterId;
  readonly records: QueuedRecord[];
  bytes: number;
  hold: Hold | undefined;
  /**
   * What is held was written under another table than this region's: it goes on reading, for it may have been fenced, and asks
   * again, for the writer may be.
   */
  isAhead: boolean;
}

/** Whether frames of one unit may be taken now; if not, they are asked about again the next time, and their writer waits. */
export type Suits = (frames: readonly Frame[]) => boolean;

/** Knows of regions that stay away. */
export interface PeerWatch {
  /** A peer's heartbeat, once everything before it in its log was received. It may come more than once. */
  hear(writer: WriterId, heartbeat: Heartbeat): void;
  /** Something came from the peer, or waits here to be taken. */
  arrived(writer: WriterId): void;
  /** Whether a frame that ends with `last` may be taken, has to wait, or is refused. */
  lets(writer: WriterId, last: Hlc): "take" | "wait" | Hold;
}

/** Knows which table of policies holds. */
export interface PolicyWatch {
  /** Whether a record may be taken that was written under a table, when its turn has come. `isNew`: something of it was never received. */
  lets(writer: WriterId, version: number, digest: number, isNew: boolean): "take" | "wait" | Hold;
}

/** A record was taken: reading goes on behind its position. */
export type OnTaken = (writer: WriterId, position: string) => void;

/** A frame whose turn it is. */
export interface NextFrame {
  readonly frame: Frame;
  /** To be called when the frame's mark was read. */
  readonly done: () => void;
}

/** What an inbox is told of its region. */
export interface InboxOptions {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  readonly maxDriftMs: number;
  readonly policies: PolicyWatch;
  readonly limits: RegionLimits;
}

/** See the module's comment. */
export class Inbox {
  readonly #queues = new Map<WriterId, Queue>();
  /** The same, in their order. */
  readonly #turns: readonly Queue[];
  readonly #own: WriterId;
  readonly #maxDriftMs: number;
  readonly #bytesMax: number;
  readonly #suits: Suits;
  readonly #policies: PolicyWatch;
  readonly #watch: PeerWatch | undefined;
  #finished: string[] = [];
  #turn = 0;
  nextSeq: number;

  constructor({ writer: own, peers, maxDriftMs, policies, limits }: InboxOptions, nextSeq: number, suits: Suits, watch?: PeerWatch) {
    this.#own = own;
    this.#suits = suits;
    this.#policies = policies;
    this.#watch = watch;
    for (const writer of peers) this.#queues.set(writer, { writer, records: [], bytes: 0, hold: undefined, isAhead: false });
    this.#turns = [...this.#queues.values()];
    this.#maxDriftMs = maxDriftMs;
    this.#bytesMax = limits.queueBytes;
    this.nextSeq = nextSeq;
  }

  /** Queues one record. Throws `BAD_RECORD`; then the writer is held. */
  push(writer: WriterId, position: string, bytes: Buffer): void {
    const queue = this.#queues.get(writer);
    if (!queue) throw new RangeError(`${writer} is not a peer`);
    try {
      const { frames, policies, policyVersion } = decodeRecord(bytes, writer);
      queue.records.push({ position, bytes, frames, policies, policyVersion, at: 0, left: frames.length, key: undefined });
      queue.bytes += bytes.length;
      if (queue.isAhead) this.#hearOfFence(writer, frames);
    } catch (error) {
      if (!(error instanceof MeridianError)) throw error;
      queue.hold = { writer, code: "BAD_RECORD", reason: `${error.message}; ${error.advice}` };
      queue.isAhead = false;
    }
  }

  /** True where more of a writer's log may be read. */
  wants(writer: WriterId): boolean {
    const queue = this.#queues.get(writer);
    return queue !== undefined && queue.bytes < this.#bytesMax && (queue.hold === undefined || queue.hold.code === "CLOCK_DRIFT" || queue.isAhead);
  }

  queuedBytes(writer: WriterId): number {
    return this.#queues.get(writer)?.bytes ?? 0;
  }

  get holds(): readonly Hold[] {
    return this.#turns.flatMap(({ hold }) => (hold ? [hold] : []));
  }

  get isEmpty(): boolean {
    return this.#turns.every(({ records }) => records.every((record) => record.at >= record.frames.length));
  }

  /**
   * The next frame of any writer, in turn, with those that must be applied together with it; none: nothing may be taken now. What
   * must be stored before they are applied is appended to `writes`.
   */
  next(received: ReadonlyVector, nowMs: number, writes: StateWrite[], onTaken: OnTaken): readonly NextFrame[] {
    const queues = this.#turns;
    for (let tried = 0; tried < queues.length; tried += 1) {
      const queue = queues[this.#turn % queues.length] as Queue;
      this.#turn = (this.#turn + 1) % queues.length;
      const next = this.#nextOf(queue, received, nowMs, writes, onTaken);
      if (next.length > 0) return next;
    }
    return NO_FRAMES;
  }

  #nextOf(queue: Queue, received: ReadonlyVector, nowMs: number, writes: StateWrite[], onTaken: OnTaken): readonly NextFrame[] {
    if (queue.hold || queue.records.length > 0) this.#watch?.arrived(queue.writer);
    if (queue.hold?.code === "CLOCK_DRIFT" || queue.isAhead) queue.hold = undefined;
    while (!queue.hold) {
      const record = queue.records[0];
      if (!record) return NO_FRAMES;
      if (record.at === 0 && !this.#isWritten(queue, record, received)) {
        this.#refuseRest(queue, received);
        return NO_FRAMES;
      }
      const frame = record.frames[record.at];
      if (!frame) {
        queue.records.shift();
        queue.bytes -= record.bytes.length;
        if (!record.key) onTaken(queue.writer, record.position);
        continue;
      }
      if (received.covers(queue.writer, frame.last)) {
        // A heartbeat has no version of its own: it comes when everything before it was received.
        if (frame.mutations === 0) this.#hear(queue.writer, frame);
        record.at += 1;
        this.#done(record);
        continue;
      }
      const may = this.#watch?.lets(queue.writer, frame.last) ?? "take";
      if (may === "wait") return NO_FRAMES;
      if (may !== "take") {
        this.#refuse(queue, may);
        return NO_FRAMES;
      }
      const unit = this.#unitAt(record, queue.writer);
      queue.hold = this.#obstacle(queue.writer, frame, unit.at(-1) ?? frame, received, nowMs);
      if (queue.hold || unit.length === 0 || !this.#suits(unit)) return NO_FRAMES;
      this.#store(record, queue.writer, writes, () => onTaken(queue.writer, record.position));
      record.at += unit.length;
      return unit.map((one) => ({ frame: one, done: () => this.#done(record) }));
    }
    return NO_FRAMES;
  }

  /** The frames from the next one on that are one unit; none: its rest has to wait. A fence may cut what its writer took for whole. */
  #unitAt(record: QueuedRecord, writer: WriterId): readonly Frame[] {
    const first = record.frames[record.at] as Frame;
    const unit = [first];
    for (let at = record.at + 1; record.frames[at]?.continues === true; at += 1) {
      const frame = record.frames[at] as Frame;
      const may = this.#watch?.lets(writer, frame.last) ?? "take";
      if (may === "wait") return NO_UNIT;
      if (may !== "take") break;
      unit.push(frame);
    }
    return unit;
  }

  /** What a fenced region wrote behind its cut is dropped, and nothing more of its log is read. */
  #refuse(queue: Queue, hold: Hold): void {
    queue.hold = hold;
    queue.isAhead = false;
    for (const record of queue.records.splice(0)) this.#dropRest(record);
    queue.bytes = 0;
  }

  /** Of a fenced region nothing is waited for where all is received that counts. */
  #refuseRest(queue: Queue, received: ReadonlyVector): void {
    const may = this.#watch?.lets(queue.writer, (received.get(queue.writer) + 1) as Hlc) ?? "take";
    if (!queue.hold && may !== "take" && may !== "wait") this.#refuse(queue, may);
  }

  #dropRest(record: QueuedRecord): void {
    for (; record.at < record.frames.length; record.at += 1) this.#done(record);
  }

  /** True where the record was written under a table that holds here, or has held. */
  #isWritten(queue: Queue, record: QueuedRecord, received: ReadonlyVector): boolean {
    const { policies, policyVersion, frames } = record;
    // That its writer has gone on would be taken for true of everything before it. What is missing is found with its first frame.
    if ((frames[0]?.previous ?? 0) > received.get(queue.writer)) return true;
    // What an earlier life had begun to take is not new.
    const isNew = record.key === undefined && frames.some(({ last }) => !received.covers(queue.writer, last));
    const may = this.#policies.lets(queue.writer, policyVersion, policies, isNew);
    const isHeld = may !== "take" && may !== "wait";
    if (isHeld) queue.hold = may;
    if (isHeld && !queue.isAhead) for (const one of queue.records) this.#hearOfFence(queue.writer, one.frames);
    queue.isAhead = isHeld;
    return may === "take";
  }

  /** The others may have gone on without this region, and have changed their policies since: then that is why it must stop. */
  #hearOfFence(writer: WriterId, frames: readonly Frame[]): void {
    for (const { absence } of frames) {
      if (!absence?.fenced.some((cut) => cut.writer === this.#own)) continue;
      const said = { round: 0, asked: [], answer: undefined, fenced: absence.fenced };
      this.#watch?.hear(writer, { known: NOTHING_KNOWN, settledMs: 0, absence: said });
    }
  }

  #hear(writer: WriterId, { context, settledMs, absence, policy }: Frame): void {
    this.#watch?.hear(writer, { known: context, settledMs, absence, policy });
  }

  #obstacle(writer: WriterId, frame: Frame, { last }: Frame, received: ReadonlyVector, nowMs: number): Hold | undefined {
    const have = received.get(writer);
    if (frame.previous !== have) {
      return {
        writer,
        code: frame.previous > have ? "RECORD_GAP" : "BAD_RECORD",
        reason: `the log of ${writer} continues after version ${frame.previous}, but this region has received it up to ${have}`,
      };
    }
    const aheadMs = hlcMs(last) - nowMs;
    if (aheadMs <= this.#maxDriftMs) return undefined;
    return { writer, code: "CLOCK_DRIFT", reason: `${writer} is ${aheadMs} ms ahead of this region's clock; ${this.#maxDriftMs} ms are allowed` };
  }

  #store(record: QueuedRecord, writer: WriterId, writes: StateWrite[], onTaken: () => void): void {
    if (record.key) return;
    record.key = receivedKey(this.nextSeq, writer);
    this.nextSeq += 1;
    writes.push({ table: "in", key: record.key, value: record.bytes });
    onTaken();
  }

  #done(record: QueuedRecord): void {
    record.left -= 1;
    if (record.left === 0 && record.key) this.#finished.push(record.key);
  }

  /**
   * A record of an earlier life: its frames that the frontier does not cover are handed out at once, as far as they may be taken,
   * and of those that it covers such as owe messages.
   */
  restore(key: string, bytes: Buffer, frontier: ReadonlyVector, owes: (frame: Frame) => boolean = () => false): readonly NextFrame[] {
    const writer = parseWriterId(key.slice(key.indexOf(" ") + 1));
    const copy = Buffer.from(bytes);
    const { frames, policies, policyVersion } = decodeRecord(copy, writer);
    const open = frames.filter((frame) => frame.mutations > 0 && (!frontier.covers(writer, frame.last) || owes(frame)));
    const record: QueuedRecord = { position: "", bytes: copy, frames: open, policies, policyVersion, at: 0, left: open.length, key };
    if (open.length === 0) this.#finished.push(key);
    const taken: NextFrame[] = [];
    for (let frame = open[0]; frame; frame = open[record.at]) {
      const may = (!frontier.covers(writer, frame.last) && this.#watch?.lets(writer, frame.last)) || "take";
      if (may === "wait") this.#enqueue(record, writer);
      else if (may !== "take") this.#dropRest(record);
      if (may !== "take") break;
      record.at += 1;
      taken.push({ frame, done: () => this.#done(record) });
    }
    return taken;
  }

  /** What an earlier life had begun and could not go on with. */
  #enqueue(record: QueuedRecord, writer: WriterId): void {
    const queue = this.#queues.get(writer);
    queue?.records.push(record);
    if (queue) queue.bytes += record.bytes.length;
  }

  get hasFinished(): boolean {
    return this.#finished.length > 0;
  }

  /** Forgets the records that are settled. */
  collect(writes: StateWrite[]): void {
    for (const key of this.#finished) writes.push({ table: "in", key, value: undefined });
    this.#finished = [];
  }
}

const NO_FRAMES: readonly NextFrame[] = [];
const NO_UNIT: readonly Frame[] = [];

/** The name of a received record in the store: sorts by arrival, says whose it is. */
function receivedKey(seq: number, writer: WriterId): string {
  return `${sequenceKey(seq)} ${writer}`;
}
