/** `meridian diff` over a running mesh in which one server has evicted keys and policies keep some at home. */
import { tmpdir } from "node:os";
import { waitFor } from "@meridian/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CompareReport } from "../diff/compare-report.js";
import { EXIT } from "../exit-code.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";

const LIMIT = { timeoutMs: 30_000 };
const KEYS = 300;
const EVICTS = ["--notify-keyspace-events", "Kgxe", "--maxmemory-policy", "volatile-lru", "--maxmemory", "1gb"];

let mesh: Mesh;
let clients: Redis[];
beforeAll(async () => {
  const policies = ["--policies-0-prefix", "home:", "--policies-0-policy", "local", "--policies-1-prefix", "two:", "--policies-1-policy", "regions=eu,us"];
  mesh = await startMesh({ regions: ["eu", "us", "ap"], serverArgs: EVICTS, agentArgs: policies });
  clients = mesh.regions.map(({ url }) => new Redis(url));
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await mesh.stop();
});

interface AgentAnswer {
  readonly pipelines: readonly { readonly evictions: { readonly reason?: string; readonly keysAway: number } }[];
}

async function evictionsOf(region: string): Promise<AgentAnswer["pipelines"][number]["evictions"]> {
  const answer = (await (await fetch(`${mesh.region(region).agentUrl}/status`)).json()) as AgentAnswer;
  return answer.pipelines[0]!.evictions;
}

async function diff(regions: readonly string[], ...words: string[]): Promise<{ code: number; report: CompareReport; stdout: string }> {
  const terminal = new RecordedTerminal();
  const urls = regions.map((region) => mesh.region(region).url);
  const code = await runCli(["diff", ...urls, "--json", ...words], { terminal, stop: new AbortController().signal, meshFolder: tmpdir() });
  return { code, report: JSON.parse(terminal.stdout) as CompareReport, stdout: terminal.stdout };
}

test("what was evicted or stays at home is told apart where agents are asked, and counts as different where not", async () => {
  const [eu, us, ap] = clients as [Redis, Redis, Redis];
  await waitFor(async () => (await evictionsOf("eu")).reason === undefined, { ...LIMIT, what: "evictions to be followed in eu" });
  const writes = eu.pipeline();
  for (let n = 0; n < KEYS; n += 1) writes.set(`k${n}`, "v".repeat(10_000), "EX", 10_000);
  await writes.mset("home:1", "eu", "two:1", "1").exec();
  await us.set("home:2", "us");
  await waitFor(async () => (await us.exists("two:1", `k${KEYS - 1}`)) === 2 && (await ap.exists(`k${KEYS - 1}`)) === 1, { ...LIMIT, what: "all in us and ap" });
  const used = Number(/used_memory:(\d+)/.exec(await eu.info("memory"))?.[1]);
  await eu.config("SET", "maxmemory", String(used - 500_000));
  const evicted = async (): Promise<number> => Number(/evicted_keys:(\d+)/.exec(await eu.info("stats"))?.[1]);
  await waitFor(async () => (await evicted()) > 20, { ...LIMIT, what: "eu to evict" });
  await eu.config("SET", "maxmemory", String(2 ** 30));
  const away = KEYS - (await eu.keys("k*")).length;
  expect(away).toBeGreaterThan(0);
  await waitFor(async () => (await evictionsOf("eu")).keysAway === away, { ...LIMIT, what: "the agent of eu to know them" });

  const agents = ["--agents", mesh.regions.map(({ agentUrl }) => agentUrl).join(",")];
  const known = await diff(["eu", "us", "ap"], ...agents, "--first", "1000");
  expect(known).toMatchObject({ code: EXIT.ok, report: { verdict: "equal", differing: 0, local: 2, resident: 0, remarks: [] } });
  expect(Object.values(known.report.evicted)).toEqual([away]);
  expect(known.report.evictedKeys).toHaveLength(away);
  expect((await diff(["us", "ap"], ...agents)).report).toMatchObject({ verdict: "equal", evicted: {}, resident: 1 });

  const blind = await diff(["eu", "us", "ap"]);
  expect(blind).toMatchObject({ code: EXIT.unmet, report: { verdict: "different", differing: away + 3, evicted: {}, local: 0 } });
  expect(blind.report.remarks).toEqual([expect.stringContaining("cannot be told apart")]);
}, 120_000);
