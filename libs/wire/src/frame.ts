/**
 * Frames: the unit of work from capture to apply. `FrameBuilder` collects captured mutations under one causal context;
 * `Frame` is what a peer receives. A frame is applied whole, and frontiers move by whole frames.
 */
import { crc32 } from "node:zlib";
import Long from "long";
import {
  HLC_ZERO,
  MeridianError,
  parseWriterId,
  VersionVector,
  type Hlc,
  type Mutation,
  type ReadonlyVector,
  type WriterId,
} from "@meridian/words";
import type { meridian } from "#gen/record.js";
import { absenceMessage, absenceOf, type AbsenceSaid } from "./absence.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { policyMessage, policyOf, type PolicySaid } from "./policy.js";
import { blankMutation, readRow, writeRow, type RowState } from "./row.js";
import { fromLong, toLong } from "./version-long.js";

/** The generated message of a frame. */
export type FrameMessage = meridian.v1.Frame.$Properties;

/** Collects the mutations of one frame. */
export class FrameBuilder {
  readonly #rows = new ByteWriter();
  readonly #writers: WriterId[] = [];
  readonly #state: RowState = { db: 0, hlc: HLC_ZERO };
  #first = HLC_ZERO;
  #mutations = 0;
  #single = true;
  #continues = false;

  get mutations(): number {
    return this.#mutations;
  }

  get bytes(): number {
    return this.#rows.length;
  }

  /** True where the first mutation goes on with the transaction of the frame before. */
  get continues(): boolean {
    return this.#continues;
  }

  /** Where the frame stands now, into `at`: what is added from here on may be cut off again ({@link cutFrame}). */
  note(at: FramePlace): void {
    at.mutations = this.#mutations;
    at.bytes = this.#rows.length;
    at.last = this.#state.hlc;
    at.single = this.#single;
  }

  /** Appends a mutation; versions never decrease within a frame. */
  add(mutation: Mutation): void {
    if (this.#mutations === 0) {
      this.#first = mutation.hlc;
      this.#state.hlc = mutation.hlc;
      this.#state.db = 0;
      this.#continues = mutation.continues;
    }
    writeRow(this.#rows, mutation, this.#state, this);
    this.#mutations += 1;
    if (mutation.continues) this.#single = false;
  }

  /** The index of a writer in the frame's table. */
  indexOf(writer: WriterId): number {
    const found = this.#writers.indexOf(writer);
    return found >= 0 ? found : this.#writers.push(writer) - 1;
  }

  /** The finished frame; the builder begins anew. `previous` is the writer's last version before this frame. */
  finish(previous: Hlc, context: ReadonlyVector): FrameMessage {
    for (const [writer] of context.entries()) this.indexOf(writer);
    const rows = this.#rows.take();
    const frame: FrameMessage = {
      previous: toLong(previous),
      first: toLong(this.#first),
      last: toLong(this.#state.hlc),
      mutations: this.#mutations,
      writers: [...this.#writers],
      context: this.#writers.map((writer) => toLong(context.get(writer))),
      rows,
      checksum: crc32(rows),
      single: this.#single,
    };
    this.#single = true;
    this.#continues = false;
    this.#writers.length = 0;
    this.#mutations = 0;
    return frame;
  }
}

/** A place within a frame that is being built. */
export interface FramePlace {
  mutations: number;
  bytes: number;
  last: Hlc;
  single: boolean;
}

/** A finished frame up to a place that was noted while it was built. At least one mutation must stand before that. */
export function cutFrame(message: FrameMessage, { mutations, bytes, last, single }: FramePlace): FrameMessage {
  const rows = (message.rows ?? NO_ROWS).subarray(0, bytes);
  return { ...message, last: toLong(last), mutations, rows, checksum: crc32(rows), single };
}

/**
 * A frame without mutations, and so without a version of its own: it says how far its writer's region is. `last` is the
 * writer's last version before it.
 */
export function heartbeatFrame(
  last: Hlc,
  known: ReadonlyVector,
  settledMs: number,
  absence?: AbsenceSaid,
  policy?: PolicySaid,
): FrameMessage {
  const entries = known.entries();
  const at = toLong(last);
  const message: FrameMessage = {
    previous: at,
    first: at,
    last: at,
    mutations: 0,
    writers: entries.map(([writer]) => writer),
    context: entries.map(([, hlc]) => toLong(hlc)),
    rows: NO_ROWS,
    checksum: crc32(NO_ROWS),
    settledMs: Long.fromNumber(settledMs, true),
  };
  if (absence) message.absence = absenceMessage(absence);
  if (policy) message.policy = policyMessage(policy);
  return message;
}

const NO_ROWS = Buffer.alloc(0);

/** A received frame. */
export class Frame {
  readonly writer: WriterId;
  readonly previous: Hlc;
  readonly first: Hlc;
  readonly last: Hlc;
  readonly mutations: number;
  readonly context: ReadonlyVector;
  /** True only where no mutation belongs to the same transaction as another. */
  readonly single: boolean;
  /** Of a heartbeat ({@link heartbeatFrame}), ms since 1970; otherwise 0. */
  readonly settledMs: number;
  /** Of a heartbeat: what it says of regions that stay away. */
  readonly absence: AbsenceSaid | undefined;
  /** Of a heartbeat: what it says of changes of the policies. */
  readonly policy: PolicySaid | undefined;
  readonly #rows: Buffer;
  readonly #writers: readonly WriterId[];

  /** Checks and wraps a decoded message. Throws `BAD_RECORD`. */
  constructor(writer: WriterId, message: FrameMessage) {
    this.writer = writer;
    this.previous = fromLong(message.previous);
    this.first = fromLong(message.first);
    this.last = fromLong(message.last);
    this.mutations = message.mutations ?? 0;
    this.single = message.single ?? false;
    this.settledMs = message.settledMs?.toNumber() ?? 0;
    this.absence = message.absence ? absenceOf(message.absence) : undefined;
    this.policy = message.policy ? policyOf(message.policy) : undefined;
    const writers = (this.#writers = (message.writers ?? []).map(parseWriterId));
    const rows = message.rows ?? NO_ROWS;
    this.#rows = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
    const context = new VersionVector();
    for (let at = 0; at < writers.length; at += 1) context.raise(writers[at] as WriterId, fromLong(message.context?.[at]));
    this.context = context;
    if (crc32(this.#rows) !== message.checksum) {
      throw new MeridianError("BAD_RECORD", `a frame of ${writer} has a wrong checksum`, {
        advice: "the log holds damaged bytes; restore it, or rehydrate this region from a peer",
      });
    }
  }

  get bytes(): number {
    return this.#rows.length;
  }

  /** True where the frame goes on with the transaction of the one before it in its record: they are to be applied together. */
  get continues(): boolean {
    if (this.single || this.mutations === 0) return false;
    const first = blankMutation();
    readRow(new ByteReader(this.#rows), first, { db: 0, hlc: this.first }, this.#writers);
    return first.continues;
  }

  /** Calls back for every mutation in order. The object is re-used. */
  forEach(visit: (mutation: Mutation, index: number) => void): void {
    const reader = new ByteReader(this.#rows);
    const mutation = blankMutation();
    const state: RowState = { db: 0, hlc: this.first };
    for (let index = 0; index < this.mutations; index += 1) {
      readRow(reader, mutation, state, this.#writers);
      visit(mutation, index);
    }
  }
}
