/**
 * The log server of a local mesh: one more redis-server for the embedded log, or a Kafka broker.
 *
 * Promises a log that takes records when {@link startMeshLog} returns, and the `log` part of every agent's
 * configuration.
 */
import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import { startRedis, type TestRedis } from "@meridian/testkit";

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

/** Starts the log server. */
export async function startMeshLog(kind: MeshLogKind, options: MeshLogOptions): Promise<MeshLog> {
  return kind === "redis" ? startEmbedded(options) : startKafka();
}

async function startEmbedded({ port, keepIn }: MeshLogOptions): Promise<MeshLog> {
  const dir = keepIn === undefined ? undefined : join(keepIn, "log");
  if (dir !== undefined) await mkdir(dir, { recursive: true });
  const server = await startRedis({ ...(port === undefined ? {} : { port }), ...(dir === undefined ? {} : { dir }) });
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
