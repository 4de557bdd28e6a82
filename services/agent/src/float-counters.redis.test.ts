/**
 * Float counters on real servers: three regions increment at once, beside everything else that happens to the same keys; and what
 * the status says where events do not come.
 */
import type { Redis } from "ioredis";
import { MemoryShelf } from "@meridian/log";
import { startRedis, waitFor } from "@meridian/testkit";
import { writerId } from "@meridian/words";
import type { LifeSettings } from "./pipeline/life-deps.js";
import { afterEach, expect, test } from "vitest";
import { areQuiet, describePlace, followsFloats, openPlaces, Place, TELLS_FLOATS } from "./testing/place.js";

const CLIENTS = 3;
const ROUNDS = 60;
const ALL: LifeSettings["floats"] = { mode: "auto", prefixes: [""] };

let places: Place[] = [];
let clients: Redis[] = [];

afterEach(() => Promise.all(places.map((place) => place.stop())));

async function open(args: readonly string[], floats = ALL): Promise<void> {
  places = await openPlaces(["eu", "us", "ap"], args, { floats });
  clients = places.map(({ server }) => server.client());
}

const followed = (): Promise<unknown> => waitFor(() => places.every(followsFloats), { what: "events to be followed" });

async function quiet(): Promise<void> {
  const what = (): string => JSON.stringify(places.map((place) => describePlace(place)));
  await waitFor(() => areQuiet(places, clients), { timeoutMs: 30_000, what });
}

/** One client's turns: counters that are only incremented, and one key to which everything happens. */
async function fire(place: Place, seed: number): Promise<void> {
  const client = place.server.client();
  for (let round = 0; round < ROUNDS; round += 1) {
    const pipe = client.pipeline();
    pipe.call("INCRBYFLOAT", "sum", "0.25").call("HINCRBYFLOAT", "h", "f", "-1.5").call("HSET", "h", "g", String(round)).call("HINCRBYFLOAT", "h", "other", "0.5");
    pipe.call("MULTI").call("INCRBYFLOAT", "sum", "2").call("INCRBY", "whole", "3").call("HINCRBYFLOAT", "h", "f", "1").call("EXEC");
    pipe.call("EVAL", "redis.call('SET', 'a', '1') return redis.call('INCRBYFLOAT', 'sum', '0.5')", "0");
    pipe.call("INCRBYFLOAT", "mixed", "0.1").call("SET", "plain", String(round), "KEEPTTL");
    const other = (round + seed) % 6;
    if (other === 0) pipe.call("SET", "mixed", "7.5");
    else if (other === 1) pipe.call("DEL", "mixed");
    else if (other === 2) pipe.call("EXPIRE", "mixed", "1000");
    else if (other === 3) pipe.call("SET", "mixed", "3", "KEEPTTL").call("INCR", "mixed");
    else if (other === 4) pipe.call("MSET", "mixed", "2", "plain", "x");
    else pipe.call("PERSIST", "mixed");
    await pipe.exec();
  }
}

async function contents(): Promise<unknown[]> {
  const keys = ["sum", "whole", "mixed", "plain", "a"];
  return Promise.all(clients.map(async (client) => [await client.mget(...keys), await client.hgetall("h"), await client.call("PEXPIRETIME", "mixed")]));
}

test("three regions increment at once, beside SET, DEL, EXPIRE and INCR of the same keys: nothing is lost, all print the same", { timeout: 60_000 }, async () => {
  await open(TELLS_FLOATS, { mode: "on", prefixes: [""] });
  await followed();
  await Promise.all(places.flatMap((place, at) => Array.from({ length: CLIENTS }, (_, index) => fire(place, at + index))));
  await quiet();
  const all = await contents();
  expect(all).toEqual(all.map(() => all[0]));
  const times = places.length * CLIENTS * ROUNDS;
  const [[sum, whole], hash] = all[0] as [string[], Record<string, string>];
  expect([sum, whole, hash["f"], hash["other"]]).toEqual([String(times * 2.75), String(times * 3), String(times * -0.5), String(times * 0.5)]);
  // What clients and a peer's deadline do to one key at once may have to be read; its increments are values meanwhile.
  for (const { counters } of places) expect(counters.floatsAsValues).toBeLessThanOrEqual(CLIENTS * ROUNDS);
  expect(places.map(({ counters: { floats } }) => floats)).toEqual(places.map(() => CLIENTS * ROUNDS * 7));
  expect(places.every(followsFloats)).toBe(true);
});

test("a lost connection is told, and taken up again: the regions agree, and go on adding", { timeout: 60_000 }, async () => {
  await open(TELLS_FLOATS);
  await followed();
  const firing = Promise.all(places.map((place, at) => fire(place, at)));
  const [eu] = clients as [Redis];
  const lines = String(await eu.client("LIST")).split("\n").filter((line) => line.includes("name=meridian-events"));
  const listeners = lines.map((line) => /id=(\d+)/.exec(line)?.[1] ?? "");
  expect(listeners).toHaveLength(1);
  await eu.client("KILL", "ID", listeners[0] as string);
  await waitFor(() => places[0]?.life.region.floats?.isClosed, { what: "the loss to be noticed", pollMs: 1 });
  await firing;
  await followed();
  await quiet();
  const all = await contents();
  expect(all).toEqual(all.map(() => all[0]));
  await Promise.all(clients.map((client) => client.set("later", "1.5")));
  await quiet();
  await Promise.all(clients.map((client) => client.incrbyfloat("later", 0.5)));
  await quiet();
  expect(await Promise.all(clients.map((client) => client.get("later")))).toEqual(["3", "3", "3"]);
});

test("where a server tells none the results are values, and that is said", { timeout: 60_000 }, async () => {
  await open([]);
  const reasons = (): unknown[] => places.map(({ life: { region } }) => region.floats?.status);
  const silent = { follows: false, reason: "the server tells no events: notify-keyspace-events must name K, $ and h" };
  const areSilent = (): boolean => reasons().every((status) => JSON.stringify(status) === JSON.stringify(silent));
  await waitFor(areSilent, { what: () => JSON.stringify(reasons()) });
  await clients[0]?.set("k", "1.5");
  await quiet();
  for (const { log } of places) log.hold();
  await Promise.all(clients.map((client) => client.incrbyfloat("k", 1)));
  for (const { log } of places) log.release();
  await quiet();
  expect(await Promise.all(clients.map((client) => client.get("k")))).toEqual(["2.5", "2.5", "2.5"]);
  expect(places.map(({ counters: { floats } }) => floats)).toEqual([0, 0, 0]);
});

test("events that end while they are followed are noticed, also in the middle of a write", { timeout: 60_000 }, async () => {
  await open(TELLS_FLOATS);
  await followed();
  await clients[0]?.config("SET", "notify-keyspace-events", "");
  await clients[0]?.incrbyfloat("k", 1.5);
  await quiet();
  expect(await Promise.all(clients.map((client) => client.get("k")))).toEqual(["1.5", "1.5", "1.5"]);
  expect(places[0]?.life.region.floats?.status).toEqual({ follows: false, reason: "events of writes did not come" });
  expect(places.slice(1).every(followsFloats)).toBe(true);
});

test("only keys with the prefixes of the options are told of", { timeout: 60_000 }, async () => {
  await open(TELLS_FLOATS, { mode: "on", prefixes: ["acct:", "x*?["] });
  await followed();
  for (const { log } of places) log.hold();
  for (const key of ["acct:1", "x*?[1", "other", "xy?[1"]) await Promise.all(clients.map((client) => client.incrbyfloat(key, 1.5)));
  for (const { log } of places) log.release();
  await quiet();
  expect(await Promise.all(clients.map((client) => client.mget("acct:1", "x*?[1", "other", "xy?[1")))).toEqual(clients.map(() => ["4.5", "4.5", "1.5", "1.5"]));
});

test("a server that tells none is not followed where events are a must", async () => {
  const server = await startRedis();
  const place = new Place(server, writerId("eu", "0"), [], new MemoryShelf(), undefined, { floats: { mode: "on", prefixes: [""] } });
  places = [place];
  await waitFor(() => place.failures.length > 0, { what: "the refusal" });
  expect(place.failures.map(({ code }) => code)).toEqual(["SERVER_UNSUPPORTED"]);
});
