import { waitFor } from "@meridian/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../exit-code.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import { waitForQuiet } from "../mesh/quiet.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";
import type { Conflict } from "./conflict-source.js";

let mesh: Mesh;
let eu: Redis;
let us: Redis;
const LONG = "x".repeat(100);

beforeAll(async () => {
  mesh = await startMesh({ regions: ["eu", "us"] });
  [eu, us] = mesh.regions.map(({ url }) => new Redis(url)) as [Redis, Redis];
  await eu.mset("seen", "by all", "n", "1");
  await waitForQuiet(mesh.regions);
  await us.set("seen", "and replaced");
  await waitForQuiet(mesh.regions);
  // While one agent is away its region's clients cannot see the other's writes.
  await mesh.killAgent("us");
  await eu.multi().set("k", "of eu").hset("h", "f", LONG).zadd("z", 1, "m").sadd("s", "a").incrby("n", 2).exec();
  await eu.srem("s", "a");
  await us.multi().set("k", "of us").hset("h", "f", "short").zadd("z", 2, "m").set("n", "text").exec();
  await mesh.restartAgent("us");
  await waitForQuiet(mesh.regions);
}, 60_000);
afterAll(async () => {
  eu.disconnect();
  us.disconnect();
  await mesh.stop();
});

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = new RecordedTerminal();
  const agents = ["--agents", mesh.regions.map(({ agentUrl }) => agentUrl).join(",")];
  const code = await runCli([...args, ...agents], { terminal, stop: new AbortController().signal, meshFolder: "/nowhere" });
  return { code, out: terminal.stdout, err: terminal.stderr };
}

async function conflicts(...args: readonly string[]): Promise<Conflict[]> {
  const { code, out, err } = await run("conflicts", "--json", ...args);
  expect(err).toBe("");
  expect(code).toBe(EXIT.ok);
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Conflict);
}

describe("meridian conflicts", () => {
  it("tells each conflict once, with both regions that recorded it, and nothing that was written in turn", async () => {
    const all = await conflicts();
    const told = all.map(({ rule, key, value, recordedBy }) => `${rule} ${JSON.stringify([key, value])} ${recordedBy.join("+")}`).sort();
    expect(told).toEqual(['hidden ["n","2"] eu+us', `register ["h","${LONG}"] eu+us`, 'register ["k","of eu"] eu+us', 'score ["z","1"] eu+us']);
    for (const { loser, winner } of all) expect([loser.writer, winner?.writer]).toEqual(["eu/0", "us/0"]);
  });

  it("asks by key, prefix, rule, region and time, and shows lines for people", async () => {
    expect((await conflicts("--key", "k")).map(({ key }) => key)).toEqual(["k"]);
    expect((await conflicts("--prefix", "h")).map(({ key }) => key)).toEqual(["h"]);
    expect((await conflicts("--rule", "score")).map(({ key }) => key)).toEqual(["z"]);
    expect(await conflicts("--region", "ap")).toEqual([]);
    expect(await conflicts("--until", "1h")).toEqual([]);
    expect((await conflicts("--since", "1h", "--limit", "2")).length).toBe(2);
    const { out } = await run("conflicts", "--key", "k");
    expect(out).toMatch(/^\S+ \S+ {2}[0-9a-f]{16} {2}register {2}"k" {2}eu "of eu" {2}-> {2}us "of us" {2}\(eu,us\)\n$/);
    const refused = await run("conflicts", "--since", "soon");
    expect([refused.code, refused.err]).toEqual([EXIT.unusable, expect.stringContaining("how long ago")]);
  });

  it("counts by rule in the metrics", async () => {
    const text = await (await fetch(`${mesh.regions[0]?.agentUrl ?? ""}/metrics`)).text();
    expect(text).toContain('meridian_conflicts_total{server="0",rule="score"} 1\n');
  });

  it("writes a losing value back as a new write, which wins everywhere", async () => {
    const [k] = await conflicts("--key", "k");
    const [h] = await conflicts("--key", "h");
    for (const conflict of [k, h]) {
      const { code, out, err } = await run("conflicts", "restore", conflict?.id.slice(0, 8) ?? "", "--server", mesh.regions[0]?.url ?? "");
      expect([code, err, out]).toEqual([EXIT.ok, "", expect.stringContaining("the value of eu was written back")]);
    }
    await waitFor(async () => (await us.get("k")) === "of eu" && (await us.hget("h", "f")) === LONG, { timeoutMs: 10_000, what: "both values in us" });
    expect(await eu.get("k")).toBe("of eu");
  });

  it("refuses to restore what has no value, and what another type has taken the place of", async () => {
    const server = ["--server", mesh.regions[0]?.url ?? ""];
    const [hidden] = await conflicts("--rule", "hidden");
    expect((await run("conflicts", "restore", hidden?.id ?? "", ...server)).err).toContain("these increments are not lost");
    await eu.del("z");
    await eu.set("z", "a string");
    const [score] = await conflicts("--rule", "score");
    expect((await run("conflicts", "restore", score?.id ?? "", ...server)).err).toContain("the key holds a string now");
    expect((await run("conflicts", "restore", "ffffffffffff", ...server)).err).toContain("no ledger holds conflict");
  });

  it("tells which type lost, and writes a string back where the key is gone", async () => {
    await mesh.killAgent("us");
    await eu.multi().set("typed", "of eu").rpush("listed", "a").sadd("membered", "m").exec();
    await us.multi().sadd("typed", "m").hset("listed", "f", "1").set("membered", "of us").exec();
    await mesh.restartAgent("us");
    await waitForQuiet(mesh.regions);
    const told = await conflicts("--rule", "type");
    expect(told.map(({ key, kind, visible }) => [key, kind, visible]).sort()).toEqual([["listed", "l", "hash"], ["membered", "e", "string"], ["typed", "s", "set"]]);
    const { out } = await run("conflicts", "--key", "typed");
    expect(out).toContain('eu "of eu"  ->  us made it a set');
    const [typed] = await conflicts("--key", "typed");
    const held = await run("conflicts", "restore", typed?.id ?? "", "--server", mesh.regions[0]?.url ?? "");
    expect([held.code, held.err]).toEqual([EXIT.unusable, expect.stringContaining("holds a set")]);
  });
});
