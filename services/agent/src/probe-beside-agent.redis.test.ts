/** A probe of a server that an agent follows: nothing of it is replicated, nothing of it is counted, nothing of it stays. */
import { probeServer } from "@meridian/psync";
import { ServerConnection } from "@meridian/target";
import { waitFor } from "@meridian/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noticesOf } from "./pipeline/notices.js";
import { areQuiet, describePlace, openPlaces, type Place } from "./testing/place.js";

let places: Place[];
beforeAll(async () => {
  places = await openPlaces(["eu", "us"]);
});
afterAll(() => Promise.all(places.map((place) => place.stop())));

test("every command of the table, under the prefix that is ours", async () => {
  const clients = places.map(({ server }) => server.client());
  const [eu, us] = places as [Place, Place];
  await clients[0]?.set("k", "mine");
  const quiet = (): Promise<unknown> =>
    waitFor(() => areQuiet(places, clients), { timeoutMs: 10_000, what: () => `quiet: ${JSON.stringify(places.map(describePlace))}` });
  await quiet();
  // The first import may have read the key.
  const { readBacks } = eu.counters;
  const { host, port } = eu.server;
  const connection = await ServerConnection.open({ host, port, connectTimeoutMs: 5_000, replyTimeoutMs: 5_000 });
  const report = await probeServer({ tail: { host, port, connectTimeoutMs: 5_000 }, call: (args) => connection.call(args) });
  await connection.close();
  expect([report.unknown, report.unlisted]).toEqual([[], []]);
  await quiet();
  expect([eu.counters.mutations, eu.counters.readBacks, us.counters.received]).toEqual([1, readBacks, 1]);
  expect([[...eu.counters.unsupported], [...eu.counters.wholeValue], noticesOf(eu.counters, undefined)]).toEqual([[], [], []]);
  expect([await clients[0]?.keys("*"), await clients[1]?.keys("*")].map((keys) => keys?.filter((key) => key !== "meridian:mark"))).toEqual([["k"], ["k"]]);
  expect(places.flatMap(({ failures }) => failures)).toEqual([]);
});
