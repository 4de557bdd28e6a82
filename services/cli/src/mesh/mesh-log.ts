/**
 * The log server of a local mesh: one more redis-server for the embedded log, or a Kafka broker.
 *
 * Promises a log that takes records when {@link startMeshLog} returns, and the `log` part of every agent's
 * configuration.
 */
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { kafkaBroker, LocalKafka, startRedis, type TestRedis } from "@meridian/testkit";
import { MeridianError } from "@meridian/words";

/** Which log a mesh uses. */
export type MeshLogKind = "redis" | "kafka";

/** A running log server. */
export interface MeshLog {
  readonly kind: MeshLogKind;
  /** redis:// URL, or host:port of the broker. */
  readonly address: string;
  /** The server's process, where it is ours. */
  readonly pid: number | undefined;
  /** False once the process has ended by itself. */
  readonly running: boolean;
  /** The `log` part of an agent's configuration. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The embedded log's server, to be paused, killed and restarted by tests; undefined for Kafka. */
  readonly server: TestRedis | undefined;
  stop(): Promise<void>;
}

/** Where to put a log server. */
export interface MeshLogOptions {
  readonly port?: number;
  /** Keeps the log's data here between two runs; otherwise nothing is kept. */
  readonly keepIn?: string;
}

/** Starts the log server. Throws `BAD_OPTION` where a Kafka log is to be kept. */
export async function startMeshLog(kind: MeshLogKind, options: MeshLogOptions): Promise<MeshLog> {
  return kind === "redis" ? startEmbedded(options) : startKafka(options);
}

async function startEmbedded({ port, keepIn }: MeshLogOptions): Promise<MeshLog> {
  const dir = keepIn === undefined ? undefined : join(keepIn, "log");
  if (dir !== undefined) await mkdir(dir, { recursive: true });
  // a log that is kept must not lose what it acknowledged when it is killed
  const kept = dir === undefined ? {} : { dir, args: ["--appendonly", "yes"] };
  const server = await startRedis({ ...(port === undefined ? {} : { port }), ...kept });
  return {
    kind: "redis",
    address: server.url,
    get pid() {
      return server.pid;
    },
    get running() {
      return server.running;
    },
    config: { kind: "redis", redis: { url: server.url } },
    server,
    async stop() {
      await server.shutdown(dir !== undefined);
      await server.stop();
    },
  };
}

async function startKafka({ port, keepIn }: MeshLogOptions): Promise<MeshLog> {
  if (keepIn !== undefined) {
    throw new MeridianError("BAD_OPTION", "a local Kafka broker's data cannot be kept", {
      advice: "leave --data away, or use --log redis",
    });
  }
  const broker = await kafkaBroker(port === undefined ? {} : { port });
  const local = broker instanceof LocalKafka ? broker : undefined;
  return {
    kind: "kafka",
    address: broker.brokers.join(","),
    get pid() {
      return local?.pid;
    },
    get running() {
      return local === undefined || local.pid !== undefined;
    },
    config: { kind: "kafka", kafka: { brokers: [...broker.brokers], replicationFactor: 1 } },
    server: undefined,
    stop: () => broker.stop(),
  };
}
