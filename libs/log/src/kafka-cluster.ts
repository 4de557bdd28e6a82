/**
 * Reading one partition from one offset, which kafkajs has inside and does not offer.
 *
 * Its public consumer always joins a group: it needs a coordinator and rights on a group, reads every partition of the
 * topic, stops at rebalances, and on OFFSET_OUT_OF_RANGE goes on from elsewhere without a word: it would skip
 * records in silence. What Meridian needs is "these bytes, from this offset, or an error". So the cluster object below
 * the consumer is used directly: same sockets, TLS, SASL, metadata and codecs. kafkajs is pinned to 2.2.4 and its
 * development has ended, so what is used here does not move; a test with a real broker holds it.
 */
import type { Kafka } from "kafkajs";
import { decodeHeader, type StoredEntry } from "./entry.js";
import type { KafkaPlace } from "./kafka-options.js";

interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly isControlRecord?: boolean;
}

interface FetchRequest {
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly currentLeaderEpoch: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

interface KafkajsBroker {
  fetch(request: FetchRequest): Promise<{
    readonly responses: readonly { readonly partitions: readonly { readonly messages: readonly FetchedMessage[] }[] }[];
  }>;
}

interface KafkajsCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<KafkajsBroker>;
  fetchTopicsOffset(
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
      readonly fromBeginning: boolean;
    }[],
  ): Promise<readonly { readonly partitions: readonly { readonly offset: string }[] }[]>;
}

/** Offsets that a partition holds: `low` is the first record still kept, `high` the one that comes next. */
export interface KafkaBounds {
  readonly low: number;
  readonly high: number;
}

const CREATE_CLUSTER = "private:Kafka:createCluster";
const READ_COMMITTED = 1;
const METADATA_AGE_MS_MAX = 60_000;
/** Bytes of one fetch, at most; a single larger batch is sent all the same. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024;
/** How long the broker holds a fetch that finds nothing. */
export const FETCH_WAIT_MS = 1_000;

/** One connection to one partition's leader. */
export class KafkaPartition {
  readonly #cluster: KafkajsCluster;
  readonly #place: KafkaPlace;

  constructor(kafka: Kafka, place: KafkaPlace) {
    this.#cluster = clusterOf(kafka);
    this.#place = place;
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#place.topic);
  }

  /** The offsets that the partition holds now. */
  async bounds(): Promise<KafkaBounds> {
    await this.#leader();
    const { topic, partition } = this.#place;
    const ask = async (fromBeginning: boolean): Promise<number> => {
      const [found] = await this.#cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
      return Number(found?.partitions[0]?.offset);
    };
    return { low: await ask(true), high: await ask(false) };
  }

  /** Entries from `offset` on; empty after `waitMs` without any. Throws kafkajs's errors, OFFSET_OUT_OF_RANGE among them. */
  async fetch(offset: number, waitMs: number): Promise<readonly StoredEntry[]> {
    const { topic, partition } = this.#place;
    const broker = await this.#leader();
    const fetched = { partition, currentLeaderEpoch: -1, fetchOffset: String(offset), maxBytes: FETCH_BYTES_MAX };
    const { responses } = await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: waitMs,
      minBytes: 1,
      maxBytes: FETCH_BYTES_MAX,
      topics: [{ topic, partitions: [fetched] }],
    });
    const entries: StoredEntry[] = [];
    for (const message of responses[0]?.partitions[0]?.messages ?? []) {
      // the broker sends whole batches: the first can begin before the offset that was asked for
      if (Number(message.offset) < offset || message.isControlRecord === true) continue;
      const where = `record ${message.offset} of ${topic}/${partition}`;
      entries.push({ raw: message.offset, header: decodeHeader(message.key, where), payload: message.value ?? Buffer.alloc(0) });
    }
    return entries;
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  async #leader(): Promise<KafkajsBroker> {
    const { topic, partition } = this.#place;
    await this.#cluster.refreshMetadataIfNecessary();
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) {
      throw Object.assign(new Error(`${topic} has no partition ${partition}`), { type: "UNKNOWN_TOPIC_OR_PARTITION" });
    }
    return this.#cluster.findBroker({ nodeId });
  }
}

function clusterOf(kafka: Kafka): KafkajsCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  if (symbol === undefined) throw new Error("this is not kafkajs 2.2.4: it has no createCluster");
  const create = (kafka as unknown as Record<symbol, (options: object) => KafkajsCluster>)[symbol] as (options: object) => KafkajsCluster;
  return create({
    metadataMaxAge: METADATA_AGE_MS_MAX,
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1,
    isolationLevel: READ_COMMITTED,
  });
}
