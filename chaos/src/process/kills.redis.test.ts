/** Agents that are killed at random moments lose nothing, count nothing twice, and end equal. */
import { setTimeout as delay } from "node:timers/promises";
import { startMesh, type Mesh } from "@meridian/cli";
import { afterEach, expect, it } from "vitest";
import { Random } from "../sim/random.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

/** Another one in every run; put the one of a failure here to have its moments and commands again. */
const SEED = Date.now() % 1_000_000_007;
const REGIONS = ["eu", "us"];
/** Of all regions together. */
const KILLS = 50;
/** Half of the lives are counted from the start of the process: it reads its store, attaches, fences. */
const EARLY_LIFE_MS = { least: 50, most: 900 };
/** The others from the moment when it is ready. */
const READY_LIFE_MS = { least: 0, most: 700 };
const OPERATIONS_PER_SECOND = 500;

let mesh: Mesh;
let traffic: Traffic;
afterEach(async () => {
  traffic.close();
  await mesh.stop();
});

/** Kills a region's agent again and again. An agent that ends otherwise is an error. */
async function killAgain(region: string, times: number, random: Random): Promise<void> {
  const { agent } = mesh.region(region);
  let start = Promise.resolve();
  for (let kill = 0; kill < times; kill += 1) {
    const early = random.chance(0.5);
    const { least, most } = early ? EARLY_LIFE_MS : READY_LIFE_MS;
    if (!early) await start;
    await delay(random.between(least, most));
    await agent.kill("SIGKILL");
    await start.catch((error: unknown) => {
      if (!/ended with SIGKILL/.test(String(error))) throw error;
    });
    start = agent.start();
    start.catch(() => undefined);
  }
  await start;
}

it(`${KILLS} kills under load: regions equal, counters exact (seed ${SEED})`, { timeout: 180_000 }, async () => {
  mesh = await startMesh({ regions: REGIONS });
  traffic = new Traffic(mesh, SEED, OPERATIONS_PER_SECOND);
  await Promise.all(REGIONS.map((region, index) => killAgain(region, KILLS / REGIONS.length, new Random(SEED + 1_000 + index))));
  await traffic.stop();
  expect(await settle(mesh)).toMatchObject({ verdict: "equal", differences: [] });
  expect(await traffic.check()).toEqual([]);
  const { acknowledged, unanswered, refused } = traffic.ledger;
  expect({ unanswered, refused }).toEqual({ unanswered: 0, refused: 0 });
  expect(acknowledged).toBeGreaterThan(5_000);
});
