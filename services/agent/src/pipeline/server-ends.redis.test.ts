/** A server that ends at once, while its clients write: what it has sent is captured, and it is followed on when it is there again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { RegionPipeline } from "./region-pipeline.js";

const LIMIT = { timeoutMs: 20_000 };
/** Written between the end of the agent's other connection and that of the server. */
const LAST_WRITES = 500;
const logger = createLogger({ name: "test", level: "error", pretty: "never" });
let server: TestRedis;
let logServer: TestRedis;
let folder: string;
let pipeline: RegionPipeline;
let isWriting: boolean;

beforeEach(async () => {
  [server, logServer] = await Promise.all([startRedis(), startRedis()]);
  folder = await mkdtemp(join(tmpdir(), "meridian-ends-"));
  const args = ["--region", "eu", "--servers-0-url", server.url, "--log-redis-url", logServer.url, "--store-path", folder];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  pipeline = new RegionPipeline({ options: loaded.options, server: loaded.options.servers[0]!, logger });
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...LIMIT, what: "the pipeline to run" });
});
afterEach(async () => {
  isWriting = false;
  await pipeline.stop();
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

/** In one go: the agent's other connection ends, clients write on, and the server ends, waiting for no replica. */
async function shutDown(how: "SAVE" | "NOSAVE"): Promise<void> {
  const client = server.client({ retryStrategy: () => null });
  await client.config("SET", "shutdown-timeout", "0");
  const other = /id=(\d+) [^\n]*name=meridian-apply/.exec((await client.client("LIST")) as string)?.[1];
  expect(other).toBeDefined();
  const commands = client.pipeline().call("CLIENT", "KILL", "ID", other ?? "");
  for (let write = 0; write < LAST_WRITES; write += 1) commands.set("last", String(write));
  await commands.call("SHUTDOWN", how).exec().catch(() => undefined);
  await waitFor(() => !server.running, { ...LIMIT, what: "the server to end" });
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
    written += (await writing) + LAST_WRITES;
    await server.start();
    await waitFor(() => pipeline.status().state !== "running" || hasPublished(written), { ...LIMIT, what: "the agent to notice" });
    await waitFor(() => pipeline.status().state === "running" && hasPublished(written), { ...LIMIT, what: () => `the pipeline to go on: ${told(written)}` });
  }
});

test("without its data, what it acknowledged before is published all the same", { timeout: 60_000 }, async () => {
  const writing = writeOn();
  await waitFor(() => pipeline.counters.mutations > 0, { ...LIMIT, what: "writes to be captured" });
  await shutDown("NOSAVE");
  const written = await writing;
  // What was captured and is not in the log yet goes there once the server answers, of whatever history it is.
  await server.start();
  await waitFor(() => hasPublished(written), { ...LIMIT, what: () => `everything to be published: ${told(written)}` });
});
