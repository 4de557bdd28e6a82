import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "@meridian/log";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, startTcpProxy, waitFor, type TestRedis } from "@meridian/testkit";
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

function optionsOf(region: string, store: string, url = server.url, ...more: string[]): AgentOptions {
  const args = [...more, "--region", region, "--servers-0-url", url, "--log-redis-url", server.url, "--store-path", join(folder, store)];
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

test("a first write into an empty server is not lost, where it comes between the first question and the beginning of the stream", async () => {
  const empty = await startRedis();
  const proxy = await startTcpProxy(empty);
  // The first words of a replica: whoever follows the server has asked it about itself before.
  const isHeld = new Promise<void>((resolve) => {
    proxy.intercept = (chunk, { direction }) => {
      if (direction === "up" && chunk.includes("REPLCONF")) {
        proxy.intercept = undefined;
        proxy.hold("down");
        resolve();
      }
      return chunk;
    };
  });
  const pipeline = pipelineOf(optionsOf("new", "new", `redis://${proxy.host}:${proxy.port}`, "--capture-probe", "never"));
  await pipeline.start();
  await isHeld;
  await empty.client().set("first", "1");
  proxy.release("down");
  await waitFor(() => pipeline.counters.mutations === 1 && pipeline.status().publish.pendingRecords === 0, { timeoutMs: 10_000, what: "the write to be published" });
  await pipeline.stop();
  proxy.stop();
  await empty.stop();
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

test("a server is probed before it is first followed, and again in another version; a rewrite that is not known is refused", async () => {
  const client = server.client();
  const calls = async (): Promise<number> => Number(/cmdstat_hincrbyfloat:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);
  const folderOf = "probed";
  const lives: number[] = [];
  for (let life = 0; life < 2; life += 1) {
    const pipeline = pipelineOf(optionsOf("ap", folderOf));
    await pipeline.start();
    await waitFor(() => pipeline.status().state === "running", { timeoutMs: 10_000, what: "the pipeline to run" });
    expect(pipeline.status().notices).toBeUndefined();
    lives.push(await calls());
    await pipeline.stop();
  }
  expect(lives[0]).toBeGreaterThan(0);
  expect(lives[1]).toBe(lives[0]);
  expect(await client.keys("meridian:probe:*")).toEqual([]);
});

test("a rewrite that is not known is refused by name before anything is followed, unless the option accepts it", async () => {
  // What the probe sends as APPEND arrives as GETSET, of as many bytes: the stream carries another command than it should.
  const proxy = await startTcpProxy({ host: server.host, port: server.port });
  proxy.intercept = (chunk, { direction }) => (direction === "up" ? Buffer.from(chunk.toString("latin1").replaceAll("APPEND", "GETSET"), "latin1") : chunk);
  const url = `redis://${proxy.host}:${proxy.port}`;
  const refused = pipelineOf(optionsOf("bent", "bent", url));
  let fatal: unknown;
  refused.onFatal((error) => (fatal = error));
  await refused.start();
  await waitFor(() => fatal !== undefined, { timeoutMs: 10_000, what: "the refusal" });
  expect(fatal).toMatchObject({ code: "UNKNOWN_REWRITE", retryable: false, message: expect.stringContaining("append (came as SET k x)") as string });
  expect(refused.status().capture.offset).toBe(0);
  await refused.stop();
  const told = pipelineOf(optionsOf("bent", "bent", url, "--capture-accept-unknown-rewrites"));
  await told.start();
  await waitFor(() => told.status().state === "running", { timeoutMs: 10_000, what: "the pipeline to run" });
  expect(told.status().notices).toEqual([expect.stringContaining("accepted by option: append")]);
  await told.stop();
  proxy.stop();
});
