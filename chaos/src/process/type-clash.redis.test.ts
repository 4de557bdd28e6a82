/**
 * Clients of every region write the same few keys as different types, while agents are killed: the regions end equal, every
 * key shows one type, nothing is left in flight, and the ledgers say which types lost.
 */
import { setTimeout as delay } from "node:timers/promises";
import { startMesh, type Mesh } from "@meridian/cli";
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { Random } from "../sim/random.js";
import { pipelineOf } from "./agent-state.js";
import { settle } from "./settle.js";

/** Another one in every run; put the one of a failure here to have its commands again. */
const SEED = Date.now() % 1_000_000_007;
const REGIONS = ["eu", "us", "ap"];
/** Few, so that types meet all the time. */
const KEYS = 24;
const KILLS = 8;
const LIFE_MS = { least: 200, most: 900 };
/** Commands of one client before it waits for its replies. */
const STRIDE = 5;
const LONG = "-".repeat(60);

let mesh: Mesh;
let clients: Redis[];
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await mesh.stop();
});

/** A write of some type, or what takes one away. */
function command(random: Random, at: number): string[] {
  const key = `k${random.below(KEYS)}`;
  const value = `${at}-${random.chance(0.3) ? LONG : ""}`;
  const field = `f${random.below(3)}`;
  return random.pick([
    ["SET", key, value],
    ["INCRBY", key, "3"],
    ["HSET", key, field, value],
    ["SADD", key, field],
    ["ZADD", key, String(at), field],
    ["RPUSH", key, value],
    ["XADD", key, "*", "f", value],
    ["PFADD", key, value],
    ["HDEL", key, field],
    ["SREM", key, field],
    ["LPOP", key],
    ["DEL", key],
    ["DEL", key],
    ["PEXPIRE", key, "100000000"],
  ]);
}

/** Writes until it is over; returns how many commands were taken. What meets another type is refused, as it should be. */
async function write(client: Redis, random: Random, isOver: () => boolean): Promise<number> {
  let taken = 0;
  for (let at = 0; !isOver(); at += STRIDE) {
    const pipeline = client.pipeline();
    for (let one = 0; one < STRIDE; one += 1) {
      const [name = "", ...words] = command(random, at + one);
      pipeline.call(name, ...words);
    }
    for (const [error] of (await pipeline.exec()) ?? []) {
      if (!error) taken += 1;
      else expect(error.message).toMatch(/WRONGTYPE|not an integer|not a valid HyperLogLog/);
    }
    await delay(20);
  }
  return taken;
}

async function killAgain(random: Random): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(random.between(LIFE_MS.least, LIFE_MS.most));
    const region = random.pick(REGIONS);
    await mesh.killAgent(region);
    await mesh.restartAgent(region);
  }
}

it(`types clash under load and kills: regions equal, nothing in flight, losers told (seed ${SEED})`, { timeout: 180_000 }, async () => {
  mesh = await startMesh({ regions: REGIONS });
  clients = mesh.regions.map(({ url }) => new Redis(url));
  let isOver = false;
  const writing = clients.map((client, at) => write(client, new Random(SEED + at), () => isOver));
  await killAgain(new Random(SEED + 1_000));
  isOver = true;
  const taken = await Promise.all(writing);
  expect(Math.min(...taken)).toBeGreaterThan(100);
  expect(await settle(mesh)).toMatchObject({ verdict: "equal", differences: [] });
  for (const region of mesh.regions) {
    expect((await pipelineOf(region)).apply.inFlight).toBe(0);
    const told = (await (await fetch(`${region.agentUrl}/conflicts?rule=type&limit=1`)).json()) as { records?: readonly { rule: string }[] };
    expect(told.records?.map(({ rule }) => rule)).toEqual(["type"]);
  }
});
