/**
 * The log in Kafka: one topic per region, one partition per server, one record per entry, one produce request per batch.
 */
import type { WriterId } from "@meridian/words";
import type { Kafka } from "kafkajs";
import type { Entry, StoredEntry } from "./entry.js";
import type { EntryStore, LogTail, StoreLimits, StoreWatch } from "./entry-store.js";
import { FETCH_WAIT_MS, KafkaPartition } from "./kafka-cluster.js";
import { KAFKA_ANSWER_TIMEOUT_MS, kafkaClient, kafkaError, placeOf, type KafkaLogOptions } from "./kafka-options.js";
import { followPartition } from "./kafka-reader.js";
import { KafkaSender } from "./kafka-sender.js";
import { ensureTopics } from "./kafka-topics.js";
import { withDeadline } from "./patience.js";
import type { RawPosition } from "./position.js";

/** A batch of these stays below the topic's `max.message.bytes` also where compression does not help. */
const LIMITS: StoreLimits = { entryBytesMax: 1 << 20, batchBytesMax: 1 << 20, batchEntriesMax: 1024 };

/** The adapter. */
export class KafkaStore implements EntryStore {
  readonly kind = "kafka";
  readonly limits = LIMITS;
  readonly #options: KafkaLogOptions;
  readonly #watch: StoreWatch;
  readonly #random: () => number;
  readonly #senders = new Map<WriterId, KafkaSender>();

  constructor(options: KafkaLogOptions, watch: StoreWatch, random: () => number) {
    this.#options = options;
    this.#watch = watch;
    this.#random = random;
  }

  prepare(writers: readonly WriterId[]): Promise<void> {
    return ensureTopics(this.#makeClient(), this.#options, writers);
  }

  async tail(writer: WriterId, count: number): Promise<LogTail> {
    const place = placeOf(this.#options, writer);
    const partition = new KafkaPartition(this.#makeClient(), place);
    const limitMs = this.#options.answerTimeoutMs ?? KAFKA_ANSWER_TIMEOUT_MS;
    try {
      return await withDeadline(tailOf(partition, count), limitMs, () => new Error(`no answer for ${limitMs} ms`));
    } catch (error) {
      throw kafkaError(error, `while looking for the end of ${place.topic}`);
    } finally {
      partition.close().catch(() => undefined);
    }
  }

  store(writer: WriterId, entries: readonly Entry[]): Promise<readonly RawPosition[]> {
    let sender = this.#senders.get(writer);
    if (!sender) {
      sender = new KafkaSender(() => this.#makeClient(), this.#options, placeOf(this.#options, writer));
      this.#senders.set(writer, sender);
    }
    return sender.send(entries);
  }

  follow(
    writer: WriterId,
    after: RawPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEntry[], void, undefined> {
    const parts = { options: this.#options, watch: this.#watch, random: this.#random, makeClient: () => this.#makeClient() };
    return followPartition(parts, writer, after, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }

  #makeClient(): Kafka {
    return kafkaClient(this.#options, this.#watch.logger, this.#random);
  }
}

async function tailOf(partition: KafkaPartition, count: number): Promise<LogTail> {
  await partition.connect();
  const { low, high } = await partition.bounds();
  const entries: StoredEntry[] = [];
  let next = Math.max(low, high - count);
  while (next < high) {
    const fetched = await partition.fetch(next, FETCH_WAIT_MS);
    if (fetched.length === 0) break;
    entries.push(...fetched);
    next = Number((fetched.at(-1) as StoredEntry).raw) + 1;
  }
  return { entries: entries.slice(-count), ...(high > 0 && { lastRaw: String(high - 1) }) };
}
