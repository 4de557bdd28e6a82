/** One server and two agents: the newer works, the older stops. One agent with two servers: they stay apart. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { compareServers, fetchStatus, MeshAgent, startMesh, type Mesh } from "@meridian/cli";
import { freePort, startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

/** What an agent's process ends with when another one has taken its server over. */
const EXIT_FENCED = /ended with code 3/;

let mesh: Mesh;
let newer: MeshAgent | undefined;
let traffic: Traffic | undefined;
let second: TestRedis[] = [];
afterEach(async () => {
  traffic?.close();
  await newer?.kill();
  await mesh.stop();
  await Promise.all(second.map((server) => server.stop()));
  [newer, traffic, second] = [undefined, undefined, []];
});

/** Starts an agent for a region that has one, on another machine as it were: with what its store holds right now. */
async function startNewer(region: string): Promise<MeshAgent> {
  const dir = join(mesh.dir, "newer");
  await cp(join(mesh.dir, region, "store"), join(dir, "store"), { recursive: true });
  await rm(join(dir, "store", `${region}-0`, "owner.lock"));
  const peers = mesh.regions.map((one) => one.region).filter((peer) => peer !== region);
  const config = { peers, servers: [{ name: "0", url: mesh.region(region).url }], log: mesh.log.config };
  return new MeshAgent({ region, dir, port: await freePort(), config, onDeath: () => undefined });
}

describe("two agents on one server", () => {
  it.each(["idle", "applying"])("the older, %s, ends as fenced; the newer goes on; totals are exact", async (what) => {
    mesh = await startMesh({ regions: ["eu", "us"] });
    const clients = mesh.regions.map(({ server }) => server!.client());
    await clients[0]!.incrby("counter", 1_000);
    await settle(mesh);
    if (what === "applying") {
      traffic = new Traffic(mesh, 9, 500, ["us"]);
      await waitFor(() => traffic!.ledger.acknowledged > 1_000, { what: "writes in us" });
    }
    // frozen while its store is copied; when it goes on it knows nothing of the newer one
    await mesh.killAgent("eu", "SIGSTOP");
    newer = await startNewer("eu");
    await newer.start();
    await mesh.killAgent("eu", "SIGCONT");
    expect(await mesh.failure).toMatch(EXIT_FENCED);
    expect(await mesh.region("eu").agent.logTail()).toContain("another agent has taken this server over");
    await clients[0]!.incrby("counter", 10);
    await clients[1]!.incrby("counter", 100);
    if (traffic) {
      const { ledger } = traffic;
      await waitFor(() => ledger.acknowledged > 3_000, { timeoutMs: 20_000, what: "more writes in us" });
      await traffic.stop();
    }
    const regions = mesh.regions.map((region) => (region.region === "eu" ? { ...region, agentUrl: newer!.url } : region));
    const report = await settle({ ...mesh, regions, failure: new Promise(() => undefined) });
    expect(report).toMatchObject({ verdict: "equal", differences: [] });
    expect(await Promise.all(clients.map((client) => client.get("counter")))).toEqual(["1110", "1110"]);
    if (traffic) expect(await traffic.check()).toEqual([]);
  });

  it("the older may not come back on the store that the newer holds", async () => {
    mesh = await startMesh({ regions: ["eu", "us"] });
    const dir = join(mesh.dir, "eu");
    const config = { peers: ["us"], servers: [{ name: "0", url: mesh.region("eu").url }], log: mesh.log.config };
    newer = new MeshAgent({ region: "eu", dir, port: await freePort(), config, onDeath: () => undefined });
    await expect(newer.start()).rejects.toThrow(/is held by process/);
    expect((await fetchStatus(mesh.region("eu").agentUrl)).pipelines[0]?.state).toBe("running");
  });
});

describe("two servers of one agent", () => {
  it("stay apart, and both are equal to their namesakes in the peer", async () => {
    second = [await startRedis(), await startRedis()];
    const names = ["eu", "us"];
    const servers = [await startRedis(), await startRedis()];
    mesh = await startMesh({
      regions: names,
      servers: servers.map(({ url }) => url),
      agentConfig: (region) => ({
        servers: [
          { name: "0", url: servers[names.indexOf(region)]!.url },
          { name: "sessions", url: second[names.indexOf(region)]!.url },
        ],
      }),
    });
    second.push(...servers);
    traffic = new Traffic(mesh, 13, 400);
    const clients = second.slice(0, 2).map((server) => server.client());
    for (let at = 0; at < 200; at += 1) {
      await Promise.all(clients.map((client, index) => client.multi().incr("session:count").set(`session:${names[index]}:${at}`, at).sadd("session:all", `${index}-${at}`).exec()));
    }
    await waitFor(() => traffic!.ledger.acknowledged > 2_000, { timeoutMs: 20_000, what: "writes on the first servers" });
    await traffic.stop();
    const urls = second.slice(0, 2).map(({ url }) => ({ url }));
    await waitFor(async () => (await Promise.all(clients.map((client) => client.get("session:count")))).every((count) => count === "400"), { what: "all increments" });
    await waitFor(async () => (await compareServers(urls, { settleMs: 0 })).verdict === "equal", { what: "the second servers to be equal" });
    await waitFor(async () => (await compareServers(servers.map(({ url }) => ({ url })))).verdict === "equal", { what: "the first servers to be equal" });
    expect(await traffic.check()).toEqual([]);
    expect(await clients[0]!.dbsize()).toBe(400 + 2 + 1);
    expect(await servers[0]!.client().exists("session:count")).toBe(0);
  });
});
