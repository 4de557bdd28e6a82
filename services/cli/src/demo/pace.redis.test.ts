import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Pace } from "./pace.js";

let servers: readonly TestRedis[];
beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

it("lets clients wait while a region shows an old time, and go on when it follows or time is up", async () => {
  const [eu, us] = servers.map((server) => server.client()) as [Redis, Redis];
  const pace = new Pace([
    { region: "eu", client: eu },
    { region: "us", client: us },
  ]);
  const end = new AbortController();
  const watching = pace.watch(end.signal);
  // Nothing replicates between the two: each falls behind the other.
  await waitFor(() => pace.turn() !== undefined, { what: "clients that wait" });
  const turn = pace.turn();
  let follows = true;
  const replicating = (async () => {
    while (follows) {
      await us.set("demo:pulse:eu", (await eu.get("demo:pulse:eu")) ?? "0");
      await eu.set("demo:pulse:us", (await us.get("demo:pulse:us")) ?? "0");
    }
  })();
  await turn;
  await waitFor(() => pace.turn() === undefined, { what: "clients that need not wait" });
  expect(pace.waitedMs).toBeGreaterThan(0);
  follows = false;
  await replicating;
  await waitFor(() => pace.turn() !== undefined, { what: "clients that wait again" });
  const last = pace.turn();
  end.abort();
  await Promise.all([last, watching]);
  expect(pace.acknowledged).toBeGreaterThan(2);
});
