/**
 * Where the Kafka cluster is, and which topic and partition belong to a writer.
 *
 * One topic per region, `<prefix>.<region>`, and one more for what it writes for each group of regions,
 * `<prefix>.<region>.<member>_<member>`; one partition per server. The partition is part of the mesh's identity:
 * a server named by a number has that partition; other names have the place in `servers`, a list that must be the same
 * in every region and only ever grows at its end. With a list, every server must be in it, so that two never share one.
 */
import type { ConnectionOptions } from "node:tls";
import { groupOf, MeridianError, regionOf, serverOf, type WriterId } from "@meridian/words";
import { Kafka, logLevel, type SASLOptions } from "kafkajs";
import type { LogLogger } from "./port.js";

/** Options of the Kafka adapter. */
export interface KafkaLogOptions {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[];
  /** Topics are `<prefix>.<region>`; "meridian" by default. */
  readonly topicPrefix?: string;
  /** Copies of each partition; 3 by default. From 3 on, two must be in step for an append to be acknowledged. */
  readonly replicationFactor?: number;
  /** Milliseconds for which records are kept. */
  readonly retentionMs: number;
  /** Of whole batches, on the wire and on disk; "none" by default. */
  readonly compression?: "none" | "gzip";
  /** Server names by partition, where they are not numbers. */
  readonly servers?: readonly string[];
  readonly tls?: ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Milliseconds to connect. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds without an answer after which a connection is given up. */
  readonly answerTimeoutMs?: number;
}

/** Default of {@link KafkaLogOptions.topicPrefix}. */
export const TOPIC_PREFIX = "meridian";
/** Default of {@link KafkaLogOptions.replicationFactor}. */
export const REPLICATION_FACTOR = 3;
/** Default of {@link KafkaLogOptions.connectTimeoutMs}. */
export const KAFKA_CONNECT_TIMEOUT_MS = 5_000;
/** Default of {@link KafkaLogOptions.answerTimeoutMs}. */
export const KAFKA_ANSWER_TIMEOUT_MS = 15_000;
/** Partitions of one topic: the highest number that a server name can mean, plus one. */
export const PARTITIONS_MAX = 1_000;
/** Tries of kafkajs to connect, each at another broker of the list. */
const CONNECT_RETRIES_MAX = 2;

/** Where a writer's records are. */
export interface KafkaPlace {
  readonly topic: string;
  readonly partition: number;
}

/** The place of a writer. Throws `BAD_OPTION` for a server that has no partition. */
export function placeOf(options: KafkaLogOptions, writer: WriterId): KafkaPlace {
  const group = groupOf(writer);
  // A topic's name may hold no plus, and a region's no underscore.
  const ofGroup = group === "" ? "" : `.${group.replaceAll("+", "_")}`;
  const topic = `${options.topicPrefix ?? TOPIC_PREFIX}.${regionOf(writer)}${ofGroup}`;
  const server = serverOf(writer);
  if (options.servers) {
    const partition = options.servers.indexOf(server);
    if (partition >= 0) return { topic, partition };
    throw new MeridianError("BAD_OPTION", `server ${server} is not in log.kafka.servers`, {
      advice: `add it at the end of log.kafka.servers (${options.servers.join(", ")}), in every region`,
    });
  }
  const partition = /^(0|[1-9]\d*)$/.test(server) ? Number(server) : PARTITIONS_MAX;
  if (partition < PARTITIONS_MAX) return { topic, partition };
  throw new MeridianError("BAD_OPTION", `server ${server} has no partition`, {
    advice: `name servers 0 to ${PARTITIONS_MAX - 1}, or list their names in log.kafka.servers, alike in every region`,
  });
}

/** A kafkajs client. It connects to nothing by itself. `random` spreads agents over the brokers. */
export function kafkaClient(options: KafkaLogOptions, logger: LogLogger, random: () => number): Kafka {
  const first = Math.floor(random() * options.brokers.length);
  return new Kafka({
    clientId: "meridian",
    brokers: [...options.brokers.slice(first), ...options.brokers.slice(0, first)],
    connectionTimeout: options.connectTimeoutMs ?? KAFKA_CONNECT_TIMEOUT_MS,
    authenticationTimeout: options.connectTimeoutMs ?? KAFKA_CONNECT_TIMEOUT_MS,
    requestTimeout: options.answerTimeoutMs ?? KAFKA_ANSWER_TIMEOUT_MS,
    retry: { retries: CONNECT_RETRIES_MAX, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => logger.debug({ kafkajs: entry.namespace, ...entry.log }, entry.log.message),
    ...(options.tls && { ssl: options.tls }),
    // A copy: kafkajs keeps what it has made of a password in this very object.
    ...(options.sasl && { sasl: { ...options.sasl } }),
  });
}

/** Turns what kafkajs or the broker said into an error for the operator. Everything can heal, so all are retryable. */
export function kafkaError(error: unknown, what: string): MeridianError {
  if (error instanceof MeridianError) return error;
  const cause = rootOf(error as Error);
  const type = (cause as { type?: string }).type ?? "";
  const advice = ADVICE.find(([pattern]) => pattern.test(`${type} ${cause.name} ${cause.message}`))?.[1];
  return new MeridianError("LOG_UNAVAILABLE", `Kafka, ${what}: ${cause.message}`, {
    advice: advice ?? "check that the brokers run and can be reached; nothing is lost while they are away",
    retryable: true,
    cause: error,
  });
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/AUTHORIZATION_FAILED/, "allow the agent's principal Read, Write, Create, Describe and DescribeConfigs on the log's topics"],
  [/SASL|Authentication/i, "give log.kafka.sasl the right mechanism, user name and password"],
  [/UNKNOWN_TOPIC_OR_PARTITION/, "the topic or partition is missing: open the log once from any agent, or create it"],
  [/certificate|CERT_|SSL|TLS/i, "give log.kafka.tls the authority that signed the brokers' certificates, and the name that stands in them"],
  [/Closed connection/, "the broker hung up: check whether it wants TLS (log.kafka.tls) or a login (log.kafka.sasl)"],
  [/TOO_LARGE/, "the topic's max.message.bytes was lowered: set it back to at least 2097152"],
  [/NOT_ENOUGH_REPLICAS/, "too few replicas are in step: bring the missing brokers back"],
];

function rootOf(error: Error): Error {
  let root = error;
  for (let depth = 0; depth < 8; depth += 1) {
    const inner = (root as { cause?: unknown; originalError?: unknown }).cause ?? (root as { originalError?: unknown }).originalError;
    if (!(inner instanceof Error)) return root;
    root = inner;
  }
  return root;
}
