/**
 * The port on top of any adapter: lanes for writing, reassembly for reading.
 */
import type { WriterId } from "@meridian/words";
import { isLastPiece } from "./entry.js";
import type { EntryStore } from "./entry-store.js";
import { type HealthWatch } from "./health.js";
import { untilAborted, type Wait } from "./patience.js";
import type { LogHealth, LogHooks, LogPosition, LogRecord, MutationLog } from "./port.js";
import { encodePosition } from "./position.js";
import { Reassembly } from "./reassembly.js";
import { closedError, WriterLane, type LaneParts } from "./writer-lane.js";

/** What a log is made of. */
export interface FramedLogParts {
  readonly store: EntryStore;
  readonly watch: HealthWatch;
  readonly hooks: LogHooks;
  readonly random: () => number;
  readonly now: () => number;
  readonly wait: Wait;
}

/** Entries looked at, at first, for the last whole record. */
const TAIL_ENTRIES_FIRST = 1;

/** A {@link MutationLog} over an {@link EntryStore}. */
export class FramedLog implements MutationLog {
  readonly #store: EntryStore;
  readonly #watch: HealthWatch;
  readonly #hooks: LogHooks;
  readonly #laneParts: LaneParts;
  readonly #lanes = new Map<WriterId, WriterLane>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(parts: FramedLogParts) {
    this.#store = parts.store;
    this.#watch = parts.watch;
    this.#hooks = parts.hooks;
    this.#laneParts = { ...parts, session: Math.floor(parts.random() * 2 ** 32) };
  }

  /** The adapter's name. */
  get kind(): EntryStore["kind"] {
    return this.#store.kind;
  }

  async open(writers: readonly WriterId[]): Promise<void> {
    this.#refuseClosed();
    await this.#store.prepare(writers);
  }

  async append(writer: WriterId, record: Buffer): Promise<LogPosition> {
    let lane = this.#lanes.get(writer);
    if (!lane) {
      this.#refuseClosed();
      lane = new WriterLane(writer, this.#laneParts);
      this.#lanes.set(writer, lane);
    }
    return lane.append(record);
  }

  async *read(
    writer: WriterId,
    after: LogPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogRecord[], void, undefined> {
    this.#refuseClosed();
    const reassembly = new Reassembly(writer, after);
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    if (signal.aborted) abort();
    for (const source of [signal, this.#closing.signal]) source.addEventListener("abort", abort, { once: true });
    try {
      for await (const entries of this.#store.follow(writer, reassembly.from, stop.signal)) {
        const records = reassembly.push(entries);
        if (stop.signal.aborted) return;
        if (records.length === 0) continue;
        this.#hooks.onRead?.(writer, records.length, records.reduce((sum, { bytes }) => sum + bytes.length, 0));
        yield records;
        if (stop.signal.aborted) return;
      }
    } finally {
      for (const source of [signal, this.#closing.signal]) source.removeEventListener("abort", abort);
      abort();
    }
  }

  async end(writer: WriterId): Promise<LogPosition | undefined> {
    for (let count = TAIL_ENTRIES_FIRST; ; count *= 2) {
      this.#refuseClosed();
      const tail = await untilAborted(this.#store.tail(writer, count), this.#closing.signal);
      if (tail === undefined) throw closedError();
      const last = tail.entries.findLast((entry) => isLastPiece(entry.header));
      if (last) return encodePosition({ raw: last.raw, ...last.header, resume: undefined });
      if (tail.entries.length < count) return undefined;
    }
  }

  health(): LogHealth {
    return this.#watch.health();
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort();
      for (const lane of this.#lanes.values()) lane.close();
      await this.#store.close();
    })();
    return this.#closed;
  }

  #refuseClosed(): void {
    if (this.#closed) throw closedError();
  }
}
