/** A server that ends at once, while its clients write: what it has sent is captured, and it is followed on when it is there again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, startTcpProxy, waitFor, type TcpProxy, type TestRedis } from "@meridian/testkit";
import { afterEach, beforeEach, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { RegionPipeline } from "./region-pipeline.js";

const LIMIT = { timeoutMs: 20_000 };
/** The stream comes so much later than the end of the other connection. */
const DELAY_MS = 60;
const EMPTY = Buffer.alloc(0);
const logger = createLogger({ name: "test", level: "error", pretty: "never" });
let server: TestRedis;
let logServer: TestRedis;
let proxy: TcpProxy;
let folder: string;
let pipeline: RegionPipeline;
let isWriting: boolean;

beforeEach(async () => {
  [server, logServer] = await Promise.all([startRedis(), startRedis()]);
  proxy = await startTcpProxy({ host: server.host, port: server.port });
  folder = await mkdtemp(join(tmpdir(), "meridian-ends-"));
  const url = `redis://${proxy.host}:${proxy.port}`;
  const args = ["--region", "eu", "--servers-0-url", url, "--log-redis-url", logServer.url, "--store-path", folder];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  pipeline = new RegionPipeline({ options: loaded.options, server: loaded.options.servers[0]!, logger });
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...LIMIT, what: "the pipeline to run" });
});
afterEach(async () => {
  isWriting = false;
  await pipeline.stop();
  proxy.stop();
  await Promise.all([server.stop(), logServer.stop()]);
  await rm(folder, { recursive: true });
});

/** Writes one key after the other until the server ends; resolves with how many it has acknowledged. */
async function writeOn(): Promise<number> {
  const client = server.client({ retryStrategy: () => null });
  let written = 0;
  isWriting = true;
  while (isWriting && (await client.set(`k${written}`, "v").catch(() => undefined)) === "OK") written += 1;
  return written;
}

/** SHUTDOWN that waits for no replica. Its stream comes late; acknowledgements get lost, for the proxy would take them for a reset. */
async function shutDown(how: "SAVE" | "NOSAVE"): Promise<void> {
  proxy.delayMs.down = DELAY_MS;
  proxy.intercept = (chunk, { direction }) => (direction === "up" ? EMPTY : chunk);
  const client = server.client({ retryStrategy: () => null });
  await client.config("SET", "shutdown-timeout", "0");
  await client.call("SHUTDOWN", how).catch(() => undefined);
  await waitFor(() => !server.running, { ...LIMIT, what: "the server to end" });
  proxy.intercept = undefined;
  proxy.delayMs.down = 0;
}

function hasPublished(writes: number): boolean {
  return pipeline.counters.mutations >= writes && pipeline.status().publish.pendingRecords === 0;
}

function told(written: number): string {
  return `${pipeline.counters.mutations} of ${written} captured; ${JSON.stringify(pipeline.status().publish)}, ${pipeline.failure?.message ?? "no failure"}`;
}

test("with its data saved, it is followed on from where it stopped, again and again", { timeout: 60_000 }, async () => {
  let written = 0;
  for (let round = 0; round < 3; round += 1) {
    const writing = writeOn();
    await waitFor(() => pipeline.counters.mutations > written, { ...LIMIT, what: "writes to be captured" });
    await shutDown("SAVE");
    written += await writing;
    await server.start();
    await waitFor(() => pipeline.status().state !== "running" || hasPublished(written), { ...LIMIT, what: "the agent to notice" });
    await waitFor(() => pipeline.status().state === "running" && hasPublished(written), { ...LIMIT, what: () => `the pipeline to go on: ${told(written)}` });
  }
});

test("with or without its data, what it acknowledged before stands in the log", { timeout: 60_000 }, async () => {
  const writing = writeOn();
  await waitFor(() => pipeline.counters.mutations > 0, { ...LIMIT, what: "writes to be captured" });
  await shutDown("NOSAVE");
  const written = await writing;
  await waitFor(() => hasPublished(written), { ...LIMIT, what: () => `everything to be published: ${told(written)}` });
});
