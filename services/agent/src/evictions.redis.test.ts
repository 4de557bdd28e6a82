/**
 * Servers that make room: two regions with full servers, and one without a limit. What a server evicts is away there and nowhere
 * else; what clients delete beside is deleted everywhere; what is written to an evicted key brings it back. Under allkeys-* a server
 * may drop the agent's mark, which ends a life: these policies are not for a test of one life.
 */
import type { Redis } from "ioredis";
import { readEvicted } from "@meridian/region";
import { afterEach, expect, test } from "vitest";
import { MemoryShelf } from "@meridian/log";
import { startRedis, waitFor } from "@meridian/testkit";
import { writerId, type WriterId } from "@meridian/words";
import { areQuiet, describePlace, Place } from "./testing/place.js";

const TELLS = ["--notify-keyspace-events", "Kgxe"];
/** A backlog counts as used memory, and comes into being with the first replica; its size is not the same everywhere. */
const BACKLOG = ["--repl-backlog-size", "1mb"];
/** What a server of these tests may hold. */
const ROOM_BYTES = 4_000_000;
const KEYS = 700;
const VALUE = "v".repeat(10_000);
const TEST_MS = 120_000;

let places: Place[] = [];
let clients: Redis[] = [];

afterEach(async () => {
  await Promise.all(places.map((place) => place.stop()));
  places = [];
});

/** Regions of which the first has a server that makes room by a policy. */
async function open(names: readonly string[], policy: string, tells = TELLS): Promise<void> {
  const writers = names.map((name) => writerId(name, "0"));
  const servers = await Promise.all(names.map((_, at) => startRedis({ args: at === 0 ? [...tells, ...BACKLOG, "--maxmemory-policy", policy] : tells })));
  clients = servers.map((server) => server.client());
  // What a server holds beside data is not the same everywhere.
  const used = Number(/used_memory:(\d+)/.exec((await clients[0]?.info("memory")) ?? "")?.[1]);
  await clients[0]?.config("SET", "maxmemory", String(used + ROOM_BYTES));
  const shelf = new MemoryShelf();
  places = servers.map((server, at) => new Place(server, writers[at] as WriterId, writers.filter((_, other) => other !== at), shelf));
  if (tells.length > 0) await followed(places[0] as Place);
  await quiet();
}

const quiet = (): Promise<unknown> => waitFor(() => areQuiet(places, clients), { timeoutMs: 60_000, what: () => `the mesh to come to rest: ${JSON.stringify(places.map(describePlace))}` });

const followed = (place: Place): Promise<unknown> =>
  waitFor(() => place.life.region.evictions?.events.status.follows, { timeoutMs: 20_000, what: () => `evictions to be followed: ${JSON.stringify(place.life.region.evictions?.events.status)}` });

/** From here on there is room enough, and still a limit. */
const widen = (client: Redis): Promise<unknown> => client.config("SET", "maxmemory", String(2 ** 30));

const evictedBy = async (client: Redis): Promise<number> => Number(/evicted_keys:(\d+)/.exec(await client.info("stats"))?.[1]);

/** Keys that a region says are away. */
const awayIn = ({ store }: Place): string[] => readEvicted(store, undefined, Infinity).keys.map(({ key }) => key).sort();

async function keysOf(client: Redis): Promise<string[]> {
  return (await client.keys("*")).filter((key) => !key.startsWith("meridian:")).sort();
}

test.each(["volatile-lru", "volatile-lfu", "volatile-ttl"])("under %s what one server evicts stays in the other regions, and what clients delete does not", async (policy) => {
  await open(["eu", "us", "ap"], policy);
  const [eu, us, ap] = clients as [Redis, Redis, Redis];
  const deleted: string[] = [];
  for (let at = 0; at < KEYS; at += 1) {
    const pipe = eu.pipeline();
    pipe.set(`k${at}`, VALUE, "EX", 10_000);
    pipe.hset(`h${at % 50}`, `f${at}`, "1").sadd("members", `m${at}`);
    pipe.expire(`h${at % 50}`, 10_000);
    if (at % 7 === 0) {
      pipe.del(`k${at}`);
      deleted.push(`k${at}`);
    }
    await pipe.exec();
  }
  await widen(eu);
  await quiet();
  const [here] = places as [Place, ...Place[]];
  expect(here.failures.map(String)).toEqual([]);
  const evicted = await evictedBy(eu);
  expect(evicted).toBeGreaterThan(KEYS / 8);
  expect(here.counters.evictions).toMatchObject({ untold: 0, unmatched: 0 });
  // A sign of ours may be among what it dropped.
  expect(here.counters.evictions.seen).toBeLessThanOrEqual(evicted);
  expect(here.counters.evictions.seen).toBeGreaterThanOrEqual(evicted - 2);
  const [ofEu, ofUs, ofAp] = await Promise.all([keysOf(eu), keysOf(us), keysOf(ap)]);
  expect(ofUs).toEqual(ofAp);
  // Nothing of what clients wrote is missing elsewhere, and what they deleted is.
  const wanted = Array.from({ length: KEYS }, (_, at) => `k${at}`).filter((key) => !deleted.includes(key));
  expect(wanted.filter((key) => !ofUs.includes(key))).toEqual([]);
  expect(deleted.filter((key) => ofUs.includes(key))).toEqual([]);
  expect(await us.scard("members")).toBe(KEYS);
  // What is away here is exactly what the others have and this server has not.
  expect(awayIn(here)).toEqual(ofUs.filter((key) => !ofEu.includes(key)));
  expect(awayIn(here)).toHaveLength(here.life.region.evictions?.keysAway ?? -1);
}, TEST_MS);

test("a key that is written again comes back, in the region that evicted it and with what the others have", async () => {
  await open(["eu", "us"], "volatile-lru");
  const [eu, us] = clients as [Redis, Redis];
  const [here] = places as [Place, Place];
  await eu.hset("hash", "old", "1", "long", "x".repeat(100));
  await eu.incrby("counter", 40);
  await eu.set("text", "before");
  await eu.rpush("list", "a", "b");
  for (const key of ["hash", "counter", "text", "list"]) await eu.expire(key, 5000);
  await quiet();
  await us.hset("hash", "other", "2");
  await us.incrby("counter", 2);
  await quiet();
  for (let at = 0; awayIn(here).filter((key) => ["hash", "counter", "text", "list"].includes(key)).length < 4; at += 1) {
    expect(at).toBeLessThan(1000);
    for (let n = 0; n < 100; n += 1) await eu.set(`filler${at % 20}:${n}`, VALUE, "EX", 10_000);
    await quiet();
  }
  expect([await eu.exists("hash", "counter", "text", "list"), await us.exists("hash", "counter", "text", "list")]).toEqual([0, 4]);
  await widen(eu);
  await quiet();
  expect(await eu.incrby("counter", 3)).toBe(3);
  await eu.hset("hash", "new", "3");
  await us.rpush("list", "c");
  await us.set("text", "after");
  await quiet();
  expect([await eu.get("counter"), await us.get("counter")]).toEqual(["45", "45"]);
  expect([await eu.get("text"), await eu.lrange("list", 0, -1)]).toEqual(["after", ["a", "b", "c"]]);
  expect(await us.hgetall("hash")).toEqual({ old: "1", long: "x".repeat(100), other: "2", new: "3" });
  // What the agent does not hold cannot come back here, and is counted.
  expect(await eu.hgetall("hash")).toEqual({ old: "1", other: "2", new: "3" });
  expect(here.counters.valuesMissing).toBeGreaterThan(0);
  expect(awayIn(here).filter((key) => !key.startsWith("filler"))).toEqual([]);
  // And nothing that is missing here is taken away elsewhere by what comes later.
  await eu.hset("hash", "later", "4");
  await eu.hdel("hash", "new");
  await quiet();
  expect(await us.hgetall("hash")).toEqual({ old: "1", long: "x".repeat(100), other: "2", later: "4" });
}, TEST_MS);

test("keys are still away after a restart of the agent, and what it did not hear meanwhile is counted", async () => {
  await open(["eu", "us"], "volatile-lru");
  const [eu, us] = clients as [Redis, Redis];
  for (let at = 0; at < KEYS; at += 1) await eu.set(`k${at}`, VALUE, "EX", 10_000);
  await quiet();
  await widen(eu);
  await quiet();
  const [first, other] = places as [Place, Place];
  const before = awayIn(first);
  expect(before.length).toBeGreaterThan(100);
  await first.leave();
  const again = new Place(first.server, first.writer, [other.writer], other.shelf, first.store);
  places = [again, other];
  await followed(again);
  expect(awayIn(again)).toEqual(before);
  expect(again.life.region.evictions?.keysAway).toBe(before.length);
  const [one = ""] = before;
  await eu.del(`k${KEYS - 1}`);
  await us.set(one, "short");
  await quiet();
  expect([await eu.get(one), await us.exists(`k${KEYS - 1}`)]).toEqual(["short", 0]);
  expect(awayIn(again)).not.toContain(one);
  expect(await us.dbsize()).toBeGreaterThanOrEqual(KEYS - 1);
}, TEST_MS);

test("a server that tells no events is said to have its evictions deleted everywhere, with what to do", async () => {
  await open(["eu", "us"], "volatile-lru", []);
  const [eu, us] = clients as [Redis, Redis];
  const [here] = places as [Place, Place];
  const status = (): string => JSON.stringify(here.life.region.evictions?.events.status);
  await waitFor(() => status().includes("notify-keyspace-events"), { timeoutMs: 20_000, what: () => `the lack of events to be noticed: ${status()}` });
  for (let at = 0; at < KEYS; at += 1) await eu.set(`k${at}`, VALUE, "EX", 10_000);
  await widen(eu);
  await quiet();
  expect(await evictedBy(eu)).toBeGreaterThan(0);
  expect(here.counters.evictions.seen).toBe(0);
  // A key of ours may be among what it dropped.
  expect(here.counters.evictions.untold).toBe(KEYS - (await keysOf(eu)).length);
  expect(await keysOf(us)).toEqual(await keysOf(eu));
  // As soon as it tells, evictions stay here.
  await eu.config("SET", "notify-keyspace-events", "Kgxe");
  await waitFor(() => here.life.region.evictions?.events.status.follows, { timeoutMs: 70_000, what: () => `events to be followed: ${status()}` });
  const used = Number(/used_memory:(\d+)/.exec(await eu.info("memory"))?.[1]);
  await eu.config("SET", "maxmemory", String(used));
  const kept = await us.dbsize();
  for (let at = KEYS; at < KEYS + 100; at += 1) await eu.set(`k${at}`, VALUE, "EX", 10_000);
  await widen(eu);
  await quiet();
  expect(here.counters.evictions.seen).toBeGreaterThan(0);
  expect(await us.dbsize()).toBe(kept + 100);
}, TEST_MS);
