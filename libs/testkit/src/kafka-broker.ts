/**
 * A real Apache Kafka broker (KRaft) for a test or a local mesh.
 *
 * Promises a broker that answers when {@link kafkaBroker} returns: the one named by MERIDIAN_TEST_KAFKA; else one in a
 * container, where a container runtime answers; else a JVM of our own, whose jars Maven fetched once (kafka-install.ts),
 * on 127.0.0.1, with an empty temporary folder, ended with this process however that ends. A JVM broker takes about
 * 1.6 s to start, so each test file may have its own. Never skips: without any of the three it throws with the remedy.
 *
 * The container way has not been run by us (no container runtime where this was written).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, cp, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { Kafka, logLevel } from "kafkajs";
import { guardChild } from "./child-guard.js";
import { freePort } from "./free-port.js";
import { installKafka, KAFKA_JVM_FLAGS, type KafkaInstall } from "./kafka-install.js";
import { waitFor } from "./wait-for.js";

/** How to start a broker. Any of these options asks for a JVM of our own. */
export interface KafkaBrokerOptions {
  /** What the broker tells clients to connect to, for example a fault proxy in front of it. */
  readonly advertised?: { readonly host: string; readonly port: number };
  /** A free port by default. */
  readonly port?: number;
  /** More lines of server.properties; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A broker to test with. */
export interface KafkaBroker {
  /** `host:port` of the broker itself. */
  readonly brokers: readonly string[];
  readonly kind: "given" | "container" | "local";
  /** Ends what was started; a given broker is left alone. */
  stop(): Promise<void>;
}

/** Until the broker answers. */
const READY_TIMEOUT_MS = 60_000;
/** Somebody may take a free port before the broker does. */
const PORT_ATTEMPTS_MAX = 5;
/** Confluent's image of Apache Kafka 4.1, the one that the testcontainers class knows how to start. */
const CONTAINER_IMAGE = "confluentinc/cp-kafka:8.1.0";
const CONTAINER_PORT = 9093;

/** Finds or starts a broker: see the head of this file for the order. Throws `LOG_UNAVAILABLE` where there is none. */
export async function kafkaBroker(
  options: KafkaBrokerOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<KafkaBroker> {
  if (Object.keys(options).length === 0) {
    const given = env["MERIDIAN_TEST_KAFKA"];
    if (given) return { brokers: given.split(","), kind: "given", stop: () => Promise.resolve() };
    const container = await containerBroker(env);
    if (container) return container;
  }
  return startLocalKafka(options);
}

/** Starts a JVM broker, whatever else there is. */
export async function startLocalKafka(options: KafkaBrokerOptions = {}): Promise<LocalKafka> {
  const install = await installKafka();
  for (let attempt = 1; ; attempt += 1) {
    const broker = await LocalKafka.prepare(install, options);
    try {
      await broker.start();
      return broker;
    } catch (error) {
      await broker.stop();
      const taken = /Address already in use/i.test(String(error));
      if (!taken || options.port !== undefined || attempt >= PORT_ATTEMPTS_MAX) throw error;
    }
  }
}

/** A JVM broker. Made by {@link startLocalKafka}. */
export class LocalKafka implements KafkaBroker {
  readonly kind = "local";
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly brokers: readonly string[];
  readonly #install: KafkaInstall;
  readonly #dir: string;
  readonly #bootstrap: string;
  #child: ChildProcess | undefined;
  #release: () => void = () => undefined;

  private constructor(install: KafkaInstall, dir: string, port: number, advertised: string) {
    this.#install = install;
    this.#dir = dir;
    this.port = port;
    this.#bootstrap = advertised;
    this.brokers = [`${this.host}:${port}`];
  }

  /** Writes the broker's folder; nothing runs yet. */
  static async prepare(install: KafkaInstall, options: KafkaBrokerOptions): Promise<LocalKafka> {
    const dir = await mkdtemp(join(tmpdir(), "meridian-kafka-"));
    const port = options.port ?? (await freePort());
    const advertised = options.advertised ?? { host: "127.0.0.1", port };
    await cp(install.formatted, join(dir, "data"), { recursive: true });
    const listener = `${advertised.host}:${advertised.port}`;
    const lines = { ...serverProperties(port, await freePort(), listener, join(dir, "data")), ...options.settings };
    const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(dir, "server.properties"), text.join(""));
    return new LocalKafka(install, dir, port, listener);
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process (again, after {@link kill}: same port, same data) and waits until it answers. */
  async start(): Promise<void> {
    if (this.#child) throw new Error(`the broker on port ${this.port} runs already`);
    const log = await open(join(this.#dir, "broker.log"), "a");
    const args = [...KAFKA_JVM_FLAGS, "-cp", this.#install.classPath, "kafka.Kafka", join(this.#dir, "server.properties")];
    const child = spawn("java", args, { stdio: ["ignore", log.fd, log.fd], detached: true, cwd: this.#dir });
    let failure: string | undefined;
    child.once("error", (error) => (failure = error.message));
    child.once("exit", (code, signal) => (failure ??= `it ended with ${signal ?? `code ${code}`}`));
    await log.close();
    if (child.pid === undefined) {
      await once(child, "error").catch(() => undefined);
      throw new Error(`cannot start java: ${failure ?? "no process"}`);
    }
    this.#child = child;
    this.#release = guardChild(child, this.#dir);
    child.unref();
    try {
      await waitFor(() => failure !== undefined || answers(this.#bootstrap), {
        timeoutMs: READY_TIMEOUT_MS,
        pollMs: 20,
        what: `an answer of the Kafka broker on port ${this.port}`,
      });
      if (failure !== undefined) throw new Error(failure);
    } catch (error) {
      const text = await this.log();
      await this.kill();
      const message = `the Kafka broker on port ${this.port} did not start: ${String(error)}\n${text}`;
      throw new MeridianError("LOG_UNAVAILABLE", message, { advice: "see the broker's own words above", cause: error });
    }
  }

  /** The broker's own output, last 4 KB. */
  async log(): Promise<string> {
    return (await readFile(join(this.#dir, "broker.log"), "utf8").catch(() => "")).slice(-4096);
  }

  /** Freezes the process (SIGSTOP): connections stay, nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets a frozen process go on (SIGCONT). */
  continue(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the process at once; the data stays for {@link start}. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      child.ref();
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    this.#release();
  }

  /** Ends the process and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** Whether a broker answers as the controller of its cluster, asked through its advertised address. */
async function answers(bootstrap: string): Promise<boolean> {
  const settings = { clientId: "meridian-testkit", brokers: [bootstrap], logLevel: logLevel.NOTHING };
  const admin = new Kafka({ ...settings, connectionTimeout: 1_000, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** The smallest useful broker: defaults are made for servers, and cost 128 MB and seconds here. */
function serverProperties(port: number, controllerPort: number, advertised: string, dataDir: string): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://${advertised}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": dataDir,
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    // a killed broker comes back when its old session has run out: 9 s by default
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
  };
}

/** A broker in a container, where a container runtime answers. Loaded lazily: nobody else needs testcontainers. */
async function containerBroker(env: Readonly<Record<string, string | undefined>>): Promise<KafkaBroker | undefined> {
  const socket = await access("/var/run/docker.sock").then(
    () => true,
    () => false,
  );
  if (!socket && env["DOCKER_HOST"] === undefined) return undefined;
  const { getContainerRuntimeClient } = await import("testcontainers");
  const answered = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  if (!answered) return undefined;
  const { KafkaContainer } = await import("@testcontainers/kafka");
  const container = await new KafkaContainer(CONTAINER_IMAGE).withKraft().start();
  const address = `${container.getHost()}:${container.getMappedPort(CONTAINER_PORT)}`;
  return { brokers: [address], kind: "container", stop: async () => void (await container.stop()) };
}
