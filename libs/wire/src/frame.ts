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

  get mutations(): number {
    return this.#mutations;
  }

  get bytes(): number {
    return this.#rows.length;
  }

  /** Appends a mutation; versions never decrease within a frame. */
  add(mutation: Mutation): void {
    if (this.#mutations === 0) {
      this.#first = mutation.hlc;
      this.#state.hlc = mutation.hlc;
      this.#state.db = 0;
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
    this.#writers.length = 0;
    this.#mutations = 0;
    return frame;
  }
}

/**
 * A frame without mutations, and so without a version of its own: it says how far its writer's region is. `last` is the
 * writer's last version before it.
 */
export function heartbeatFrame(last: Hlc, known: ReadonlyVector, settledMs: number, absence?: AbsenceSaid): FrameMessage {
  const entries = [...known.entries()];
  const at = toLong(last);
  return {
    previous: at,
    first: at,
    last: at,
    mutations: 0,
    writers: entries.map(([writer]) => writer),
    context: entries.map(([, hlc]) => toLong(hlc)),
    rows: NO_ROWS,
    checksum: crc32(NO_ROWS),
    settledMs: Long.fromNumber(settledMs, true),
    ...(absence && { absence: absenceMessage(absence) }),
  };
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
    this.settledMs = Number(message.settledMs ?? 0);
    this.absence = message.absence ? absenceOf(message.absence) : undefined;
    this.#writers = (message.writers ?? []).map(parseWriterId);
    const rows = message.rows ?? Buffer.alloc(0);
    this.#rows = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
    const context = message.context ?? [];
    this.context = new VersionVector(
      this.#writers.map((id, at) => [id, fromLong(context[at])] as const).filter(([, hlc]) => hlc > 0),
    );
    if (crc32(this.#rows) !== message.checksum) {
      throw new MeridianError("BAD_RECORD", `a frame of ${writer} has a wrong checksum`, {
        advice: "the log holds damaged bytes; restore it, or rehydrate this region from a peer",
      });
    }
  }

  get bytes(): number {
    return this.#rows.length;
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
