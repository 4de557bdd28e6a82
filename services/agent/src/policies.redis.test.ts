/** Policies on real servers: what is local never enters the log, which is read for it; a home flags; tables must agree. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import type { AgentOptions } from "./options.js";
import { RegionPipeline } from "./pipeline/region-pipeline.js";

const WAIT = { timeoutMs: 15_000 };
const logger = createLogger({ name: "test", level: "silent", pretty: "never" });
let servers: readonly [TestRedis, TestRedis, TestRedis];
let folder: string;
const running: RegionPipeline[] = [];

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  folder = await mkdtemp(join(tmpdir(), "meridian-policies-"));
});
afterAll(async () => {
  for (const pipeline of running) await pipeline.stop();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true });
});

function optionsOf(region: string, peer: string, url: string, policies: string): AgentOptions {
  const file = `
region: ${region}
peers: [${peer}]
servers: [{ url: "${url}" }]
log: { redis: { url: "${servers[2].url}" } }
store: { path: ${JSON.stringify(folder)} }
policies:
${policies}`;
  const loaded = loadOptions(AGENT_DECLARATION, { args: ["--config", "agent.yaml"], environment: {}, version: "test", readFile: () => file });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  return loaded.options;
}

async function start(options: AgentOptions): Promise<RegionPipeline> {
  const pipeline = new RegionPipeline({ options, server: options.servers[0]!, logger });
  running.push(pipeline);
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...WAIT, what: "the pipeline to run" });
  return pipeline;
}

const POLICIES = `
  - { prefix: "stay:", policy: local }
  - { prefix: "stay:not:", policy: crdt }
  - { prefix: "queue:", policy: home=eu }`;

describe("policies", () => {
  it("keep local keys out of the log and of the other region, whatever command writes them", async () => {
    const [one, two, log] = servers;
    const eu = await start(optionsOf("eu", "us", one.url, POLICIES));
    const us = await start(optionsOf("us", "eu", two.url, POLICIES));
    const client = one.client();
    await two.client().set("stay:secret", "of us");
    await client.set("stay:secret", "TOPSECRET");
    await client.mset("stay:a", "TOPSECRET", "shared", "seen");
    await client.rpush("stay:list", "TOPSECRET");
    await client.hset("stay:hash", "f", "TOPSECRET");
    await client.multi().incr("stay:count").incr("count").exec();
    await client.set("stay:not:this", "seen");
    await client.rename("stay:a", "moved");
    await client.sadd("members", "m");
    await client.smove("members", "stay:members", "m");
    await client.del("stay:hash", "absent");
    await client.set("end", "1");
    await waitFor(async () => (await two.client().get("end")) === "1", { ...WAIT, what: "the last write in us" });
    await waitFor(async () => (await two.client().get("shared")) === "seen", { ...WAIT, what: "a key read back beside a local one" });
    await waitFor(async () => (await two.client().get("moved")) === "TOPSECRET", { ...WAIT, what: "a key that a client has moved out" });
    expect(await two.client().get("stay:not:this")).toBe("seen");
    expect(await two.client().get("count")).toBe("1");
    expect(await two.client().exists("members")).toBe(0);
    expect((await two.client().keys("stay:*")).sort()).toEqual(["stay:not:this", "stay:secret"]);
    expect(await two.client().get("stay:secret")).toBe("of us");
    expect(eu.status().policies).toMatchObject({ localCommands: expect.any(Number) as number, digest: us.status().policies.digest });
    const records = (await log.client().xrangeBuffer("meridian:log:eu/0", "-", "+")).map(([, fields]) => Buffer.concat(fields).toString("latin1"));
    expect(records.length).toBeGreaterThan(0);
    for (const name of ["stay:secret", "stay:a", "stay:list", "stay:hash", "stay:count", "stay:members"]) {
      expect(records.filter((record) => record.includes(name))).toEqual([]);
    }
    // Its one appearance is the value that a client itself has moved to a shared key.
    expect(records.join("").split("TOPSECRET")).toHaveLength(2);
  }, 60_000);

  it("flag a write outside of its home, count every one, and merge it all the same", async () => {
    const [eu, us] = running;
    const client = servers[1].client();
    await client.rpush("queue:1", "job");
    await client.rpush("queue:1", "job");
    await servers[0].client().set("queue:2", "at home");
    await client.set("end", "2");
    await waitFor(async () => (await servers[0].client().get("end")) === "2", { ...WAIT, what: "the last write in eu" });
    await waitFor(async () => (await servers[0].client().llen("queue:1")) === 2, { ...WAIT, what: "the list in eu" });
    const told = us?.conflicts({ rule: "home" })?.records.map(({ key, loser, winnerPrint }) => [key, loser.writer, winnerPrint]);
    expect(told).toEqual([["queue:1", "us/0", "=eu"]]);
    expect(us?.counters.conflictsByRule.get("home")).toBeGreaterThanOrEqual(1);
    expect(eu?.conflicts({ rule: "home" })?.records).toEqual([]);
  }, 60_000);

  it("refuse another table than the one that was captured with, but for homes", async () => {
    const [, us] = running;
    await us?.stop();
    const url = servers[1].url;
    const other = new RegionPipeline({ options: optionsOf("us", "eu", url, "  - { prefix: other, policy: local }"), server: optionsOf("us", "eu", url, POLICIES).servers[0]!, logger });
    await expect(other.start()).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringContaining("other local, lww or regions policies") as string });
    await other.stop();
    await start(optionsOf("us", "eu", url, POLICIES.replace("home=eu", "home=us")));
  }, 60_000);

  it("hold the records of a region whose table is another one, and say so", async () => {
    const server = await startRedis();
    const ap = await start(optionsOf("ap", "eu", server.url, "  - { prefix: mine, policy: local }"));
    await waitFor(() => ap.life?.region.holds[0]?.code === "POLICY_MISMATCH", { ...WAIT, what: "the hold" });
    expect(ap.status().peers[0]).toMatchObject({ state: "down", reason: expect.stringContaining("the same local, lww and regions policies") as string });
    expect(await server.client().get("shared")).toBeNull();
    await ap.stop();
    await server.stop();
  }, 60_000);

  it("are refused as a whole, naming the line", () => {
    const load = (policies: string): unknown => optionsOf("eu", "us", "redis://x:1", policies);
    expect(() => load("  - { prefix: a, policy: last }")).toThrow(/policies\[0\]\.policy \(agent\.yaml:8\)[^]*crdt, lww, local/);
    expect(() => load("  - { prefix: a, policy: local }\n  - { prefix: a, policy: crdt }")).toThrow(/"a" a second time/);
    expect(() => load("  - { prefix: a, policy: home=mars }")).toThrow(/the region mars[^]*eu, us/);
  });
});
