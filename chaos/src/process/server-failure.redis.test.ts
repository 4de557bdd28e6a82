/** What a server's failure does to its region, and never to the peers. */
import { readFile } from "node:fs/promises";
import { waitFor } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { untilPipeline } from "./agent-state.js";
import { startBreakableMesh, type BreakableMesh } from "./breakable-mesh.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const KEYS = 500;
const RESTARTS = 3;

let bed: BreakableMesh;
let traffic: Traffic | undefined;
let eu: Redis;
let us: Redis;
beforeEach(async () => {
  bed = await startBreakableMesh({ regions: ["eu", "us"] });
  [eu, us] = [bed.server("eu").client(), bed.server("us").client()];
});
afterEach(async () => {
  traffic?.close();
  traffic = undefined;
  await bed.stop();
});

async function fill(): Promise<void> {
  const pipeline = eu.pipeline();
  for (let key = 0; key < KEYS; key += 1) pipeline.set(`key:${key}`, key);
  await pipeline.exec();
  await settle(bed.mesh);
  expect(await us.dbsize()).toBeGreaterThanOrEqual(KEYS);
}

/** Raises a counter in eu, command by command, until the returned function is called. */
function countUp(): () => Promise<{ acknowledged: number; unanswered: number }> {
  const client = bed.server("eu").client({ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
  const counts = { acknowledged: 0, unanswered: 0 };
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await client.incr("local").then(
        () => (counts.acknowledged += 1),
        () => (counts.unanswered += 1),
      );
    }
  })();
  return async () => {
    isOver = true;
    await counting;
    return counts;
  };
}

/** Whether each attach of the region's agent went on in the stream, in order. */
async function attaches(region: string): Promise<(string | undefined)[]> {
  const log = await readFile(bed.mesh.region(region).agent.logFile, "utf8");
  return [...log.matchAll(/"resumed":(true|false).*"attached to the server"/g)].map(([, resumed]) => resumed);
}

async function readiness(region: string): Promise<{ code: number; text: string }> {
  const answer = await fetch(`${bed.mesh.region(region).agentUrl}/readyz`);
  return { code: answer.status, text: await answer.text() };
}

/** The region stands still and says why; the peer keeps all its data, and goes on. */
async function expectQuarantine(reason: RegExp): Promise<void> {
  const status = await untilPipeline(bed.mesh.region("eu"), "quarantined", ({ state }) => state === "quarantined");
  expect(status.reason).toMatch(reason);
  expect(status.advice).not.toBe("");
  const ready = await readiness("eu");
  expect(ready).toMatchObject({ code: 503, text: expect.stringMatching(/quarantined/) as string });
  await us.set("after", "1");
  const before = await us.dbsize();
  await us.wait(1, 10_000);
  expect(await us.dbsize()).toBe(before);
  expect(before).toBeGreaterThanOrEqual(KEYS + 1);
  expect((await readiness("us")).code).toBe(200);
  expect(await bed.log("eu").client().xlen("meridian:log:eu/0")).toBe(published);
}
let published = 0;

async function notePublished(): Promise<void> {
  published = await bed.log("eu").client().xlen("meridian:log:eu/0");
}

describe("a server", () => {
  it("that is restarted with its data under load is followed on: regions equal, counters exact", { timeout: 90_000 }, async () => {
    traffic = new Traffic(bed.mesh, 3, 500, ["us"]);
    const { ledger } = traffic;
    const local = countUp();
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const enough = ledger.acknowledged + 1_500;
      await waitFor(() => ledger.acknowledged > enough, { timeoutMs: 30_000, what: "more writes in us" });
      await bed.server("eu").restart({ save: true });
    }
    const enough = ledger.acknowledged + 1_500;
    await waitFor(() => ledger.acknowledged > enough, { timeoutMs: 30_000, what: "more writes in us" });
    await traffic.stop();
    const { acknowledged, unanswered } = await local();
    expect(await settle(bed.mesh)).toMatchObject({ verdict: "equal", differences: [] });
    expect(await traffic.check()).toEqual([]);
    // a command whose reply was lost with the connection may have been executed or not
    const counted = Number(await us.get("local"));
    expect(counted).toBeGreaterThanOrEqual(acknowledged);
    expect(counted).toBeLessThanOrEqual(acknowledged + unanswered);
    expect(acknowledged).toBeGreaterThan(500);
    // the first attach of all copies; every later one goes on where the last one was
    expect(await attaches("eu")).toEqual(["false", ...new Array<string>(RESTARTS).fill("true")]);
  });

  it("that comes back empty is quarantined; the peers lose nothing, also when its agent is started again", async () => {
    await fill();
    await notePublished();
    await bed.server("eu").restart({ kill: true });
    await expectQuarantine(/history/);
    await bed.mesh.killAgent("eu");
    await expect(bed.mesh.region("eu").agent.start()).rejects.toThrow(/quarantined/);
  });

  it.each(["FLUSHALL", "FLUSHDB", "SWAPDB 0 1"])("on which a client runs %s is quarantined; the peers lose nothing", async (command) => {
    await fill();
    await notePublished();
    const [name = "", ...args] = command.split(" ");
    await eu.call(name, ...args);
    await expectQuarantine(new RegExp(name));
  });
});
