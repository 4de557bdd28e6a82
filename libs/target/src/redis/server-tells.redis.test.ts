/** What a real server tells of itself: its commands, as if the table did not have some of them, and what it drops to make room. */
import { ReplyError } from "@meridian/resp";
import { startRedis } from "@meridian/testkit";
import { expect, test } from "vitest";
import { foreignCommands } from "./command-list.js";
import { RedisTarget } from "./redis-target.js";
import { ServerConnection } from "./server-connection.js";

const ABSENT = ["set", "mset", "del", "rename", "sort", "get", "publish", "zunionstore"];

test("write commands that are not known, with their keys; none whose keys may stand anywhere, none that only read", async () => {
  const server = await startRedis();
  const options = { host: server.host, port: server.port, connectTimeoutMs: 2000, replyTimeoutMs: 5000 };
  const connection = await ServerConnection.open(options);
  const found = foreignCommands(await connection.call(["COMMAND"]), (name) => !ABSENT.includes(name));
  expect(found.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: "del", first: 1, last: -1, step: 1 },
    { name: "mset", first: 1, last: -1, step: 2 },
    { name: "rename", first: 1, last: 2, step: 1 },
    { name: "set", first: 1, last: 1, step: 1 },
  ]);
  const target = await RedisTarget.connect({ ...options, clientName: "meridian-apply" });
  expect(await target.foreignCommands()).toEqual([]);
  await Promise.all([target.close(), connection.close()]);
  await server.stop();
});

test("an answer that is no list says nothing", () => {
  expect(foreignCommands(new ReplyError("ERR"), () => false)).toEqual([]);
});

test("a server that drops keys to make room says how many, and by which policy", async () => {
  const server = await startRedis({ args: ["--maxmemory-policy", "allkeys-random"] });
  const client = server.client();
  await client.mset(...Array.from({ length: 200 }, (_, at) => [`k${at}`, "x".repeat(1000)]).flat());
  const target = await RedisTarget.connect({ host: server.host, port: server.port, connectTimeoutMs: 2000, replyTimeoutMs: 5000, clientName: "meridian-apply" });
  expect(await target.info()).toMatchObject({ evictedKeys: 0, maxMemoryBytes: 0, maxMemoryPolicy: "allkeys-random" });
  const limit = Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]) - 20_000;
  await client.config("SET", "maxmemory", String(limit));
  await expect.poll(async () => (await target.info()).evictedKeys, { timeout: 10_000 }).toBeGreaterThan(0);
  expect((await target.info()).maxMemoryBytes).toBe(limit);
  await target.close();
  await server.stop();
});
