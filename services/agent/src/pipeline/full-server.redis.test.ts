/** A server at maxmemory that may not evict: what clients can still do there is published, what peers write waits, nothing is lost. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { RegionPipeline } from "./region-pipeline.js";

const LIMIT = { timeoutMs: 20_000 };
/** Keys whose removal takes several times the backlog's bytes in the stream. */
const KEYS = 1000;
const logger = createLogger({ name: "test", level: "error", pretty: "never" });
let servers: TestRedis[];
let folder: string;
let pipelines: RegionPipeline[];
let [eu, us]: Redis[] = [];

function pipelineOf(region: string, peer: string, at: number): RegionPipeline {
  const logUrl = servers[2]?.url ?? "";
  const args = ["--region", region, "--peers", peer, "--servers-0-url", servers[at]?.url ?? "", "--log-redis-url", logUrl, "--store-path", join(folder, region)];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  return new RegionPipeline({ options: loaded.options, server: loaded.options.servers[0]!, logger });
}

async function begin(pipeline: RegionPipeline): Promise<void> {
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...LIMIT, what: () => `the pipeline to run: ${JSON.stringify(pipeline.status())}` });
}

beforeEach(async () => {
  servers = await Promise.all([startRedis(), startRedis({ args: ["--repl-backlog-size", "16kb"] }), startRedis()]);
  folder = await mkdtemp(join(tmpdir(), "meridian-full-"));
  [eu, us] = servers.map((server) => server.client());
  pipelines = [pipelineOf("eu", "us", 0), pipelineOf("us", "eu", 1)];
  await Promise.all(pipelines.map(begin));
});
afterEach(async () => {
  await Promise.all(pipelines.map((pipeline) => pipeline.stop()));
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true });
});

const seen = (what: string, holds: () => Promise<boolean>): Promise<unknown> =>
  waitFor(holds, { ...LIMIT, what: () => `${what}: ${JSON.stringify(pipelines.map((pipeline) => pipeline.status()))}` });

test("removals are published, before and while peers' writes wait and over a start, and room lets everything go on", { timeout: 90_000 }, async () => {
  const [writer, full] = [eu, us] as [Redis, Redis];
  const fill = writer.pipeline();
  for (let n = 0; n < KEYS; n += 1) fill.set(`a key with a name of some length ${n}`, "value");
  await fill.set("old", "x".repeat(100)).exec();
  await seen("us to have all", async () => (await full.exists("old", `a key with a name of some length ${KEYS - 1}`)) === 2);
  await full.config("SET", "maxmemory", "1");
  await expect(full.set("k", "v")).rejects.toThrow("OOM");
  // The result of a RENAME is not in the stream: it must be read.
  await full.rename("old", "new");
  await seen("eu to have it renamed", async () => (await writer.exists("new")) === 1 && (await writer.exists("old")) === 0);
  await pipelines[1]?.stop();
  await full.del("new");
  const again = (pipelines[1] = pipelineOf("us", "eu", 1));
  await begin(again);
  await seen("eu to have it deleted", async () => (await writer.exists("new")) === 0);
  await writer.set("late", "1");
  await writer.del("a key with a name of some length 0");
  await waitFor(() => again.status().reason, { ...LIMIT, what: "the status to say that the server is full" });
  expect(again.status()).toMatchObject({ state: "running", reason: expect.stringContaining("maxmemory") as string, notices: [expect.stringContaining("maxmemory")] });
  for (let n = 1; n < KEYS; n += 50) await full.pipeline(Array.from({ length: 50 }, (_, at) => ["del", `a key with a name of some length ${n + at}`])).exec();
  await seen("eu to be without them", async () => (await writer.keys("a key*")).length === 0);
  expect([await full.exists("late"), again.failure, again.status().state]).toEqual([0, undefined, "running"]);
  await full.config("SET", "maxmemory", "0");
  await seen("us to take what waited", async () => (await full.get("late")) === "1" && (await full.exists("a key with a name of some length 0")) === 0);
  await waitFor(() => again.status().reason === undefined && again.status().notices === undefined, { ...LIMIT, what: "the status to say nothing any more" });
});
