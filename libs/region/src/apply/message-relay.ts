/**
 * Messages that peers' clients have published, on their way to this server's subscribers.
 *
 * A message waits until its frame was settled, and until no cell that its writer's frames touched is still left out: so who hears
 * it finds every write that stands before it in its region. Then it goes with a batch, whose mark says of each writer up to where
 * its messages are told: what a mark has said is never told again, what none has said comes again after a restart, because records stay
 * in the store until then. Per writer messages keep their order.
 *
 * Limits: a message waits `PATIENCE_MS` for cells that clients keep racing for, then it goes without and is counted; one older than
 * the region's limit is dropped and counted; at `WAITING_BYTES_MAX` no more frames are taken; `BATCH_MESSAGES` go with one batch.
 */
import type { ApplyBatch, Mark } from "@meridian/mark";
import type { Frame } from "@meridian/wire";
import { hlcMs, MutationKind, VersionVector, type Hlc, type Mutation, type WriterId } from "@meridian/words";
import { noteSilenced, type RegionCounters } from "../counters.js";
import type { RegionLimits } from "../region-limits.js";
import type { CellSlot } from "../keys/key-entry.js";
import { isOpen } from "../start-lists.js";
import type { MessageOptions } from "../capture/local-messages.js";

/** How long a message waits for cells that are left out, in ms. */
export const PATIENCE_MS = 2000;
/** Bytes of messages received and not published beyond which no more frames are taken. */
export const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** Messages after which a batch is full. */
export const BATCH_MESSAGES = 256;
/** Bytes of messages after which a batch is full. */
export const BATCH_MESSAGE_BYTES = 256 * 1024;

/** A message of a frame that was taken. */
export interface ReceivedMessage {
  readonly hlc: Hlc;
  readonly channel: string;
  readonly bytes: Buffer;
}

interface Waiting extends ReceivedMessage {
  /** Since when it waits for nothing but cells; undefined: nobody has asked yet. */
  sinceMs: number | undefined;
  /** Cells that its writer wrote before and that are left out. */
  readonly cells: Set<CellSlot>;
  /** The frame that it ends is of no use any more. */
  readonly done: (() => void) | undefined;
}

interface Queue {
  readonly waiting: Waiting[];
  /** Of these, how many are on their way to the server. */
  issued: number;
  /** Cells of the writer's frames that marks left out. */
  readonly left: Set<CellSlot>;
}

/** What a batch is to tell. */
export interface DueMessages {
  readonly messages: readonly ReceivedMessage[];
  /** Per writer the last of them. */
  readonly upTo: VersionVector;
}

/** A frame whose changes were merged. */
export interface SettledFrame {
  readonly writer: WriterId;
  readonly slots: readonly CellSlot[];
  readonly messages: readonly ReceivedMessage[];
  readonly done: () => void;
}

/** See the module's comment. */
export class MessageRelay {
  readonly #options: MessageOptions;
  readonly #counters: RegionCounters;
  readonly #limits: RegionLimits;
  /** What was told, per writer; kept with the region's state. */
  readonly #told: VersionVector;
  readonly #queues = new Map<WriterId, Queue>();
  /** Cells that an earlier life left open: whose frames they come from is not known any more. */
  readonly #inherited = new Set<CellSlot>();
  #bytes = 0;

  constructor(options: MessageOptions, counters: RegionCounters, told: VersionVector, limits: RegionLimits) {
    this.#limits = limits;
    this.#options = options;
    this.#counters = counters;
    this.#told = told;
    counters.messages.waiting = 0;
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#limits.messageBytes;
  }

  /** True where nothing waits. */
  get isEmpty(): boolean {
    return this.#counters.messages.waiting === 0;
  }

  /** A message of a frame, if it is for this region and was not told; otherwise undefined. */
  received(m: Mutation, writer: WriterId): ReceivedMessage | undefined {
    if (this.#told.covers(writer, m.hlc)) return undefined;
    if (!this.#options.channels.includes(m.key)) {
      this.#counters.messages.unwanted += 1;
      return undefined;
    }
    return { hlc: m.hlc, channel: m.key, bytes: m.bytes.subarray(m.valueStart, m.valueEnd) };
  }

  /** True where a frame that was merged in an earlier life has messages that may not have been told. */
  owes(frame: Frame): boolean {
    let owes = false;
    frame.forEach((m) => {
      owes ||= m.kind === MutationKind.Message && !this.#told.covers(frame.writer, m.hlc) && this.#options.channels.includes(m.key);
    });
    return owes;
  }

  /** Takes up such a frame. */
  retake(frame: Frame, done: () => void): void {
    const messages: ReceivedMessage[] = [];
    frame.forEach((m) => {
      const message = m.kind === MutationKind.Message ? this.received(m, frame.writer) : undefined;
      if (message) messages.push(message);
    });
    this.settled({ writer: frame.writer, slots: [], messages, done }, undefined);
  }

  /** A cell that an earlier life left open. */
  inherit(slot: CellSlot): void {
    this.#inherited.add(slot);
  }

  /** This life may apply from here on. */
  begin(): void {
    for (const { waiting } of this.#queues.values()) for (const { cells } of waiting) this.#addInherited(cells);
  }

  #addInherited(cells: Set<CellSlot>): Set<CellSlot> {
    for (const slot of this.#inherited) {
      if (isOpen(slot)) cells.add(slot);
      else this.#inherited.delete(slot);
    }
    return cells;
  }

  /** The mark of a frame was read: what of it was left out holds its messages back. */
  settled({ writer, slots, messages, done }: SettledFrame, nowMs: number | undefined): void {
    const queue = this.#queueOf(writer);
    for (const slot of slots) if (isOpen(slot)) queue.left.add(slot);
    if (messages.length === 0) done();
    for (const slot of queue.left) if (!isOpen(slot)) queue.left.delete(slot);
    for (const [at, message] of messages.entries()) {
      const isLast = at === messages.length - 1;
      queue.waiting.push({ ...message, sinceMs: nowMs, cells: this.#addInherited(new Set(queue.left)), done: isLast ? done : undefined });
      this.#bytes += message.bytes.length;
      this.#counters.messages.waiting += 1;
    }
  }

  /** What may be told now. What is too old is dropped here, at the last moment. */
  due(nowMs: number): DueMessages | undefined {
    if (this.isEmpty) return undefined;
    const messages: Waiting[] = [];
    const upTo = new VersionVector();
    const { batchMessages, batchMessageBytes } = this.#limits;
    let bytes = 0;
    for (const [writer, queue] of this.#queues) {
      for (let next = queue.waiting[queue.issued]; next; next = queue.waiting[queue.issued]) {
        if (messages.length >= batchMessages || bytes >= batchMessageBytes) break;
        if (nowMs - hlcMs(next.hlc) > this.#options.ageMsMax) {
          if (queue.issued > 0) break;
          this.#counters.messages.expired += 1;
          this.#drop(writer, queue, next.hlc);
          continue;
        }
        if (!this.#isFree(next, nowMs)) break;
        messages.push(next);
        upTo.raise(writer, next.hlc);
        bytes += next.bytes.length;
        queue.issued += 1;
      }
    }
    return messages.length === 0 ? undefined : { messages, upTo };
  }

  #isFree(message: Waiting, nowMs: number): boolean {
    const { cells } = message;
    for (const slot of cells) if (!isOpen(slot)) cells.delete(slot);
    if (cells.size === 0) return true;
    message.sinceMs ??= nowMs;
    if (nowMs - message.sinceMs <= PATIENCE_MS) return false;
    this.#counters.messages.early += 1;
    return true;
  }

  /** A mark was read: what it says to be told is told. */
  onMark({ told, silenced }: Mark): void {
    for (const [writer, hlc] of told?.entries() ?? []) {
      const queue = this.#queues.get(writer);
      if (queue) this.#counters.messages.delivered += this.#drop(writer, queue, hlc);
      this.#told.raise(writer, hlc);
    }
    for (const { channel, reason } of silenced) {
      noteSilenced(this.#counters, channel, reason);
      this.#counters.messages.delivered -= 1;
    }
  }

  /** Forgets a writer's messages up to a version; says how many. */
  #drop(writer: WriterId, queue: Queue, upTo: Hlc): number {
    this.#told.raise(writer, upTo);
    let count = 0;
    while (queue.waiting[count] && (queue.waiting[count] as Waiting).hlc <= upTo) count += 1;
    for (const { bytes, done } of queue.waiting.splice(0, count)) {
      this.#bytes -= bytes.length;
      done?.();
    }
    queue.issued = Math.max(0, queue.issued - count);
    this.#counters.messages.waiting -= count;
    return count;
  }

  #queueOf(writer: WriterId): Queue {
    let queue = this.#queues.get(writer);
    if (!queue) {
      queue = { waiting: [], issued: 0, left: new Set() };
      this.#queues.set(writer, queue);
    }
    return queue;
  }
}

/** Adds messages to a batch, behind everything else of it. */
export function tell(batch: ApplyBatch, { messages }: DueMessages): void {
  for (const { channel, bytes } of messages) batch.publish(channel, bytes);
}
