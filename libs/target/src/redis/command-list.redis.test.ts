/** What a real server says of its commands, as if the table did not have some of them. */
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
