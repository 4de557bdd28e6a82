import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, startLocalKafka, type LocalKafka } from "@meridian/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshWriter, heads, take } from "./acceptance.js";
import type { KafkaLogOptions } from "./kafka-options.js";
import { openLog } from "./open-log.js";
import type { MutationLog } from "./port.js";

/** The first run of all fetches the broker's jars. */
const INSTALL_TIMEOUT_MS = 320_000;
const LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

let broker: LocalKafka;
let folder: string;
let securePort: number;
let ca: Buffer;

/** A broker with a second listener, which speaks TLS and asks for a name and a password. */
async function startSecureKafka(): Promise<LocalKafka> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  await promisify(execFile)("openssl", [...request, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]);
  ca = await readFile(cert);
  const store = join(folder, "store.pem");
  await writeFile(store, Buffer.concat([await readFile(key), ca]));
  const [port, controllerPort] = [await freePort(), await freePort()];
  securePort = await freePort();
  const places = `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${securePort}`;
  return startLocalKafka({
    port,
    settings: {
      listeners: `${places},CONTROLLER://127.0.0.1:${controllerPort}`,
      "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
      "advertised.listeners": places,
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL",
      "listener.name.secure.ssl.keystore.type": "PEM",
      "listener.name.secure.ssl.keystore.location": store,
      "listener.name.secure.sasl.enabled.mechanisms": "PLAIN",
      "listener.name.secure.plain.sasl.jaas.config": `${LOGIN} user_meridian="secret";`,
    },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-kafka-tls-"));
  broker = await startSecureKafka();
}, INSTALL_TIMEOUT_MS);
afterAll(async () => {
  await broker.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("the log in a Kafka that asks for TLS and a login", () => {
  const open = (more: Partial<KafkaLogOptions>): MutationLog =>
    openLog({ kind: "kafka", brokers: [`127.0.0.1:${securePort}`], topicPrefix: "secure", replicationFactor: 1, retentionMs: 3_600_000, ...more });
  const sasl = { mechanism: "plain", username: "meridian", password: "secret" } as const;

  it("writes and reads with both", async () => {
    const log = open({ tls: { ca }, sasl });
    const writer = freshWriter();
    try {
      await log.open([writer]);
      await log.append(writer, Buffer.from("one"));
      await log.append(writer, Buffer.from("two"));
      expect(heads(await take(log, writer, 2))).toEqual(["one", "two"]);
    } finally {
      await log.close();
    }
  });

  it("names the option that may be wrong", async () => {
    const wrong = [
      [{ tls: { ca }, sasl: { ...sasl, mechanism: "scram-sha-256" } }, /sasl/],
      [{ tls: { ca }, sasl: { ...sasl, password: "other" } }, /sasl/],
      [{ tls: { ca } }, /sasl/],
      [{ sasl }, /tls/],
      [{ tls: {}, sasl }, /tls/],
    ] as const;
    for (const [options, advice] of wrong) {
      const log = open(options);
      await expect(log.open([freshWriter()])).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", advice: expect.stringMatching(advice) as string });
      await log.close();
    }
  });
});
