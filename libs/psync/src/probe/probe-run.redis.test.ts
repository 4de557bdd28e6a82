/** The probe against real servers: what they rewrite is known, what would not be is named, and user keys stay as they are. */
import { connect } from "node:net";
import { ReplyParser, encodeCommand, type Reply } from "@meridian/resp";
import { startRedis, type TestRedis } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isConforming, meaningOf } from "./probe-report.js";
import { probeServer, type ProbeCall, type ProbeOptions } from "./probe-run.js";
import { PROBE_PREFIX } from "./probe-stream.js";
import { SHORT_PROBE } from "./probed-rows.js";

let server: TestRedis;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = server.client();
});
afterAll(async () => server.stop());

/** A connection as simple as can be: one request at a time. */
function connection(port: number, user?: string): { call: ProbeCall; close: () => void } {
  const socket = connect(port, "127.0.0.1");
  const waiting: ((reply: Reply) => void)[] = [];
  const parser = new ReplyParser((reply) => waiting.shift()?.(reply));
  socket.on("data", (chunk) => parser.push(chunk));
  const call: ProbeCall = (args) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      socket.write(encodeCommand([...args]));
    });
  if (user !== undefined) void call(["AUTH", user, "secret"]);
  return { call, close: () => socket.destroy() };
}

async function probe(options: Partial<ProbeOptions> & { user?: string } = {}) {
  const { call, close } = connection(server.port, options.user);
  const tail = { host: "127.0.0.1", port: server.port, connectTimeoutMs: 10_000 };
  try {
    return await probeServer({ tail, call, ...options });
  } finally {
    close();
  }
}

describe("a probe", () => {
  it("knows every form of this server, under traffic, and leaves nothing behind of its own and everything of others", async () => {
    const names = ["k", "k2", "n", "s", "z", "h", "l", "x", "d", "missing"];
    await client.mset(...names.flatMap((name) => [name, `user's ${name}`]));
    let isOver = false;
    const traffic = (async () => {
      for (let at = 0; !isOver; at += 1) await client.multi().set(`t${at % 7}`, at).incr("total").exec();
    })();
    const report = await probe();
    isOver = true;
    await traffic;
    expect(report.unknown).toEqual([]);
    expect(report.unlisted).toEqual([]);
    expect(isConforming(report)).toBe(true);
    expect([report.kind, report.version]).toEqual([server.version.kind, server.version.text]);
    expect(report.commands).toBeGreaterThan(90);
    expect(report.examples).toBeGreaterThan(200);
    expect(report.notTried.map(({ command }) => command)).toEqual(expect.arrayContaining(["flushall", "swapdb", "script|flush", "migrate", "publish"]));
    expect(await client.mget(...names)).toEqual(names.map((name) => `user's ${name}`));
    expect(await client.keys(`${PROBE_PREFIX}*`)).toEqual([]);
    expect(await client.dbsize()).toBe(names.length + 8);
  });

  it("the short one tries what capture depends on most", async () => {
    const report = await probe({ names: SHORT_PROBE });
    expect([report.unknown, report.commands]).toEqual([[], SHORT_PROBE.length]);
  });

  it("names a rewrite that the table does not know, with what it means", async () => {
    const { call, close } = connection(server.port);
    // A server that sends something else than it should: what is executed differs from what the probe believes to send.
    const bent: ProbeCall = (args) => {
      const [name, key = ""] = args.map(String);
      if (name === "APPEND") return call(["SET", key, "other"]);
      if (name === "RENAME") return call(["EXISTS", key]);
      return call([...args]);
    };
    const report = await probeServer({ tail: { host: "127.0.0.1", port: server.port, connectTimeoutMs: 10_000 }, call: bent, names: ["append", "rename", "incr"] });
    close();
    expect(isConforming(report)).toBe(false);
    expect(report.unknown).toMatchObject([
      { command: "append", sent: "APPEND k x", carried: "SET k other", meaning: expect.stringContaining("may not be found") as string },
      { command: "rename", sent: "all examples", carried: "nothing", meaning: expect.stringContaining("no trace") as string },
    ]);
    expect(report.commands).toBe(3);
  });

  it("does not try what its user may not do, and says so", async () => {
    await client.call("ACL", "SETUSER", "bound", "on", ">secret", `~${PROBE_PREFIX}*`, "+set", "+del", "+info", "+incr", "+psync", "+replconf", "+ping");
    const tail = { host: "127.0.0.1", port: server.port, connectTimeoutMs: 10_000, username: "bound", password: "secret" };
    const report = await probe({ names: ["set", "incr", "append", "hset"], user: "bound", tail });
    expect([report.unknown, report.commands]).toEqual([[], 2]);
    expect(report.notTried).toEqual([
      { command: "append", reason: expect.stringContaining("NOPERM") as string },
      { command: "hset", reason: expect.stringContaining("NOPERM") as string },
    ]);
  });

  it("refuses a replica", async () => {
    const { call, close } = connection(server.port);
    const asReplica: ProbeCall = async (args) => (args[0] === "INFO" ? Buffer.from("redis_version:7.0.15\r\nrole:slave\r\ncluster_enabled:0\r\n") : call(args));
    await expect(probeServer({ tail: { host: "127.0.0.1", port: server.port, connectTimeoutMs: 10_000 }, call: asReplica })).rejects.toMatchObject({ code: "SERVER_UNSUPPORTED" });
    const asCluster: ProbeCall = () => Promise.resolve(Buffer.from("redis_version:7.0.15\r\nrole:master\r\ncluster_enabled:1\r\n"));
    await expect(probeServer({ tail: { host: "127.0.0.1", port: server.port, connectTimeoutMs: 10_000 }, call: asCluster })).rejects.toThrow(/cluster mode/);
    close();
  });
});

it("says what an unknown form means, by what is done with the command", () => {
  expect(meaningOf("captured", [["SET", "k", "v"]], [])).toContain("another value");
  expect(meaningOf("whole", [["SET", "k", "v"]], [])).toContain("old value");
  expect(meaningOf("captured", [], [])).toContain("no trace");
  expect(meaningOf("captured", [["NEW", "k"]], ["NEW"])).toContain("does not know NEW");
});
