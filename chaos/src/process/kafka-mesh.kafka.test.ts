/** The whole way of a write over a real Kafka broker: conflicts in three regions, and an agent that is killed. */
import { startMesh, type Mesh } from "@meridian/cli";
import { waitFor } from "@meridian/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pipelineOf } from "./agent-state.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const OPERATIONS_PER_SECOND = 400;
const ACKNOWLEDGED_MIN = 6_000;
/** Keys that only eu and us hold: they have a topic of their own. */
const RESIDENT = "resident:";
const RESIDENT_WRITES = 200;
/** The first run of all fetches the broker. */
const START_TIMEOUT_MS = 320_000;

let mesh: Mesh;
let traffic: Traffic | undefined;
beforeAll(async () => {
  const agentArgs = ["--policies-0-prefix", RESIDENT, "--policies-0-policy", "regions=eu,us"];
  mesh = await startMesh({ regions: ["eu", "us", "ap"], log: "kafka", agentArgs });
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

it("what resides in two regions goes over a topic of theirs, and what they share with the third goes on", { timeout: 60_000 }, async () => {
  const clients = mesh.regions.map(({ url }) => new Redis(url));
  const [eu, us, ap] = clients as [Redis, Redis, Redis];
  for (let write = 0; write < RESIDENT_WRITES; write += 1) {
    for (const client of [eu, us]) await client.pipeline().incr(`${RESIDENT}sum`).sadd(`${RESIDENT}set`, `${clients.indexOf(client)}-${write}`).exec();
  }
  await Promise.all(clients.map((client) => client.incr("behind")));
  const seenBy = async (client: Redis): Promise<unknown[]> => [await client.get("behind"), await client.get(`${RESIDENT}sum`), await client.scard(`${RESIDENT}set`)];
  const whole = ["3", String(2 * RESIDENT_WRITES), 2 * RESIDENT_WRITES];
  for (const client of [eu, us]) {
    await waitFor(async () => JSON.stringify(await seenBy(client)) === JSON.stringify(whole), { timeoutMs: 30_000, what: "the residents' writes" });
  }
  await waitFor(async () => (await ap.get("behind")) === "3", { timeoutMs: 30_000, what: "the shared counter" });
  expect(await ap.keys(`${RESIDENT}*`)).toEqual([]);
  for (const client of clients) client.disconnect();
});
