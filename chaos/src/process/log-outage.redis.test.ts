/** A log that is away stops nobody's writes, tells who asks (WAIT), and loses nothing. */
import { waitFor } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { untilPipeline } from "./agent-state.js";
import { startBreakableMesh, type BreakableMesh } from "./breakable-mesh.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const WAIT_MS = 400;
/** The least that may be configured. */
const STORE_BYTES_MAX = 64 * 2 ** 20;
const VALUE_BYTES = 2 ** 20;
/** More than the store may hold. */
const PAUSING_VALUES = 90;

let bed: BreakableMesh;
let traffic: Traffic | undefined;
let eu: Redis;
beforeEach(async () => {
  bed = await startBreakableMesh({ regions: ["eu", "us"], logArgs: ["--appendonly", "yes", "--appendfsync", "always"], storeBytesMax: STORE_BYTES_MAX });
  eu = bed.server("eu").client();
});
afterEach(async () => {
  traffic?.close();
  traffic = undefined;
  await bed.stop();
});

/** How many replicas, the agent being the only one, have acknowledged the write within `ms`. */
async function writeAndWait(value: string, ms: number): Promise<number> {
  await eu.set("important", value);
  return eu.wait(1, ms);
}

async function growBy(acknowledged: number): Promise<void> {
  const { ledger } = traffic!;
  const enough = ledger.acknowledged + acknowledged;
  await waitFor(() => ledger.acknowledged > enough, { timeoutMs: 30_000, what: `${acknowledged} more writes` });
}

it("WAIT counts the agent once the write is durable in the log, and not before", async () => {
  expect(await writeAndWait("first", 10_000)).toBe(1);
  bed.log("eu").pause();
  expect(await writeAndWait("second", WAIT_MS)).toBe(0);
  expect(await eu.get("important")).toBe("second");
  expect(await eu.wait(1, WAIT_MS)).toBe(0);
  bed.log("eu").continue();
  expect(await eu.wait(1, 10_000)).toBe(1);
  const log = bed.log("eu").client();
  const us = bed.server("us").client();
  expect(await log.xlen("meridian:log:eu/0")).toBeGreaterThanOrEqual(2);
  await waitFor(async () => (await us.get("important")) === "second", { what: "the write in us" });
});

it("writes go on while the logs are frozen, then ended and started again; agents start amid that; nothing is lost", { timeout: 120_000 }, async () => {
  traffic = new Traffic(bed.mesh, 5, 500);
  await growBy(1_000);
  bed.log("eu").pause();
  await growBy(1_500);
  bed.log("eu").continue();
  await bed.log("us").kill();
  await growBy(500);
  await untilPipeline(bed.mesh.region("us"), "the log is down", ({ log }) => log.state === "down");
  const held = await untilPipeline(bed.mesh.region("us"), "records wait", ({ publish }) => publish.pendingRecords > 0);
  expect(held.state).toBe("running");
  await bed.mesh.killAgent("us");
  const started = bed.mesh.region("us").agent.start();
  await growBy(1_000);
  await bed.log("us").start();
  await started;
  await growBy(500);
  await traffic.stop();
  expect(await settle(bed.mesh)).toMatchObject({ verdict: "equal", differences: [] });
  expect(await traffic.check()).toEqual([]);
  expect(traffic.ledger).toMatchObject({ unanswered: 0, refused: 0 });
});

it("a store that is full pauses capture, says so, and loses nothing once the log takes records again", { timeout: 60_000 }, async () => {
  const client = bed.server("eu").client();
  bed.log("eu").pause();
  for (let at = 0; at < PAUSING_VALUES; at += 1) await client.set(`large:${at}`, Buffer.alloc(VALUE_BYTES, at));
  const held = await untilPipeline(bed.mesh.region("eu"), "capture is paused", ({ reason }) => /store is full/.test(reason ?? ""));
  expect(held.store.bytes).toBeGreaterThanOrEqual(STORE_BYTES_MAX);
  expect(await client.incr("counter")).toBe(1);
  expect(await (await fetch(`${bed.mesh.region("eu").agentUrl}/metrics`)).text()).toMatch(/^meridian_capture_paused\{server="0"\} 1$/m);
  bed.log("eu").continue();
  const report = await settle(bed.mesh);
  expect(report).toMatchObject({ verdict: "equal", keys: PAUSING_VALUES + 1 });
  await untilPipeline(bed.mesh.region("eu"), "capture goes on", ({ reason }) => reason === undefined);
});
