/**
 * Sends one writer's batches to its partition.
 *
 * The rules that make kafkajs 2.2.4 safe: one send in flight per producer (the lane above sees to that); `acks: -1`; no
 * retries inside kafkajs, so that nothing is sent again behind our back; and after any failure a new producer, with
 * new connections and new metadata. The producer is *not* idempotent: sequence numbers would save the readers a few
 * copies after a lost answer, at the price of the one path in kafkajs that is known to lose records without an error.
 */
import { CompressionTypes, Partitioners, type Kafka, type Producer } from "kafkajs";
import { encodeHeader, type Entry } from "./entry.js";
import { KAFKA_ANSWER_TIMEOUT_MS, kafkaError, type KafkaLogOptions, type KafkaPlace } from "./kafka-options.js";
import { withDeadline } from "./patience.js";
import type { RawPosition } from "./position.js";

/** How much longer than kafkajs's own time limit an answer may take before the producer is given up. */
const GRACE_MS = 2_000;
/** Waiting for a producer to close. */
const CLOSE_TIMEOUT_MS = 2_000;

/** The way to one partition. */
export class KafkaSender {
  readonly #makeClient: () => Kafka;
  readonly #options: KafkaLogOptions;
  readonly #place: KafkaPlace;
  #producer: Producer | undefined;
  #closed = false;

  constructor(makeClient: () => Kafka, options: KafkaLogOptions, place: KafkaPlace) {
    this.#makeClient = makeClient;
    this.#options = options;
    this.#place = place;
  }

  /** Stores a batch. To be called for one batch at a time. */
  async send(entries: readonly Entry[]): Promise<readonly RawPosition[]> {
    const limitMs = (this.#options.answerTimeoutMs ?? KAFKA_ANSWER_TIMEOUT_MS) + GRACE_MS;
    try {
      const late = (): Error => new Error(`no answer for ${limitMs} ms`);
      return await withDeadline(this.#sendOnce(entries), limitMs, late);
    } catch (error) {
      void this.#dropProducer();
      throw kafkaError(error, `while appending to ${this.#place.topic}`);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#dropProducer();
  }

  async #sendOnce(entries: readonly Entry[]): Promise<readonly RawPosition[]> {
    const producer = this.#producer ?? (await this.#connect());
    const { topic, partition } = this.#place;
    const messages = entries.map(({ header, payload }) => ({ partition, key: encodeHeader(header), value: payload }));
    const compression = this.#options.compression === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
    const results = await producer.sendBatch({ acks: -1, compression, topicMessages: [{ topic, messages }] });
    const base = Number(results[0]?.baseOffset);
    if (results.length !== 1 || !Number.isSafeInteger(base) || base < 0) {
      throw new Error(`the broker answered without an offset: ${JSON.stringify(results)}`);
    }
    return entries.map((_, index) => String(base + index));
  }

  async #connect(): Promise<Producer> {
    const producer = this.#makeClient().producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: false,
      maxInFlightRequests: 1,
      retry: { retries: 0 },
    });
    this.#producer = producer;
    await producer.connect();
    if (this.#closed) throw new Error("closed while connecting");
    return producer;
  }

  async #dropProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (!producer) return;
    const closing = producer.disconnect().catch(() => undefined);
    await withDeadline(closing, CLOSE_TIMEOUT_MS, () => new Error("a producer does not close")).catch(() => undefined);
  }
}
