import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kafkaBroker, startLocalKafka, type LocalKafka } from "./kafka-broker.js";
import { installKafka } from "./kafka-install.js";
import { startTcpProxy } from "./tcp-proxy.js";
import { freePort } from "./free-port.js";

/** The first run of all fetches the jars. */
const INSTALL_TIMEOUT_MS = 320_000;

describe("a Kafka broker for tests", () => {
  let broker: LocalKafka;
  beforeAll(async () => {
    broker = await startLocalKafka();
  }, INSTALL_TIMEOUT_MS);
  afterAll(() => broker.stop());

  it("keeps what was acknowledged through a kill and a start", async () => {
    const kafka = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: "kept", numPartitions: 1 }] });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: "kept", acks: -1, messages: [{ partition: 0, value: "x" }] });
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    await broker.kill();
    await broker.start();
    const again = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin();
    expect(await again.fetchTopicOffsets("kept")).toMatchObject([{ partition: 0, high: "1" }]);
    await again.disconnect();
  });

  it("sends clients to the advertised address", async () => {
    const port = await freePort();
    const proxy = await startTcpProxy({ host: "127.0.0.1", port });
    const fronted = await startLocalKafka({ port, advertised: proxy });
    try {
      const admin = new Kafka({ brokers: [...fronted.brokers], logLevel: logLevel.NOTHING }).admin();
      const { brokers } = await admin.describeCluster();
      expect(brokers).toMatchObject([{ host: proxy.host, port: proxy.port }]);
      await admin.disconnect();
    } finally {
      await fronted.stop();
      proxy.stop();
    }
  });

  it("is an error with the remedy where there is no Maven", async () => {
    const cache = await mkdtemp(join(tmpdir(), "meridian-no-kafka-"));
    try {
      await expect(installKafka(cache, { PATH: "/nowhere" })).rejects.toMatchObject({
        code: "LOG_UNAVAILABLE",
        message: expect.stringContaining("mvn failed: it is not installed") as string,
        advice: expect.stringContaining("install Maven") as string,
      });
      expect(await readdir(cache)).toEqual([]);
    } finally {
      await rm(cache, { recursive: true });
    }
  });

  it("takes a given broker and leaves it alone", async () => {
    const given = await kafkaBroker({}, { MERIDIAN_TEST_KAFKA: "a:1,b:2" });
    expect(given).toMatchObject({ kind: "given", brokers: ["a:1", "b:2"] });
    await given.stop();
  });
});
