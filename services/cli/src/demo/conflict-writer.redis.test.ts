import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { writeConflicts } from "./conflict-writer.js";
import { Ledger } from "./ledger.js";
import { hasRedisBenchmark, runRedisBenchmark } from "./redis-benchmark.js";

let server: TestRedis;
let client: Redis;
beforeAll(async () => {
  server = await startRedis();
  client = server.client({ retryStrategy: () => null, maxRetriesPerRequest: 0 });
});
afterAll(() => server.stop());

describe("writeConflicts", () => {
  it("books exactly what the server acknowledged: all totals of every kind, and every command", async () => {
    const ledger = new Ledger();
    const stop = new AbortController();
    const writers = ["eu", "us"].map((region) => writeConflicts(region, server.client(), 4_000, ledger, stop.signal));
    const everyKind = ["demo:counter:0", "demo:tally", "demo:board", "demo:seen:0", "demo:recent:0"];
    const written = async (): Promise<boolean> => ledger.acknowledged > 4_000 && (await client.exists(...everyKind)) === everyKind.length;
    await waitFor(written, { what: "4,000 acknowledged writes of every kind" });
    stop.abort();
    await Promise.all(writers);
    expect(ledger).toMatchObject({ refused: 0, unanswered: 0 });
    const kinds = await Promise.all(everyKind.map((key) => client.type(key)));
    expect(kinds).toEqual(["string", "hash", "zset", "set", "list"]);
    expect(ledger.cells).toBeGreaterThan(60);
    expect(await ledger.check([{ region: "eu", client }])).toEqual([]);
  });

  it("notices a lost increment and a lost member", async () => {
    const ledger = new Ledger();
    ledger.add({ kind: "counter", key: "c" }, 3);
    ledger.add({ kind: "counter", key: "c" }, -1);
    ledger.add({ kind: "score", key: "z", member: "m" }, 2);
    ledger.addMember("s");
    await client.set("c", 2);
    await client.zadd("z", 1, "m");
    expect(await ledger.check([{ region: "eu", client }])).toEqual([
      { what: "z<m>", expected: 2, found: { eu: 1 } },
      { what: "members of s", expected: 1, found: { eu: 0 } },
    ]);
  });

  it("counts what was refused, and what was never answered", async () => {
    const ledger = new Ledger();
    const stop = new AbortController();
    const other = await startRedis({ args: ["--maxmemory", "1", "--maxmemory-policy", "noeviction"] });
    const own = other.client({ retryStrategy: () => null, maxRetriesPerRequest: 0 });
    const writer = writeConflicts("eu", own, 2_000, ledger, stop.signal);
    await waitFor(() => ledger.refused > 100, { what: "refusals" });
    await other.stop();
    await waitFor(() => ledger.unanswered > 0, { what: "writes without an answer" });
    stop.abort();
    await writer;
    expect(ledger.refused).toBeGreaterThan(100);
  });
});

describe("runRedisBenchmark", () => {
  it("executes exactly the requests that it reports", async ({ skip }) => {
    if (!(await hasRedisBenchmark())) skip("redis-benchmark is not installed");
    await client.flushall();
    await client.config("RESETSTAT");
    const traffic = await runRedisBenchmark(server.url, 2, new AbortController().signal);
    const keys = await client.keys("counter:*");
    const sum = (await client.mget(keys)).reduce((total, value) => total + Number(value), 0);
    expect(sum).toBe(traffic.increments);
    const stats = await client.info("commandstats");
    const executed = ["set", "incr", "sadd", "hset", "zadd"].map((name) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1]));
    expect(executed.reduce((total, calls) => total + calls, 0)).toBe(traffic.requests);
  });
});
