/** Policies changed while three regions run and clients write: shared keys become local, and shared again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy, PolicyTable, type Policy } from "@meridian/region";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { decodeRecord } from "@meridian/wire";
import { writerId } from "@meridian/words";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import { RegionPipeline } from "./pipeline/region-pipeline.js";

const WAIT = { timeoutMs: 60_000 };
const REGIONS = ["ap", "eu", "us"] as const;
const logger = createLogger({ name: "test", level: "silent", pretty: "never" });
let log: TestRedis;
let folder: string;
const servers: TestRedis[] = [];
const pipelines: RegionPipeline[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-policy-change-"));
  log = await startRedis();
  servers.push(...(await Promise.all(REGIONS.map(() => startRedis()))));
});
afterAll(async () => {
  for (const pipeline of pipelines) await pipeline.stop();
  for (const server of [log, ...servers]) await server.stop();
  await rm(folder, { recursive: true });
});

async function start(at: number): Promise<RegionPipeline> {
  const region = REGIONS[at] as string;
  const peers = REGIONS.filter((other) => other !== region).join(",");
  const args = ["--region", region, "--peers", peers, "--servers-0-url", (servers[at] as TestRedis).url, "--log-redis-url", log.url, "--store-path", folder];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  const pipeline = new RegionPipeline({ options: loaded.options, server: loaded.options.servers[0]!, logger });
  pipelines[at] = pipeline;
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...WAIT, what: `${region} to run` });
  return pipeline;
}

function tableOf(...rows: readonly (readonly [string, string])[]): PolicyTable {
  return new PolicyTable(rows.map(([prefix, policy]) => ({ prefix, policy: parsePolicy(policy) as Policy })));
}

const client = (at: number): ReturnType<TestRedis["client"]> => (servers[at] as TestRedis).client();
const isInForce = (version: number): boolean => pipelines.every((pipeline) => pipeline.status().policies.version === version && pipeline.status().policies.stage === "done");

it("all regions switch at one place of their logs, under traffic; a restart keeps what was decided", async () => {
  for (const at of REGIONS.keys()) await start(at);
  let isWriting = true;
  const acknowledged = [0, 0, 0];
  const traffic = REGIONS.map(async (_, at) => {
    while (isWriting) {
      await client(at).pipeline().incr("count").set(`s:${at}`, acknowledged[at] ?? 0).rpush(`s:list${at}`, "x").exec();
      acknowledged[at] = (acknowledged[at] ?? 0) + 1;
    }
  });
  await waitFor(() => acknowledged.every((count) => count > 20), { ...WAIT, what: "traffic" });
  const [ap, eu] = pipelines as [RegionPipeline, RegionPipeline, RegionPipeline];
  expect(ap.changePolicies({ action: "propose", table: tableOf(["s:", "lww"]) })?.refusal).toContain("change it to local");
  expect(eu.changePolicies({ action: "propose", table: tableOf(["s:", "local"]) })).toMatchObject({ refusal: "", transitions: [{ prefix: "s:", from: "crdt", to: "local", kind: "leave" }] });
  await waitFor(() => isInForce(1), { ...WAIT, what: "the keys to be local everywhere" });
  isWriting = false;
  await Promise.all(traffic);
  const total = acknowledged.reduce((sum, count) => sum + count, 0);
  for (const at of REGIONS.keys()) await waitFor(async () => (await client(at).get("count")) === String(total), { ...WAIT, what: "the shared counter everywhere" });
  // What each wrote last stays with it.
  for (const at of REGIONS.keys()) expect(await client(at).get(`s:${at}`)).toBe(String((acknowledged[at] ?? 0) - 1));
  await checkLogs();

  await ap.stop();
  const again = await start(0);
  expect(again.status().policies).toMatchObject({ version: 1, stage: "done", rows: [{ prefix: "s:", policy: "local" }] });
  expect(again.status().notices?.join()).toContain("are not those of the options: s:=local");

  await client(0).sadd("s:set", "of ap");
  await client(2).sadd("s:set", "of us");
  expect(again.changePolicies({ action: "propose", table: tableOf() })?.refusal).toBe("");
  await waitFor(() => isInForce(2), { ...WAIT, what: "the keys to be shared everywhere" });
  for (const at of REGIONS.keys()) {
    await waitFor(async () => (await client(at).scard("s:set")) === 2, { ...WAIT, what: "both members everywhere" });
    for (const of of REGIONS.keys()) await waitFor(async () => (await client(at).get(`s:${of}`)) !== null, { ...WAIT, what: "strings everywhere" });
  }
  for (const of of REGIONS.keys()) {
    await waitFor(async () => new Set(await Promise.all([...REGIONS.keys()].map((at) => client(at).get(`s:${of}`)))).size === 1, { ...WAIT, what: "equal strings" });
  }
}, 240_000);

/** In each log the version rises once, and behind it nothing of the keys is written. */
async function checkLogs(): Promise<void> {
  for (const region of REGIONS) {
    const writer = writerId(region, "0");
    const records = (await log.client().xrangeBuffer(`meridian:log:${writer}`, "-", "+")).map(([, fields]) => decodeRecord(fields[fields.length - 1] as Buffer, writer));
    const versions = records.map(({ policyVersion }) => policyVersion);
    expect([...versions].sort((a, b) => a - b)).toEqual(versions);
    expect(new Set(versions)).toEqual(new Set([0, 1]));
    for (const { policyVersion, frames } of records) {
      for (const frame of frames) frame.forEach(({ key }) => expect(policyVersion === 1 && key.startsWith("s:")).toBe(false));
    }
  }
}
