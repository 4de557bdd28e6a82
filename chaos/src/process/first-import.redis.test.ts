/** A region whose server holds data before its agent comes: the peers get all of it, while clients go on writing. */
import { startMesh, type Mesh } from "@meridian/cli";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import type { ChainableCommander, Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { settle } from "./settle.js";

/** Of each of six types, in each database. */
const KEYS = 900;
const DATABASES = [0, 3];
const FAR_MS = 4_000_000_000_000;

let mesh: Mesh | undefined;
let servers: readonly TestRedis[];
beforeEach(async () => {
  servers = await Promise.all(["eu", "us"].map(() => startRedis()));
});
afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
  await Promise.all(servers.map((server) => server.stop()));
});

function addKeys(pipeline: ChainableCommander, at: number): void {
  pipeline.set(`string:${at}`, at % 3 === 0 ? `${at}` : `value ${at} `.repeat(20));
  pipeline.hset(`hash:${at}`, { a: at, b: `b${at}`, c: "x".repeat(100) });
  pipeline.sadd(`set:${at}`, `m${at}`, "n", "o");
  pipeline.zadd(`sorted:${at}`, at / 7, "one", -at, "two");
  pipeline.rpush(`list:${at}`, at, "b", "c");
  pipeline.xadd(`stream:${at}`, `${at + 1}-1`, "field", at);
  if (at % 4 === 0) pipeline.call("PEXPIREAT", `string:${at}`, FAR_MS + at);
  if (at % 5 === 0) pipeline.call("PEXPIREAT", `hash:${at}`, FAR_MS + at);
}

async function fill(client: Redis): Promise<void> {
  for (const db of DATABASES) {
    await client.select(db);
    const pipeline = client.pipeline();
    for (let at = 0; at < KEYS; at += 1) addKeys(pipeline, at);
    await pipeline.exec();
  }
}

/** Rounds of writes that the other region may not have seen yet: enough that pages of the import meet them. */
const ROUNDS_AHEAD = 40;

/**
 * Raises and changes what is being imported, and what is new, until `isOver`. Once the import has begun it goes on as fast as
 * `peer` follows, for the import shares the stream with it. Returns how often each counter rose.
 */
async function write(client: Redis, peer: Redis, db: number, isOver: () => boolean): Promise<number> {
  await Promise.all([client.select(db), peer.select(db)]);
  const follows = async (times: number): Promise<boolean> => isOver() || Number((await peer.get("new:0")) ?? times) > times - ROUNDS_AHEAD;
  for (let times = 1; ; times += 1) {
    const pipeline = client.pipeline();
    for (let at = 0; at < KEYS; at += 90) {
      pipeline.incr(`string:${at}`).hincrby(`hash:${at}`, "a", 2).sadd(`set:${at}`, `late-${times}`).srem(`set:${at}`, "n");
      pipeline.rpush(`list:${at}`, times).del(`sorted:${at + 1}`).set(`string:${at + 1}`, `late ${times}`).incr(`new:${at}`);
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    await waitFor(() => follows(times), { timeoutMs: 100_000, what: "the peer to follow" });
    if (isOver()) return times;
  }
}

it("every type, in two databases, with deadlines, under writes", { timeout: 150_000 }, async () => {
  const [eu, us] = servers.map((server) => server.client()) as [Redis, Redis];
  await fill(eu);
  let isOver = false;
  const writing = DATABASES.map((db) => write(servers[0]!.client(), servers[1]!.client(), db, () => isOver));
  mesh = await startMesh({ regions: ["eu", "us"], servers: servers.map(({ url }) => url) });
  // the last pages of the import come when most keys are there
  await us.select(3);
  await waitFor(async () => (await us.dbsize()) > KEYS * 5.5, { timeoutMs: 100_000, what: "the import" });
  isOver = true;
  const times = await Promise.all(writing);
  const report = await settle(mesh);
  expect(report).toMatchObject({ verdict: "equal", differences: [] });
  expect(report.databases).toEqual(expect.arrayContaining(DATABASES));
  expect(report.keysByType).toMatchObject({ list: 2 * KEYS, stream: 2 * KEYS, hash: 2 * KEYS, set: 2 * KEYS });
  for (const [index, db] of DATABASES.entries()) {
    await us.select(db);
    for (let at = 0; at < KEYS; at += 90) {
      expect(Number(await us.get(`string:${at}`))).toBe(at + times[index]!);
      expect(Number(await us.hget(`hash:${at}`, "a"))).toBe(at + 2 * times[index]!);
      expect(Number(await us.get(`new:${at}`))).toBe(times[index]);
    }
  }
});
