/**
 * The topics of the log: created with settings that lose nothing, and refused, with the remedy, where they exist with
 * others. An existing topic is never altered: whoever made it decides.
 */
import { MeridianError, type WriterId } from "@meridian/words";
import type { Admin, Kafka } from "kafkajs";
import { kafkaError, placeOf, REPLICATION_FACTOR, type KafkaLogOptions } from "./kafka-options.js";

/** The `max.message.bytes` that the adapter needs: a batch of one largest entry, its header and the batch's own. */
export const MESSAGE_BYTES_NEEDED = 2 * 1024 * 1024;
/** Tries to see a topic that was created a moment ago, in all its settings. */
const DESCRIBE_ATTEMPTS_MAX = 20;
const DESCRIBE_PAUSE_MS = 100;

/** The protocol's number of a topic among the things that have settings. (kafkajs's enum for it is no ESM export.) */
const TOPIC_RESOURCE = 2;

interface Requirement {
  readonly setting: string;
  readonly wanted: string;
  /** Left out when creating: clusters refuse what they do not let topics set, and the default is right. */
  readonly onlyCheck?: boolean;
  readonly fits: (found: string) => boolean;
}

type TypedError = Error & { readonly type?: string };

interface Mismatch {
  readonly text: string;
  readonly remedy: string;
}

/** Creates the topics of these writers where they are missing, checks them where they are not. */
export async function ensureTopics(kafka: Kafka, options: KafkaLogOptions, writers: readonly WriterId[]): Promise<void> {
  const partitions = partitionsNeeded(options, writers);
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = [...partitions].filter(([topic]) => !existing.has(topic));
    if (missing.length > 0) await createTopics(admin, options, missing);
    const mismatches = await describe(admin, options, partitions);
    if (mismatches.length === 0) return;
    throw new MeridianError("TOPIC_MISMATCH", `the log would lose data: ${mismatches.map(({ text }) => text).join("; ")}`, {
      advice: `run: ${mismatches.map(({ remedy }) => remedy).join(" && ")}`,
    });
  } catch (error) {
    throw kafkaError(error, "while opening the log");
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** What every topic of the log must be set to. */
export function requirements(options: KafkaLogOptions): readonly Requirement[] {
  const { retentionMs, replicationFactor = REPLICATION_FACTOR } = options;
  const inStep = replicationFactor >= 3 ? 2 : 1;
  const atLeast = (limit: number) => (found: string) => Number(found) >= limit;
  const exactly = (wanted: string) => (found: string) => found === wanted;
  return [
    { setting: "cleanup.policy", wanted: "delete", fits: exactly("delete") },
    { setting: "retention.ms", wanted: String(retentionMs), fits: (found) => found === "-1" || atLeast(retentionMs)(found) },
    { setting: "retention.bytes", wanted: "-1", fits: exactly("-1") },
    { setting: "max.message.bytes", wanted: String(MESSAGE_BYTES_NEEDED), fits: atLeast(MESSAGE_BYTES_NEEDED) },
    // with the producer's time, an agent whose clock is behind would have its records deleted too early
    { setting: "message.timestamp.type", wanted: "LogAppendTime", fits: exactly("LogAppendTime") },
    { setting: "min.insync.replicas", wanted: String(inStep), fits: atLeast(inStep) },
    { setting: "unclean.leader.election.enable", wanted: "false", onlyCheck: true, fits: exactly("false") },
  ];
}

function partitionsNeeded(options: KafkaLogOptions, writers: readonly WriterId[]): Map<string, number> {
  const needed = new Map<string, number>();
  for (const writer of writers) {
    const { topic, partition } = placeOf(options, writer);
    needed.set(topic, Math.max(needed.get(topic) ?? 0, partition + 1, options.servers?.length ?? 0));
  }
  return needed;
}

async function createTopics(admin: Admin, options: KafkaLogOptions, topics: readonly (readonly [string, number])[]): Promise<void> {
  const replicationFactor = options.replicationFactor ?? REPLICATION_FACTOR;
  const configEntries = requirements(options)
    .filter(({ onlyCheck }) => onlyCheck !== true)
    .map(({ setting, wanted }) => ({ name: setting, value: wanted }));
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: topics.map(([topic, numPartitions]) => ({ topic, numPartitions, replicationFactor, configEntries })),
    });
  } catch (error) {
    const errors = (error as { errors?: readonly TypedError[] }).errors ?? [error as TypedError];
    // several agents create the same topics at the same time
    const others = errors.filter(({ type }) => type !== "TOPIC_ALREADY_EXISTS");
    const [other] = others;
    if (other === undefined) return;
    if (!others.some(({ type }) => type === "INVALID_REPLICATION_FACTOR")) throw other;
    throw new MeridianError("BAD_OPTION", `the cluster has fewer brokers than log.kafka.replicationFactor (${replicationFactor})`, {
      advice: "start more brokers, or lower log.kafka.replicationFactor and accept that a lost disk loses records",
      cause: error,
    });
  }
}

async function describe(admin: Admin, options: KafkaLogOptions, needed: ReadonlyMap<string, number>): Promise<readonly Mismatch[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await describeOnce(admin, options, needed);
    } catch (error) {
      const fresh = /UNKNOWN_TOPIC_OR_PARTITION|LEADER_NOT_AVAILABLE/.test(String((error as { type?: string }).type));
      if (!fresh || attempt >= DESCRIBE_ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, DESCRIBE_PAUSE_MS));
    }
  }
}

async function describeOnce(admin: Admin, options: KafkaLogOptions, needed: ReadonlyMap<string, number>): Promise<readonly Mismatch[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [...needed.keys()] });
  const wanted = requirements(options);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({
      type: TOPIC_RESOURCE,
      name,
      configNames: wanted.map(({ setting }) => setting),
    })),
  });
  const [bootstrap] = options.brokers;
  const shapes = topics.flatMap(({ name, partitions }) => {
    const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
    return shapeMismatches(options, name, partitions.length, needed.get(name) ?? 1, copies);
  });
  const settings = resources.flatMap(({ resourceName, configEntries }) =>
    wanted.flatMap(({ setting, wanted: value, fits }): readonly Mismatch[] => {
      const found = configEntries.find(({ configName }) => configName === setting)?.configValue;
      if (found === undefined || found === null || fits(found)) return [];
      const remedy =
        `kafka-configs.sh --bootstrap-server ${bootstrap} --alter --entity-type topics ` +
        `--entity-name ${resourceName} --add-config ${setting}=${value}`;
      return [{ text: `topic ${resourceName} has ${setting} ${found}, wanted ${value}`, remedy }];
    }),
  );
  return [...shapes, ...settings];
}

function shapeMismatches(
  options: KafkaLogOptions,
  topic: string,
  partitions: number,
  partitionsWanted: number,
  copies: number,
): readonly Mismatch[] {
  const [bootstrap] = options.brokers;
  const copiesWanted = options.replicationFactor ?? REPLICATION_FACTOR;
  const found: Mismatch[] = [];
  if (partitions < partitionsWanted) {
    const remedy = `kafka-topics.sh --bootstrap-server ${bootstrap} --alter --topic ${topic} --partitions ${partitionsWanted}`;
    found.push({ text: `topic ${topic} has partitions ${partitions}, wanted ${partitionsWanted}`, remedy });
  }
  if (copies < copiesWanted) {
    const remedy =
      `kafka-reassign-partitions.sh --bootstrap-server ${bootstrap} (to ${copiesWanted} replicas of ${topic}), ` +
      `or set log.kafka.replicationFactor to ${copies}`;
    found.push({ text: `topic ${topic} has replication factor ${copies}, wanted ${copiesWanted}`, remedy });
  }
  return found;
}
