import { type Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { runLoad, type LoadPlan } from "./load-run.js";
import { processUse } from "./process-meter.js";
import { WORKLOADS, type WorkloadName } from "./workload.js";

let source: TestRedis;
let target: TestRedis;
let client: Redis;
beforeAll(async () => {
  source = await startRedis();
  target = await startRedis({ args: ["--replicaof", source.host, String(source.port)] });
  client = source.client();
  await waitFor(async () => /state=online/.test(await client.info("replication")), { what: "the replica" });
});
afterAll(async () => {
  await Promise.all([source.stop(), target.stop()]);
});

let seed = 1;
function plan(change: Partial<LoadPlan>): LoadPlan {
  return {
    source: source.url,
    target: target.url,
    workload: "set",
    fill: false,
    keys: 1_000,
    valueBytes: 16,
    seed: (seed += 2),
    windowCommands: 5_000,
    warmUpSeconds: 0.1,
    seconds: 0.5,
    commandsMax: Infinity,
    ...change,
  };
}

async function calls(command: string): Promise<number> {
  const stats = await client.info("commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

const silent = { onMeasuring: () => undefined, onSent: () => undefined };

describe("runLoad", () => {
  it("writes every key once when it fills, and counts exactly what was executed", async () => {
    await client.flushall();
    const result = await runLoad(plan({ fill: true, commandsMax: 1_000, seconds: Infinity }), silent);
    expect(result).toMatchObject({ commands: 1_000, errors: 0 });
    expect(await client.call("EXISTS", ...Array.from({ length: 1_000 }, (_, index) => `key:${index}`))).toBe(1_000);
  });

  it("keeps to its time table and reports lag for every marker of the measured time", async () => {
    await client.config("RESETSTAT");
    const events: string[] = [];
    const hooks = { onMeasuring: () => void events.push("measuring"), onSent: () => void events.push("sent") };
    const result = await runLoad(plan({ workload: "counters", commandsPerSecond: 4_000 }), hooks);
    expect(await calls("incrby")).toBe(result.commands);
    expect(result.commands).toBeGreaterThan(1_800);
    expect(result.commands).toBeLessThanOrEqual(2_000);
    expect(result.lag.samples).toBeGreaterThan(150);
    expect(result.lag.p50Ms).toBeGreaterThan(0);
    expect(result.lag.p99Ms).toBeGreaterThanOrEqual(result.lag.p50Ms);
    expect(events).toEqual(["measuring", "sent"]);
  });

  it("does not omit a stall of the watched server", async () => {
    const stalled = runLoad(plan({ commandsPerSecond: 1_000, seconds: 1.2 }), {
      onMeasuring: () => {
        target.pause();
        setTimeout(() => target.continue(), 800);
      },
      onSent: () => undefined,
    });
    const { lag } = await stalled;
    expect(lag.maxMs).toBeGreaterThan(500);
    // 800 of 1,100 ms stand still: half of all markers wait for 250 ms or more
    expect(lag.p50Ms).toBeGreaterThan(100);
  });

  it.each(Object.keys(WORKLOADS) as WorkloadName[])("runs %s without an error of the server, within the window", async (workload) => {
    const result = await runLoad(plan({ workload }), silent);
    expect(result.errors).toBe(0);
    expect(result.visiblePerSecond).toBeGreaterThan(5_000);
    expect(result.commands).toBeGreaterThan(2_000);
  });

  it("fails where a server is away", async () => {
    await expect(runLoad(plan({ source: "redis://127.0.0.1:1" }), silent)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("processUse", () => {
  it("reads CPU time and memory of a process, and nothing of one that is gone", () => {
    const use = processUse(process.pid)!;
    expect(use.cpuSeconds).toBeGreaterThan(0.1);
    expect(use.rssPeakBytes).toBeGreaterThan(20e6);
    expect(use.rssAnonBytes).toBeLessThanOrEqual(use.rssPeakBytes);
    expect(processUse(2 ** 22 + 1)).toBeUndefined();
    expect(processUse(undefined)).toBeUndefined();
  });
});
