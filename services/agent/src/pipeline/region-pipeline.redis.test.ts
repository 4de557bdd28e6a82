import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "@meridian/log";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { writerId } from "@meridian/words";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { logConfigOf } from "./log-config.js";
import { RegionPipeline } from "./region-pipeline.js";
import type { AgentOptions } from "../options.js";

let server: TestRedis;
let folder: string;
const logger = createLogger({ name: "test", level: "error", pretty: "never" });

beforeAll(async () => {
  server = await startRedis();
  folder = await mkdtemp(join(tmpdir(), "meridian-pipeline-"));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function optionsOf(region: string, store: string): AgentOptions {
  const args = ["--region", region, "--servers-0-url", server.url, "--log-redis-url", server.url, "--store-path", join(folder, store)];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  return loaded.options;
}

function pipelineOf(options: AgentOptions): RegionPipeline {
  return new RegionPipeline({ options, server: options.servers[0]!, logger });
}

test("an empty store beside a log that holds this writer's records is a lost store: refused, and nothing is published", async () => {
  const options = optionsOf("eu", "lost");
  const log = openLog(logConfigOf(options));
  const eu = writerId("eu", "0");
  await log.open([eu]);
  await log.append(eu, Buffer.from("a record of an earlier life"));
  const pipeline = pipelineOf(options);
  await expect(pipeline.start()).rejects.toMatchObject({ code: "STORE_LOST", retryable: false });
  await pipeline.stop();
  expect(await server.client().xlen("meridian:log:eu/0")).toBe(1);
  await log.close();
});

test("a store that published before goes on", async () => {
  const options = optionsOf("us", "kept");
  for (const value of ["1", "2"]) {
    const pipeline = pipelineOf(options);
    await pipeline.start();
    await waitFor(() => pipeline.status().state === "running", { timeoutMs: 10_000, what: "the pipeline to run" });
    await server.client().set("k", value);
    await waitFor(() => pipeline.counters.mutations === 1 && pipeline.status().publish.pendingRecords === 0, { timeoutMs: 10_000, what: "the write to be published" });
    await pipeline.stop();
  }
  expect(await server.client().xlen("meridian:log:us/0")).toBe(2);
});
