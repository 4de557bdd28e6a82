/** What agents know of the servers that are compared: agents that answer as told, over real servers that nobody replicates. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startRedis, type TestRedis } from "@meridian/testkit";
import type { CompareOptions, CompareReport } from "./compare-report.js";
import { compareServers } from "./compare-servers.js";
import { compareReportText } from "./report-text.js";
import { RecordedTerminal } from "../terminal.js";

const REGIONS = ["eu", "us", "ap"];
interface Told {
  rows: { prefix: string; policy: string }[];
  evicted: string[];
  /** Answers of POST /evicted. */
  status: number;
  stage: string;
  digest: string;
}

let servers: TestRedis[];
let clients: [Redis, Redis, Redis];
let agents: Server[];
let urls: string[];
let told: Told[];

beforeAll(async () => {
  servers = await Promise.all(REGIONS.map(() => startRedis()));
  clients = servers.map((server) => server.client()) as [Redis, Redis, Redis];
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));
beforeEach(async () => {
  await Promise.all(clients.map((client) => client.flushall()));
  told = REGIONS.map(() => ({ rows: [], evicted: [], status: 200, stage: "done", digest: "1" }));
  const ids = await Promise.all(clients.map(async (client) => /master_replid:(\w+)/.exec(await client.info("replication"))?.[1]));
  agents = await Promise.all(REGIONS.map((region, at) => startAgent(region, ids[at] ?? "", told[at]!)));
  // In another order than the servers: an agent is known by the history that it follows.
  urls = agents.map((agent) => `http://127.0.0.1:${(agent.address() as AddressInfo).port}`).reverse();
});
afterEach(() => Promise.all(agents.map((agent) => new Promise((resolve) => agent.close(resolve)))));

function startAgent(region: string, replicationId: string, said: Told): Promise<Server> {
  const agent = createServer((request, response) => {
    const { rows, digest, stage } = said;
    const pipeline = { server: "s", state: "running", capture: { replicationId }, policies: { rows, digest, stage } };
    if (request.url === "/status") return void response.end(JSON.stringify({ region, pipelines: [pipeline] }));
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { server, db, keys } = JSON.parse(body) as { server: string; db: number; keys: string[] };
      response.statusCode = server === "s" ? said.status : 400;
      response.end(JSON.stringify({ evicted: keys.map((key) => said.evicted.includes(`${db} ${Buffer.from(key, "base64").toString("latin1")}`)) }));
    });
  });
  return new Promise((resolve) => agent.listen(0, "127.0.0.1", () => resolve(agent)));
}

function compare(options: CompareOptions = {}, regions = REGIONS): Promise<CompareReport> {
  const named = regions.map((name) => ({ name, url: servers[REGIONS.indexOf(name)]!.url }));
  return compareServers(named, { settleMs: 0, agents: urls, ...options });
}

const text = (report: CompareReport): string => compareReportText(report, new RecordedTerminal().color, true);

test("keys that are missing because they were evicted are no differences, and are named", async () => {
  const [eu, us, ap] = clients;
  await Promise.all([us.set("a", "1"), ap.set("a", "1"), us.set("b\xff", "1"), eu.set("same", "1"), us.set("same", "1"), ap.set("same", "1")]);
  await ap.set("b\xff", "1");
  await Promise.all([eu, ap].map(async (client) => client.pipeline().select(3).hset("c", "f", "v").select(0).exec()));
  told[0]!.evicted = ["0 a", `0 ${Buffer.from("b\xff").toString("latin1")}`];
  told[1]!.evicted = ["3 c"];
  const report = await compare();
  expect(report).toMatchObject({ verdict: "equal", differing: 0, evicted: { eu: 2, us: 1 }, remarks: [], keys: 4 });
  expect(report.evictedKeys.map(({ db, key, servers: of }) => [db, key, of])).toEqual(expect.arrayContaining([[0, '"a"', ["eu"]], [3, '"c"', ["us"]]]));
  expect(text(report)).toMatch(/"a": evicted in eu\n[^]*db3 "c": evicted in us\nequal: eu, us, ap: 4 keys \(1 hash, 3 string\), 2 keys evicted in eu, 1 key evicted in us /);
});

test("an evicted key must still be the same on the others, and a lost one is lost", async () => {
  const [eu, us, ap] = clients;
  await Promise.all([us.set("a", "1"), ap.set("a", "2"), eu.set("lost", "1"), us.set("lost", "1")]);
  await us.set("half", "1");
  // Evicted in one region, and missing in another for no reason.
  told[0]!.evicted = ["0 a", "0 half"];
  const report = await compare();
  const found = report.differences.map(({ key, kind, lines }) => [key, kind, lines.join().replaceAll('"', "")]).sort();
  expect(report).toMatchObject({ verdict: "different", differing: 3, evicted: { eu: 1 }, remarks: [] });
  expect(found).toEqual([
    ['"a"', "value", expect.stringContaining("us 1, ap 2")],
    ['"half"', "missing", expect.stringContaining("eu absent, us string, ap absent")],
    ['"lost"', "missing", expect.stringContaining("ap absent")],
  ]);
});

test("where nobody can be asked, or does not say, evicted keys count and the report says so", async () => {
  await clients[1].set("a", "1");
  told[0]!.evicted = ["0 a"];
  const unasked = await compare({ agents: [] }, ["eu", "us"]);
  expect(unasked).toMatchObject({ verdict: "different", differing: 1, evicted: {}, remarks: [expect.stringContaining("no agent of eu, us was asked")] });
  expect(text(unasked)).toContain("cannot be told apart");
  expect(await compare({ agents: urls.slice(0, 2) }, ["eu", "us"])).toMatchObject({ differing: 1, remarks: [expect.stringContaining("no agent of eu was asked")] });
  told[0]!.status = 404;
  expect(await compare({}, ["eu", "us"])).toMatchObject({ differing: 1, evicted: {}, remarks: [expect.stringMatching(/does not say what .* 404/)] });
  told[0]!.status = 200;
  expect(await compare({ agents: [...urls, "http://127.0.0.1:1"] }, ["eu", "us"])).toMatchObject({ verdict: "equal", evicted: { eu: 1 }, remarks: [expect.stringContaining("127.0.0.1:1")] });
});

test("what policies keep at home or among some regions is compared where it is to be the same", async () => {
  const [eu, us, ap] = clients;
  for (const one of told) one.rows = [{ prefix: "l:", policy: "local" }, { prefix: "l:not:", policy: "crdt" }, { prefix: "two:", policy: "regions=ap,eu" }, { prefix: "h:", policy: "home=eu" }];
  await eu.mset("l:1", "eu", "l:2", "eu", "two:same", "1", "two:other", "1", "l:not:1", "1");
  await us.mset("l:1", "us", "two:same", "stray");
  await ap.mset("two:same", "1", "two:other", "2", "h:1", "ap");
  const report = await compare();
  const found = report.differences.map(({ key, lines }) => [key, lines.join().replaceAll('"', "")]).sort();
  expect(found).toEqual([
    ['"h:1"', expect.stringContaining("eu absent, us absent, ap string")],
    ['"l:not:1"', expect.stringContaining("eu string, us absent, ap absent")],
    ['"two:other"', expect.stringContaining("eu 1, ap 2")],
  ]);
  expect(report).toMatchObject({ keys: 4, local: 2, resident: 0, remarks: [] });
  expect(await compare({}, ["eu", "us"])).toMatchObject({ differing: 1, local: 2, resident: 2 });
  told[0]!.digest = "2";
  expect(await compare()).toMatchObject({ local: 0, differing: 6, remarks: [expect.stringContaining("are not the same")] });
  told[0]!.digest = "1";
  const partly = await compare({ agents: urls.slice(0, 2) });
  expect(partly.remarks.join("\n")).toMatch(/no agent of eu was asked[^]*nobody has told: keys that begin with "two:" are compared everywhere/);
  expect(partly).toMatchObject({ local: 2, differing: 4 });
});
