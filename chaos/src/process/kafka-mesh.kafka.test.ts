/** The whole way of a write over a real Kafka broker: conflicts in three regions, and an agent that is killed. */
import { startMesh, type Mesh } from "@meridian/cli";
import { waitFor } from "@meridian/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pipelineOf } from "./agent-state.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const OPERATIONS_PER_SECOND = 400;
const ACKNOWLEDGED_MIN = 6_000;
/** The first run of all fetches the broker. */
const START_TIMEOUT_MS = 320_000;

let mesh: Mesh;
let traffic: Traffic | undefined;
beforeAll(async () => {
  mesh = await startMesh({ regions: ["eu", "us", "ap"], log: "kafka" });
}, START_TIMEOUT_MS);
afterAll(async () => {
  traffic?.close();
  await mesh.stop();
});

it("conflicting writes over Kafka, an agent killed amid them: regions equal, counters exact", { timeout: 150_000 }, async () => {
  traffic = new Traffic(mesh, 11, OPERATIONS_PER_SECOND);
  const { ledger } = traffic;
  await waitFor(() => ledger.acknowledged > ACKNOWLEDGED_MIN / 3, { timeoutMs: 60_000, what: "a third of the writes" });
  await mesh.killAgent("us");
  await waitFor(() => ledger.acknowledged > (ACKNOWLEDGED_MIN * 2) / 3, { timeoutMs: 60_000, what: "two thirds of the writes" });
  await mesh.restartAgent("us");
  await waitFor(() => ledger.acknowledged > ACKNOWLEDGED_MIN, { timeoutMs: 60_000, what: "all writes" });
  await traffic.stop();
  expect(await settle(mesh)).toMatchObject({ verdict: "equal", differences: [] });
  expect(await traffic.check()).toEqual([]);
  expect(ledger).toMatchObject({ unanswered: 0, refused: 0 });
  for (const region of mesh.regions) {
    const { log, receive } = await pipelineOf(region);
    expect(log).toMatchObject({ kind: "kafka", state: "up" });
    expect(receive.mutations).toBeGreaterThan(1_000);
  }
});
