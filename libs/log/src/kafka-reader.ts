/**
 * One reader of one partition: fetches for ever, on a connection of its own.
 *
 * The watchdog: a broker answers a fetch within {@link FETCH_WAIT_MS} even if it has nothing, so a fetch that takes much
 * longer has stalled, whatever the client library believes; then the connection is replaced, as after any failure.
 */
import type { WriterId } from "@meridian/words";
import type { Kafka } from "kafkajs";
import type { StoredEntry } from "./entry.js";
import type { StoreWatch } from "./entry-store.js";
import { recordGap } from "./gap-check.js";
import { FETCH_WAIT_MS, KafkaPartition } from "./kafka-cluster.js";
import { KAFKA_ANSWER_TIMEOUT_MS, kafkaError, placeOf, type KafkaLogOptions } from "./kafka-options.js";
import { Patience, pause, untilAborted, withDeadline } from "./patience.js";
import type { RawPosition } from "./position.js";

/** How often a log that ends before a reader's position may be met (a new leader lags for a moment) before it is a gap. */
const BEYOND_END_MAX = 8;

/** What a reader works with. */
export interface KafkaReaderParts {
  readonly options: KafkaLogOptions;
  readonly watch: StoreWatch;
  readonly random: () => number;
  readonly makeClient: () => Kafka;
}

/** Entries of a writer's partition after `after`. */
export async function* followPartition(
  parts: KafkaReaderParts,
  writer: WriterId,
  after: RawPosition | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEntry[], void, undefined> {
  const reader = new PartitionReader(parts, writer, after, signal);
  try {
    while (!signal.aborted) {
      const entries = await reader.next();
      if (entries === undefined || signal.aborted) return;
      if (entries.length > 0) yield entries;
    }
  } finally {
    reader.close();
  }
}

class PartitionReader {
  readonly #parts: KafkaReaderParts;
  readonly #writer: WriterId;
  readonly #signal: AbortSignal;
  readonly #source: string;
  readonly #patience: Patience;
  #connection: KafkaPartition | undefined;
  #offset: number | undefined;
  #beyondEnd = 0;

  constructor(parts: KafkaReaderParts, writer: WriterId, after: RawPosition | undefined, signal: AbortSignal) {
    this.#parts = parts;
    this.#writer = writer;
    this.#signal = signal;
    this.#source = `read ${writer}`;
    this.#patience = new Patience(parts.random, pause);
    this.#offset = after === undefined ? undefined : Number(after) + 1;
  }

  /** The next entries, perhaps none; undefined when aborted. Throws `RECORD_GAP` and `BAD_RECORD`. */
  async next(): Promise<readonly StoredEntry[] | undefined> {
    const limitMs = FETCH_WAIT_MS + (this.#parts.options.answerTimeoutMs ?? KAFKA_ANSWER_TIMEOUT_MS);
    try {
      const stalled = (): Error => new Error(`no answer to a fetch for ${limitMs} ms`);
      const entries = await untilAborted(withDeadline(this.#fetch(), limitMs, stalled), this.#signal);
      this.#parts.watch.up(this.#source);
      this.#patience.reset();
      this.#beyondEnd = 0;
      const last = entries?.at(-1);
      if (last) this.#offset = Number(last.raw) + 1;
      return entries;
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      const failure = await this.#judge(error);
      this.#drop();
      if (!failure.retryable) throw failure;
      this.#parts.watch.down(this.#source, this.#writer, failure);
      await this.#patience.wait(this.#signal);
      return [];
    }
  }

  close(): void {
    this.#drop();
    this.#parts.watch.gone(this.#source);
  }

  async #fetch(): Promise<readonly StoredEntry[]> {
    if (!this.#connection) {
      const connection = new KafkaPartition(this.#parts.makeClient(), placeOf(this.#parts.options, this.#writer));
      this.#connection = connection;
      await connection.connect();
      if (this.#connection !== connection) await connection.close();
    }
    this.#offset ??= (await this.#connection.bounds()).low;
    return this.#connection.fetch(this.#offset, FETCH_WAIT_MS);
  }

  /** Out of range is a gap if the offset was deleted, or if the log keeps ending before it. */
  async #judge(error: unknown): Promise<ReturnType<typeof kafkaError>> {
    const failure = kafkaError(error, `while reading ${this.#writer}`);
    const outOfRange = (error as { type?: string }).type === "OFFSET_OUT_OF_RANGE";
    const connection = this.#connection;
    if (!outOfRange || !connection || this.#offset === undefined) return failure;
    const bounds = await connection.bounds().catch(() => undefined);
    if (!bounds) return failure;
    const position = String(this.#offset - 1);
    if (this.#offset < bounds.low) {
      return recordGap(this.#writer, position, `offsets up to ${bounds.low - 1} were deleted`);
    }
    this.#beyondEnd += 1;
    if (this.#beyondEnd <= BEYOND_END_MAX) return failure;
    return recordGap(this.#writer, position, `the topic ends at offset ${bounds.high - 1}, it was made anew or lost its end`);
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close().catch(() => undefined);
  }
}
