/**
 * Residency on real servers: three agents, keys that reside in two regions, and the log's raw streams, in which nothing of such a
 * key, neither its name nor its value, stands anywhere but in its group's.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import type { AgentOptions } from "./options.js";
import { RegionPipeline } from "./pipeline/region-pipeline.js";

const WAIT = { timeoutMs: 30_000 };
const REGIONS = ["eu", "us", "ap"] as const;
type Name = (typeof REGIONS)[number];
const POLICIES = `
  - { prefix: "resident:", policy: "regions=us,eu" }
  - { prefix: "resident:all:", policy: crdt }`;
const GROUP_LOGS = ["meridian:log:eu/0~eu+us", "meridian:log:us/0~eu+us"];
const logger = createLogger({ name: "test", level: "silent", pretty: "never" });
const running = new Map<Name, RegionPipeline>();
let servers: Readonly<Record<Name | "log", TestRedis>>;
let folder: string;

beforeAll(async () => {
  const [eu, us, ap, log] = await Promise.all([startRedis(), startRedis(), startRedis(), startRedis()]);
  servers = { eu, us, ap, log };
  folder = await mkdtemp(join(tmpdir(), "meridian-residency-"));
});
afterAll(async () => {
  for (const pipeline of running.values()) await pipeline.stop();
  for (const server of Object.values(servers)) await server.stop();
  await rm(folder, { recursive: true });
});

function optionsOf(region: Name, policies = POLICIES): AgentOptions {
  const file = `
region: ${region}
peers: [${REGIONS.filter((name) => name !== region).join(", ")}]
servers: [{ url: "${servers[region].url}" }]
log: { redis: { url: "${servers.log.url}" } }
store: { path: ${JSON.stringify(folder)} }
policies:
${policies}`;
  const loaded = loadOptions(AGENT_DECLARATION, { args: ["--config", "agent.yaml"], environment: {}, version: "test", readFile: () => file });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  return loaded.options;
}

async function start(region: Name): Promise<RegionPipeline> {
  const options = optionsOf(region);
  const [server] = options.servers;
  if (!server) throw new Error("the options name a server");
  const pipeline = new RegionPipeline({ options, server, logger });
  running.set(region, pipeline);
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...WAIT, what: `${region} to run` });
  return pipeline;
}

async function restart(region: Name): Promise<void> {
  await running.get(region)?.stop();
  await start(region);
}

async function hold(region: Name, key: string, value: string | null): Promise<void> {
  await waitFor(async () => (await servers[region].client().get(key)) === value, { ...WAIT, what: `${key} to be ${String(value)} in ${region}` });
}

/** Every stream of the log, as bytes: one character each. */
async function rawLogs(): Promise<Map<string, string>> {
  const client = servers.log.client();
  const names = (await client.keys("meridian:log:*")).sort();
  const logs = new Map<string, string>();
  for (const name of names) {
    const entries = await client.xrangeBuffer(name, "-", "+");
    logs.set(name, entries.map(([, fields]) => Buffer.concat(fields).toString("latin1")).join(""));
  }
  return logs;
}

/** Logs in which a text stands. */
async function logsWith(text: string): Promise<string[]> {
  return [...(await rawLogs())].filter(([, bytes]) => bytes.includes(text)).map(([name]) => name);
}

describe("keys that reside in some regions", () => {
  it("reach the members, and no other log, server or store, whatever command writes them", async () => {
    // Before any agent comes: it is imported, in eu for the group, and in ap for nobody.
    await servers.eu.client().set("resident:before", "SECRET-imported");
    await servers.ap.client().set("resident:of-ap", "SECRET-of-ap");
    for (const name of REGIONS) await start(name);
    const client = servers.eu.client();
    await client.set("resident:1", "SECRET-plain");
    await client.mset("resident:2", "SECRET-with-another", "public:2", "seen");
    await client.multi().set("resident:3", "SECRET-in-a-transaction").set("public:3", "seen").incr("resident:n").exec();
    await client.hset("resident:h", "SECRET-field", "SECRET-value");
    await client.rpush("resident:l", "SECRET-element");
    await client.expire("resident:1", 5_000);
    await client.set("resident:gone", "SECRET-gone");
    await client.del("resident:gone");
    await client.append("resident:4", "SECRET-appended");
    await client.rename("resident:4", "resident:5");
    await client.set("resident:all:1", "seen");
    await client.incrby("resident:n", 4);
    await servers.us.client().incrby("resident:n", 10);
    await servers.us.client().set("resident:us", "SECRET-of-us");
    await servers.us.client().set("public:us", "seen");
    for (const key of ["public:2", "public:3", "resident:all:1"]) for (const name of REGIONS) await hold(name, key, "seen");
    await hold("us", "resident:before", "SECRET-imported");
    await hold("us", "resident:5", "SECRET-appended");
    await hold("us", "resident:1", "SECRET-plain");
    await hold("eu", "resident:us", "SECRET-of-us");
    for (const name of ["eu", "us"] as const) await hold(name, "resident:n", "15");
    await waitFor(async () => (await servers.us.client().llen("resident:l")) === 1, { ...WAIT, what: "the list in us" });
    expect(await servers.us.client().hgetall("resident:h")).toEqual({ "SECRET-field": "SECRET-value" });
    expect(await servers.us.client().ttl("resident:1")).toBeGreaterThan(4_000);
    expect(await servers.us.client().exists("resident:4", "resident:gone")).toBe(0);
    expect((await servers.ap.client().keys("resident:*")).sort()).toEqual(["resident:all:1", "resident:of-ap"]);
  }, 120_000);

  it("stay where they are in a region that is no member, which says so and counts them", async () => {
    const client = servers.ap.client();
    await client.mset("resident:ap", "SECRET-of-ap", "public:ap", "seen");
    await client.del("resident:of-ap");
    for (const name of ["eu", "us"] as const) await hold(name, "public:ap", "seen");
    const status = running.get("ap")?.status();
    expect(status?.policies.foreignCommands).toEqual({ "eu+us": 2 });
    expect(status?.notices?.join()).toContain("keys that reside in eu, us (2 commands)");
    expect(status?.peers.map(({ writer }) => writer)).toEqual(["eu/0", "us/0"]);
    expect(running.get("eu")?.status().peers.map(({ writer }) => writer)).toEqual(["us/0", "ap/0", "us/0~eu+us"]);
    expect(await servers.eu.client().exists("resident:ap")).toBe(0);
  }, 120_000);

  it("go on behind a restart of either member, and are still in no other log", async () => {
    await running.get("eu")?.stop();
    await servers.eu.client().set("resident:while-away", "SECRET-while-away");
    await servers.us.client().incrby("resident:n", 100);
    await start("eu");
    await restart("us");
    await restart("ap");
    await servers.eu.client().set("resident:after", "SECRET-after");
    await hold("us", "resident:while-away", "SECRET-while-away");
    await hold("us", "resident:after", "SECRET-after");
    for (const name of ["eu", "us"] as const) await hold(name, "resident:n", "115");
    await servers.eu.client().set("public:end", "seen");
    for (const name of REGIONS) await hold(name, "public:end", "seen");
    const logs = await rawLogs();
    expect([...logs.keys()]).toEqual(["meridian:log:ap/0", "meridian:log:eu/0", "meridian:log:eu/0~eu+us", "meridian:log:us/0"].concat(GROUP_LOGS[1] ?? []));
    for (const name of ["1", "2", "3", "5", "n", "h", "l", "gone", "before", "us", "ap", "of-ap", "while-away", "after"]) {
      expect((await logsWith(`resident:${name}`)).filter((log) => !GROUP_LOGS.includes(log))).toEqual([]);
    }
    expect((await logsWith("SECRET")).sort()).toEqual(GROUP_LOGS);
    expect(await logsWith("SECRET-of-ap")).toEqual([]);
    expect(await logsWith("resident:all:1")).toEqual(["meridian:log:eu/0"]);
    // Others do not even hear that there is a group.
    expect((await logsWith("eu+us")).sort()).toEqual(GROUP_LOGS);
  }, 120_000);

  it("leave with what a client itself copies to a key that others get, and that is counted", async () => {
    await servers.eu.client().copy("resident:2", "public:copy");
    await hold("ap", "public:copy", "SECRET-with-another");
    expect(await logsWith("SECRET-with-another")).toEqual(["meridian:log:eu/0", "meridian:log:eu/0~eu+us"]);
    expect((await logsWith("resident:2")).filter((log) => !GROUP_LOGS.includes(log))).toEqual([]);
    expect(running.get("eu")?.status().policies.residencyCrossed).toBe(1);
  }, 120_000);

  it("are refused as a whole where the policy cannot be, with the line and what to write", () => {
    const load = (policy: string): unknown => optionsOf("eu", `  - { prefix: a, policy: "${policy}" }`);
    expect(() => load("regions=eu")).toThrow(/policies\[0\]\.policy \(agent\.yaml:8\)[^]*policy local/);
    expect(() => load("regions=eu,mars")).toThrow(/the region mars[^]*eu, us, ap/);
    expect(() => load("regions=eu,us,eu")).toThrow(/eu stands there twice/);
    expect(() => load("regions=eu,,us")).toThrow(/no region's name/);
  });

  it("cannot be changed once a server was captured", async () => {
    await running.get("ap")?.stop();
    const options = optionsOf("ap", '  - { prefix: "resident:", policy: "regions=ap,eu" }');
    const [server] = options.servers;
    if (!server) throw new Error("the options name a server");
    const other = new RegionPipeline({ options, server, logger });
    await expect(other.start()).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringContaining("local, lww or regions policies") as string });
    await other.stop();
  }, 60_000);
});
