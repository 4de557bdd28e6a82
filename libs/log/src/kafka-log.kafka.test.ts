import { createHash } from "node:crypto";
import { writerId, type WriterId } from "@meridian/words";
import { freePort, kafkaBroker, startLocalKafka, startTcpProxy, type KafkaBroker, type LocalKafka, type TcpProxy } from "@meridian/testkit";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freshWriter, heads, logAcceptance, numbered, padded, take, texts } from "./acceptance.js";
import { placeOf, type KafkaLogOptions } from "./kafka-options.js";
import { openLog } from "./open-log.js";
import type { LogPosition, MutationLog } from "./port.js";

const HOUR_MS = 3_600_000;
/** The first run of all fetches the broker's jars. */
const INSTALL_TIMEOUT_MS = 320_000;

let broker: KafkaBroker;
beforeAll(async () => {
  broker = await kafkaBroker();
}, INSTALL_TIMEOUT_MS);
afterAll(() => broker.stop());

const options = (more: Partial<KafkaLogOptions> = {}): KafkaLogOptions => ({
  brokers: broker.brokers,
  topicPrefix: "test",
  replicationFactor: 1,
  retentionMs: HOUR_MS,
  ...more,
});

logAcceptance("Kafka", () =>
  Promise.resolve({ handle: () => openLog({ kind: "kafka", ...options() }), stop: () => Promise.resolve() }),
);

describe("the log in Kafka", () => {
  const logs: MutationLog[] = [];
  let admin: Admin;
  const open = (more: Partial<KafkaLogOptions> = {}): MutationLog => {
    const log = openLog({ kind: "kafka", ...options(more) });
    logs.push(log);
    return log;
  };
  const create = async (writer: WriterId, config: Readonly<Record<string, string>>, numPartitions = 1): Promise<string> => {
    const { topic } = placeOf(options(), writer);
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }] });
    return topic;
  };
  beforeAll(() => {
    admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin();
  });
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()));
  });
  afterAll(() => admin.disconnect());

  it("creates a topic per region with a partition per server", async () => {
    const region = freshWriter().slice(0, -2);
    const writers = [writerId(region, "0"), writerId(region, "2")];
    await open().open(writers);
    const topic = `test.${region}`;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions).toHaveLength(3);
    await expect(open().open([writerId(region, "3")])).rejects.toMatchObject({
      code: "TOPIC_MISMATCH",
      message: expect.stringContaining(`topic ${topic} has partitions 3, wanted 4`) as string,
      advice: expect.stringContaining(`--topic ${topic} --partitions 4`) as string,
    });
  });

  it.each([
    [{ "cleanup.policy": "compact" }, "cleanup.policy compact, wanted delete", "--add-config cleanup.policy=delete"],
    [{ "retention.ms": "60000" }, `retention.ms 60000, wanted ${HOUR_MS}`, `--add-config retention.ms=${HOUR_MS}`],
    [{ "retention.bytes": "1000000" }, "retention.bytes 1000000, wanted -1", "--add-config retention.bytes=-1"],
    [{ "max.message.bytes": "1000012" }, "max.message.bytes 1000012, wanted 2097152", "max.message.bytes=2097152"],
  ])("refuses a topic with %j, naming the setting and the remedy", async (config, text, remedy) => {
    const right = { "message.timestamp.type": "LogAppendTime", "max.message.bytes": "2097152" };
    const writer = freshWriter();
    await create(writer, { ...right, ...config });
    await expect(open().open([writer])).rejects.toMatchObject({
      code: "TOPIC_MISMATCH",
      retryable: false,
      message: expect.stringContaining(text) as string,
      advice: expect.stringContaining(remedy) as string,
    });
  });

  it("takes a topic that keeps more than it must, and refuses a replication factor that the cluster cannot give", async () => {
    const writer = freshWriter();
    await create(writer, { "retention.ms": "-1", "max.message.bytes": "10000000", "message.timestamp.type": "LogAppendTime" });
    await expect(open().open([writer])).resolves.toBeUndefined();
    await expect(open({ replicationFactor: 3 }).open([writer])).rejects.toMatchObject({
      code: "TOPIC_MISMATCH",
      message: expect.stringContaining("replication factor 1, wanted 3") as string,
    });
    if (broker.kind === "given") return;
    await expect(open({ replicationFactor: 3 }).open([freshWriter()])).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it("maps servers to partitions by number, or by their place in the list, and otherwise refuses", () => {
    const place = (server: string, servers?: readonly string[]): number =>
      placeOf(options(servers && { servers }), writerId("eu", server)).partition;
    expect([place("0"), place("7"), place("cart", ["users", "cart"])]).toEqual([0, 7, 1]);
    for (const refused of [() => place("cart"), () => place("01"), () => place("1000"), () => place("0", ["users"])]) {
      expect(refused).toThrow(expect.objectContaining({ code: "BAD_OPTION" }) as Error);
    }
  });

  it("tells a reader whose unread records were deleted, naming writer and position", async () => {
    const writer = freshWriter();
    const log = open();
    await log.open([writer]);
    const positions = await Promise.all(numbered(10).map((record) => log.append(writer, record)));
    const { topic } = placeOf(options(), writer);
    // kafkajs deletes only in topics whose metadata it happens to hold
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "6" }] });
    await expect(take(log, writer, 1, positions[2])).rejects.toMatchObject({
      code: "RECORD_GAP",
      message: expect.stringMatching(new RegExp(`${writer}.*position 2`)) as string,
    });
    expect(texts(await take(log, writer, 4, positions[5]))).toEqual(["r6", "r7", "r8", "r9"]);
    expect(texts(await take(log, writer, 4))).toEqual(["r6", "r7", "r8", "r9"]);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "10" }] });
    await (await reopened(open, writer)).append(writer, Buffer.from("anew"));
    expect(texts(await take(log, writer, 1, positions[9]))).toEqual(["anew"]);
    await expect(take(log, writer, 1, positions[8])).rejects.toMatchObject({ code: "RECORD_GAP" });
  });

  it("compresses where it is told to", async () => {
    const writer = freshWriter();
    const log = open({ compression: "gzip" });
    await log.open([writer]);
    await log.append(writer, Buffer.alloc(500_000, "same"));
    const [record] = await take(log, writer, 1);
    expect(record?.bytes.equals(Buffer.alloc(500_000, "same"))).toBe(true);
  });
});

describe("the log in Kafka, behind a network that fails", () => {
  let failing: LocalKafka;
  let proxy: TcpProxy;
  let log: MutationLog;
  const writer = writerId("eu", "0");
  const places: LogPosition[] = [];

  beforeAll(async () => {
    const port = await freePort();
    proxy = await startTcpProxy({ host: "127.0.0.1", port });
    // clients are sent to the proxy, so nothing of theirs goes past it
    failing = await startLocalKafka({ port, advertised: proxy });
    log = openLog({ kind: "kafka", ...options({ brokers: [`${proxy.host}:${proxy.port}`], answerTimeoutMs: 1_000 }) });
    await log.open([writer]);
    places.push(await log.append(writer, Buffer.from("r0")));
  }, INSTALL_TIMEOUT_MS);
  afterEach(() => {
    proxy.intercept = undefined;
  });
  afterAll(async () => {
    await log.close();
    await failing.stop();
    proxy.stop();
  });

  it("loses nothing and keeps the order when the answer to a stored batch is cut off, with appends queued", async () => {
    const lost = loseAnswers(proxy, 4);
    // 40 records of 120 KB are five batches, all queued at once
    const records = padded(40, 120_000);
    await Promise.all(records.map((record) => log.append(writer, record)));
    expect(lost.count).toBe(4);
    proxy.intercept = undefined;
    const stored = await highOf(failing);
    expect(stored).toBeGreaterThan(41);
    const read = heads(await take(log, writer, stored));
    expect(read).toHaveLength(stored);
    expect([...new Set(read)]).toEqual(["r0", ...heads(records.map((bytes) => ({ bytes })))]);
    expect(log.health()).toMatchObject({ state: "up" });
  });

  it("keeps a fragmented record whole when the answer to its pieces is cut off", async () => {
    const from = await log.end(writer);
    const record = Buffer.alloc(5_000_000, createHash("sha256").update("seed").digest());
    const lost = loseAnswers(proxy, 2);
    const [, position] = await Promise.all([log.append(writer, record), log.append(writer, Buffer.from("small"))]);
    expect(lost.count).toBe(2);
    proxy.intercept = undefined;
    const read = await take(log, writer, 2, from);
    expect(read.filter(({ bytes }) => bytes.equals(record)).length).toBeGreaterThanOrEqual(1);
    expect(read.at(-1)?.bytes.toString()).toBe("small");
    expect(read.at(-1)?.position).toBe(position);
  });

  it("replaces a reader's and a writer's connection on which no answer comes, and goes on", async () => {
    const from = await log.end(writer);
    const reading = take(log, writer, 2, from);
    await log.append(writer, Buffer.from("before"));
    proxy.hold("down");
    const appended = log.append(writer, Buffer.from("after"));
    await expect.poll(() => log.health().state, { timeout: 10_000 }).toBe("down");
    proxy.release("down");
    await appended;
    expect([...new Set(texts(await reading))]).toEqual(["before", "after"]);
    await expect.poll(() => log.health().state, { timeout: 10_000 }).toBe("up");
  });

  it("waits out a broker that is killed and comes back, on both sides", async () => {
    const from = await log.end(writer);
    const reading = take(log, writer, 2, from);
    await log.append(writer, Buffer.from("stored"));
    await failing.kill();
    const appended = log.append(writer, Buffer.from("queued"));
    await expect.poll(() => log.health().state, { timeout: 10_000 }).toBe("down");
    await failing.start();
    await appended;
    expect([...new Set(texts(await reading))]).toEqual(["stored", "queued"]);
  });
});

async function reopened(open: () => MutationLog, writer: WriterId): Promise<MutationLog> {
  const log = open();
  await log.open([writer]);
  return log;
}

async function highOf(broker: LocalKafka): Promise<number> {
  const admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin();
  const [offsets] = await admin.fetchTopicOffsets("test.eu");
  await admin.disconnect();
  return Number(offsets?.high);
}

/** Produce requests (key 0) reach the broker; every second answer, sent once the batch is stored, resets the connection. */
function loseAnswers(proxy: TcpProxy, times: number): { count: number } {
  const PRODUCE = 0;
  const lost = { count: 0 };
  let answers = 0;
  const produced = new Set<number>();
  const at = new Map<number, number>();
  proxy.intercept = (chunk, { direction, connection, offset }) => {
    if (direction === "up") {
      // requests begin where the one before ended: 4 bytes of length, 2 of key
      let next = at.get(connection) ?? offset;
      while (next - offset + 6 <= chunk.length && next >= offset) {
        if (chunk.readInt16BE(next - offset + 4) === PRODUCE) produced.add(connection);
        next += 4 + chunk.readInt32BE(next - offset);
      }
      at.set(connection, next);
      return chunk;
    }
    if (!produced.delete(connection)) return chunk;
    answers += 1;
    if (answers % 2 === 0 || lost.count >= times) return chunk;
    lost.count += 1;
    return "reset";
  };
  return lost;
}
