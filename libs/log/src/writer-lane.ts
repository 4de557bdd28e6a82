/**
 * One writer's way into the log: numbers its entries, sends one batch at a time, sends it again until it is stored.
 *
 * Promises: what is stored has the order of the calls, for first occurrences, whatever fails: the next batch is sent
 * only when the one before is known to be stored. Refuses to hold more than {@link LANE_BYTES_MAX}, and to go on after
 * an error that trying again cannot mend (the writer is then stuck until the log is opened anew).
 */
import { MeridianError, type WriterId } from "@meridian/words";
import { RECORD_BYTES_MAX, splitRecord, type Entry } from "./entry.js";
import type { EntryStore, LogTail, StoreWatch } from "./entry-store.js";
import { Patience, untilAborted, type Wait } from "./patience.js";
import type { LogHooks, LogPosition } from "./port.js";
import { encodePosition, type RawPosition } from "./position.js";

/** Bytes of records that may wait in one lane (one record is always taken). */
export const LANE_BYTES_MAX = 256 * 1024 * 1024;
/** Records that may wait in one lane. */
export const LANE_RECORDS_MAX = 100_000;

/** What a lane works with. */
export interface LaneParts {
  readonly store: EntryStore;
  readonly watch: StoreWatch;
  readonly hooks: LogHooks;
  /** Tells this process's sequence from others: 32 random bits. */
  readonly session: number;
  readonly random: () => number;
  readonly now: () => number;
  readonly wait: Wait;
}

interface Job {
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
  readonly resolve: (position: LogPosition) => void;
  readonly reject: (error: Error) => void;
  sent: number;
}

interface Numbering {
  next: number;
  anew: RawPosition | undefined;
}

/** The lane of one writer. */
export class WriterLane {
  readonly #writer: WriterId;
  readonly #parts: LaneParts;
  readonly #source: string;
  readonly #closing = new AbortController();
  readonly #patience: Patience;
  #jobs: Job[] = [];
  #bytes = 0;
  #running = false;
  #overflown = false;
  #numbering: Numbering | undefined;
  #stuck: MeridianError | undefined;

  constructor(writer: WriterId, parts: LaneParts) {
    this.#writer = writer;
    this.#parts = parts;
    this.#source = `append ${writer}`;
    this.#patience = new Patience(parts.random, parts.wait);
  }

  append(record: Buffer): Promise<LogPosition> {
    const refusal = this.#refusal(record);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const pieces = splitRecord(record, this.#parts.store.limits.entryBytesMax);
      this.#jobs.push({ pieces, bytes: record.length, resolve, reject, sent: 0 });
      this.#bytes += record.length;
      if (!this.#running) void this.#run();
    });
  }

  /** Rejects what waits. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#rejectAll(closedError());
    this.#parts.watch.gone(this.#source);
  }

  #refusal(record: Buffer): MeridianError | undefined {
    if (this.#closing.signal.aborted) return closedError();
    if (this.#stuck) return this.#stuck;
    if (record.length > RECORD_BYTES_MAX) {
      return new MeridianError("BAD_RECORD", `a record of ${record.length} bytes is larger than ${RECORD_BYTES_MAX}`, {
        advice: "no value of a Redis server is that large: report this as a defect",
      });
    }
    const full = this.#bytes + record.length > LANE_BYTES_MAX || this.#jobs.length >= LANE_RECORDS_MAX;
    // once one was refused, none is taken until the lane is empty: nothing may overtake the refused one
    this.#overflown = this.#jobs.length > 0 && (this.#overflown || full);
    if (!this.#overflown) return undefined;
    return new MeridianError("LOG_UNAVAILABLE", `${this.#bytes} bytes wait to be stored for ${this.#writer}`, {
      advice: "the log takes less than this writer produces: wait for the appends before, then send again",
      retryable: true,
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // lets the calls of this turn gather into one batch
    await Promise.resolve();
    while (this.#jobs.length > 0 && !this.#closing.signal.aborted) {
      const numbering = (this.#numbering ??= await this.#insist(() => this.#readNumbering()));
      if (!numbering) break;
      const batch = this.#nextBatch(numbering);
      const sentAt = this.#parts.now();
      const raws = await this.#insist(() => this.#parts.store.store(this.#writer, batch));
      if (!raws) break;
      this.#settle(batch, raws, this.#parts.now() - sentAt);
    }
    this.#running = false;
  }

  /** Tries until it works; undefined once the lane is closed or stuck. */
  async #insist<T>(attempt: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const result = await untilAborted(attempt(), signal);
        if (signal.aborted) return undefined;
        this.#patience.reset();
        this.#parts.watch.up(this.#source);
        return result;
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#parts.watch.down(this.#source, this.#writer, error as Error);
        if (!(error instanceof MeridianError) || !error.retryable) {
          this.#stick(error as Error);
          return undefined;
        }
        await this.#patience.wait(signal);
      }
    }
    return undefined;
  }

  async #readNumbering(): Promise<Numbering> {
    const tail: LogTail = await this.#parts.store.tail(this.#writer, 1);
    const last = tail.entries.at(-1);
    if (last) return { next: last.header.sequence + 1, anew: undefined };
    return { next: 1, anew: tail.lastRaw ?? "" };
  }

  #nextBatch(numbering: Numbering): readonly Entry[] {
    const { batchBytesMax, batchEntriesMax } = this.#parts.store.limits;
    const batch: Entry[] = [];
    let bytes = 0;
    for (const job of this.#jobs) {
      for (let index = job.sent; index < job.pieces.length; index += 1) {
        const payload = job.pieces[index] as Buffer;
        if (batch.length > 0 && (bytes + payload.length > batchBytesMax || batch.length >= batchEntriesMax)) return batch;
        const fragment = job.pieces.length === 1 ? undefined : { index, count: job.pieces.length };
        batch.push({ header: this.#number(numbering, fragment), payload });
        bytes += payload.length;
        job.sent = index + 1;
      }
    }
    return batch;
  }

  #number(numbering: Numbering, fragment: Entry["header"]["fragment"]): Entry["header"] {
    const { next: sequence, anew } = numbering;
    numbering.next += 1;
    numbering.anew = undefined;
    return { session: this.#parts.session, sequence, ...(fragment && { fragment }), ...(anew !== undefined && { anew }) };
  }

  #settle(batch: readonly Entry[], raws: readonly RawPosition[], durationMs: number): void {
    let bytes = 0;
    let records = 0;
    for (const [index, entry] of batch.entries()) {
      bytes += entry.payload.length;
      const { session, sequence, fragment } = entry.header;
      if (fragment && fragment.index < fragment.count - 1) continue;
      const job = this.#jobs[records] as Job;
      records += 1;
      this.#bytes -= job.bytes;
      job.resolve(encodePosition({ raw: raws[index] as RawPosition, sequence, session, resume: undefined }));
    }
    this.#jobs = this.#jobs.slice(records);
    this.#parts.hooks.onStored?.(this.#writer, records, bytes, durationMs);
  }

  #stick(error: Error): void {
    this.#stuck =
      error instanceof MeridianError
        ? error
        : new MeridianError("LOG_UNAVAILABLE", `the log failed in an unforeseen way: ${error.message}`, {
            advice: "report this as a defect, then restart the agent",
            cause: error,
          });
    this.#rejectAll(this.#stuck);
  }

  #rejectAll(error: Error): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    this.#bytes = 0;
    for (const job of jobs) job.reject(error);
  }
}

/** The log was closed under a call. */
export function closedError(): MeridianError {
  return new MeridianError("LOG_UNAVAILABLE", "the log was closed", {
    advice: "the agent is stopping; what was not acknowledged is sent again when it starts",
    retryable: true,
  });
}
