import fc from "fast-check";
import { type Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startRedis, type TestRedis } from "@meridian/testkit";
import type { CompareOptions, CompareReport } from "./compare-report.js";
import { compareServers } from "./compare-servers.js";

let servers: TestRedis[];
let eu: Redis;
let us: Redis;
let ap: Redis;

beforeAll(async () => {
  servers = await Promise.all([startRedis(), startRedis(), startRedis()]);
  [eu, us, ap] = servers.map((server) => server.client()) as [Redis, Redis, Redis];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});
beforeEach(async () => {
  await Promise.all([eu, us, ap].map((client) => client.flushall()));
});

function compare(options: CompareOptions = {}, count = 2): Promise<CompareReport> {
  const named = servers.slice(0, count).map(({ url }, index) => ({ url, name: ["eu", "us", "ap"][index]! }));
  return compareServers(named, { settleMs: 0, ...options });
}

/** The same on both. */
async function everywhere(...command: [string, ...(string | Buffer | number)[]]): Promise<void> {
  await Promise.all([eu, us, ap].map((client) => client.call(...(command as [string, ...string[]]))));
}

function found(report: CompareReport): [string, string, string][] {
  return report.differences.map(({ key, kind, lines }) => [key, kind, lines.join(" | ")]);
}

describe("compareServers on equal data", () => {
  it("finds every type equal, in any database, whatever the encoding and the order of the reply", async () => {
    const members = Array.from({ length: 600 }, (_, index) => `member-${index}`);
    await everywhere("SET", "string", "v");
    await everywhere("SET", "counter", "42");
    await everywhere("SETEX", "deadline", 500, "v");
    await eu.call("PEXPIREAT", "deadline", Date.now() + 500_000);
    const at = Number(await eu.call("PEXPIRETIME", "deadline"));
    await us.call("PEXPIREAT", "deadline", at);
    await everywhere("RPUSH", "list", "a", "b", "a");
    for (const [client, order] of [
      [eu, members],
      [us, members.toReversed()],
    ] as const) {
      await client.sadd("set", ...order);
      await client.hset("hash", ...order.flatMap((member) => [member, `of ${member}`]));
      await client.zadd("zset", ...order.flatMap((member) => [member.length / 3, member]));
    }
    await everywhere("XADD", "stream", "1-1", "f", "v", "g", "w");
    await everywhere("GEOADD", "geo", "13.36", "38.11", "Palermo");
    await eu.select(9);
    await us.select(9);
    await eu.set("elsewhere", "v");
    await us.set("elsewhere", "v");
    await eu.select(0);
    await us.select(0);
    const report = await compare();
    expect(found(report)).toEqual([]);
    expect(report).toMatchObject({ verdict: "equal", keys: 10, databases: [0, 9], keysWithDeadline: 1 });
    expect(report.keysByType).toEqual({ hash: 1, list: 1, set: 1, stream: 1, string: 4, zset: 2 });
  });

  it("leaves Meridian's own keys out", async () => {
    await eu.set("meridian:mark", "a");
    await us.set("meridian:mark", "b");
    await us.set("meridian:other", "b");
    await us.set("meridia", "b");
    await eu.set("meridia", "b");
    expect(await compare()).toMatchObject({ verdict: "equal", keys: 1, reserved: 1 });
  });

  it("leaves out keys that begin as the caller says", async () => {
    await eu.set("local:a", "1");
    await us.set("local:b", "2");
    await everywhere("SET", "locale", "v");
    expect(await compare({ except: ["local:", "other"] })).toMatchObject({ verdict: "equal", keys: 1, leftOut: 2 });
  });

  it("finds HyperLogLogs with the same registers equal: sparse and dense, with and without a cached count", async () => {
    await everywhere("PFADD", "h", "a", "b", "c");
    await us.call("CONFIG", "SET", "hll-sparse-max-bytes", "0");
    await us.call("PFADD", "h", "d");
    await us.call("CONFIG", "SET", "hll-sparse-max-bytes", "3000");
    await eu.call("PFADD", "h", "d");
    await eu.call("PFCOUNT", "h");
    expect(await eu.call("STRLEN", "h")).not.toBe(await us.call("STRLEN", "h"));
    expect(found(await compare())).toEqual([]);
    await us.call("PFADD", "h", "e");
    expect(found(await compare())).toEqual([['"h"', "value", "HyperLogLog: 1 registers differ"]]);
  });
});

/** Each plants one difference and names what must be said. */
const PLANTED: readonly { name: string; plant: () => Promise<unknown>; expected: [string, string, RegExp] }[] = [
  { name: "only on the first", plant: () => eu.set("k", "v"), expected: ["k", "missing", /eu string, us absent/] },
  { name: "only on the second", plant: () => us.rpush("k", "v"), expected: ["k", "missing", /eu absent, us list/] },
  {
    name: "another type",
    plant: () => Promise.all([eu.set("k", "v"), us.sadd("k", "v")]),
    expected: ["k", "type", /eu string, us set/],
  },
  {
    name: "another string",
    plant: () => Promise.all([eu.set("k", "abcdefghijklmnopqrstuvwxyz"), us.set("k", "abcdefghijklmnopqrsTuvwxyz")]),
    expected: ["k", "value", /^from byte 19 on: eu \.\.\."def.*tuv.*us.*Tuv/],
  },
  {
    name: "binary bytes",
    plant: () =>
      Promise.all([eu.set(Buffer.from([0, 255, 10]), Buffer.from([0, 1])), us.set(Buffer.from([0, 255, 10]), Buffer.from([0, 2]))]),
    expected: ["\\x00\\xff\\n", "value", /eu "\\x00\\x01", us "\\x00\\x02"/],
  },
  { name: "a hash's field", plant: () => Promise.all([eu.hset("k", { f: 1, g: 2 }), us.hset("k", { f: 1, g: 3 })]), expected: ["k", "value", /^field "g": eu "2", us "3"$/] },
  { name: "a field too many", plant: () => Promise.all([eu.hset("k", { f: 1 }), us.hset("k", { f: 1, g: 3 })]), expected: ["k", "value", /^field "g" in us, not in eu: "3"$/] },
  { name: "a member", plant: () => Promise.all([eu.sadd("k", "a", "b"), us.sadd("k", "a", "c")]), expected: ["k", "value", /^member "b" in eu, not in us \| member "c" in us, not in eu$/] },
  { name: "a score", plant: () => Promise.all([eu.zadd("k", 1, "a"), us.zadd("k", "inf", "a")]), expected: ["k", "value", /^member "a": eu "1", us "inf"$/] },
  { name: "an element", plant: () => Promise.all([eu.rpush("k", "a", "b", "c"), us.rpush("k", "a", "x", "c")]), expected: ["k", "value", /^index 1: eu "b", us "x"$/] },
  { name: "a longer list", plant: () => Promise.all([eu.rpush("k", "a"), us.rpush("k", "a", "b")]), expected: ["k", "value", /^length: eu 1, us 2 \| index 1 in us, not in eu: "b"$/] },
  { name: "a consumer group", plant: async () => {
      await Promise.all([eu.xadd("k", "1-1", "f", "v"), us.xadd("k", "1-1", "f", "v")]);
      await Promise.all([eu.xgroup("CREATE", "k", "both", "0"), us.xgroup("CREATE", "k", "both", "$"), us.xgroup("CREATE", "k", "g", "0")]);
    }, expected: ["k", "value", /^group "g" in us, not in eu$/] },
  { name: "a stream entry", plant: () => Promise.all([eu.xadd("k", "1-1", "f", "v"), us.xadd("k", "1-2", "f", "v")]), expected: ["k", "value", /^entry 1-1 in eu, not in us \| entry 1-2 in us, not in eu$/] },
  { name: "an entry's field", plant: () => Promise.all([eu.xadd("k", "1-1", "f", "v"), us.xadd("k", "1-1", "f", "w")]), expected: ["k", "value", /^entry 1-1: eu \["f" "v"\], us \["f" "w"\]$/] },
  { name: "a deadline", plant: () => Promise.all([eu.set("k", "v", "EX", 100), us.set("k", "v", "EX", 200)]), expected: ["k", "expiry", /^expiry: eu 20.*, us 20/] },
  { name: "no deadline", plant: () => Promise.all([eu.set("k", "v", "EX", 100), us.set("k", "v")]), expected: ["k", "expiry", /^expiry: eu 20.*, us never$/] },
  {
    name: "a large string",
    plant: () => Promise.all([eu.set("k", Buffer.alloc(700_000, 97)), us.set("k", Buffer.concat([Buffer.alloc(699_999, 97), Buffer.from("b")]))]),
    expected: ["k", "value", /^from byte 699999 on: eu \.\.\."a+", us \.\.\."a+b"$/],
  },
];

describe("compareServers on different data", () => {
  it.each(PLANTED)("tells: $name", async ({ plant, expected: [key, kind, text] }) => {
    await everywhere("SET", "same", "v");
    await plant();
    const report = await compare({ ttlToleranceMs: 0 });
    expect(found(report)).toEqual([[`"${key}"`, kind, expect.stringMatching(text)]]);
    expect(report.verdict).toBe("different");
  });

  it.each([
    ["RPUSH", "LSET", (key: string) => us.lset(key, 4_321, "x"), /^index 4321: eu "4321", us "x"$/],
    ["SADD", "SREM", (key: string) => us.srem(key, "17"), /size: eu 5000, us 4999 \| member "17" in eu, not in us/],
    ["HSET", "HSET", (key: string) => us.hset(key, "18", "x"), /^field "18": eu "19", us "x"$/],
    ["HSET", "extra", (key: string) => us.hset(key, "extra", "x"), /size: .*\| field "extra" in us, not in eu/],
    ["ZADD", "ZINCRBY", (key: string) => us.zincrby(key, 0.5, "4001"), /^member "4001": eu "4000", us "4000.5"$/],
    ["XADD", "XDEL", (key: string) => us.xdel(key, "4000-0"), /entry 4000-0 in eu, not in us/],
  ] as const)("compares a large value piece by piece: %s, %s", async (write, _, change, text) => {
    for (const client of [eu, us]) {
      const pipeline = client.pipeline();
      for (let index = 0; index < 5_000; index += 1) {
        const pair = write === "ZADD" || write === "HSET" ? [String(index), String(index + 1)] : [String(index)];
        if (write === "XADD") pipeline.call("XADD", "large", `${index + 1}-0`, "f", "v");
        else pipeline.call(write, "large", ...pair);
      }
      await pipeline.exec();
    }
    expect(found(await compare())).toEqual([]);
    await change("large");
    expect(found(await compare())).toEqual([['"large"', "value", expect.stringMatching(text)]]);
  });

  it("names every server of three and finds keys that only the last one has", async () => {
    await everywhere("SET", "k", "v");
    await ap.set("k", "w");
    await ap.set("extra", "v");
    const report = await compare({}, 3);
    expect(found(report).sort()).toEqual([
      ['"extra"', "missing", "eu absent, us absent, ap string"],
      ['"k"', "value", 'eu "v", ap "w"'],
    ]);
  });

  it("counts all and keeps the first", async () => {
    const pipeline = eu.pipeline();
    for (let index = 0; index < 3_000; index += 1) pipeline.set(`k${index}`, "v");
    await pipeline.exec();
    const report = await compare({ differencesMax: 7 });
    expect(report.differing).toBe(3_000);
    expect(report.differences).toHaveLength(7);
  });

  it("refuses a server that is not there, and one that wants a password", async () => {
    const bad = compareServers([{ url: servers[0]!.url }, { url: "redis://127.0.0.1:1" }]);
    await expect(bad).rejects.toMatchObject({ code: "SERVER_UNAVAILABLE" });
    const locked = await startRedis({ args: ["--requirepass", "p"] });
    try {
      const without = compareServers([{ url: locked.url }, { url: locked.url }]);
      await expect(without).rejects.toMatchObject({ code: "SERVER_REFUSED" });
      const url = locked.url.replace("//", "//:p@");
      expect(await compareServers([{ url }, { url }])).toMatchObject({ verdict: "equal" });
    } finally {
      await locked.stop();
    }
  });
});

describe("compareServers while things move", () => {
  it("waits for a key that is about to expire on one side", async () => {
    await eu.set("k", "v", "PX", 300);
    expect(await compare({ settleMs: 50 })).toMatchObject({ verdict: "equal", settledEqual: 1 });
  });

  it("gives no alarm where deadlines pass while it reads, one server after the other", async () => {
    const firstMs = Date.now() + 300;
    const DEADLINES = 1_500;
    for (const client of [eu, us]) {
      const pipeline = client.pipeline();
      for (let at = 0; at < DEADLINES; at += 1) pipeline.set(`k${at}`, "v", "PXAT", firstMs + at);
      await pipeline.exec();
    }
    let readings = 0;
    for (; Date.now() < firstMs + DEADLINES; readings += 1) {
      expect(found(await compare())).toEqual([]);
    }
    expect(readings).toBeGreaterThan(1);
  });

  it("does not wait for a deadline that is far away", async () => {
    await eu.set("k", "v", "PX", 60_000);
    expect(await compare()).toMatchObject({ verdict: "different", differing: 1 });
  });

  it("gives no alarm for writes that arrive late, and one for a write that never arrives", async () => {
    await eu.set("lost", "v");
    let running = true;
    let sequence = 0;
    const late: Promise<unknown>[] = [];
    const writer = (async () => {
      while (running) {
        const value = String((sequence += 1));
        const key = `k${sequence % 50}`;
        await eu.set(key, value);
        late.push(new Promise((resolve) => setTimeout(() => resolve(us.set(key, value)), 30)));
      }
    })();
    const report = await compare({ settleMs: 150 });
    running = false;
    await writer;
    await Promise.all(late);
    expect(found(report).filter(([, kind]) => kind === "missing")).toEqual([['"lost"', "missing", "eu string, us absent"]]);
    expect(report.differing).toBe(1);
  });

  it("says of a key that never stands still that nothing can be said", async () => {
    let running = true;
    await us.set("hot", "never the same");
    const writer = (async () => {
      for (let value = 0; running; value += 1) await eu.set("hot", String(value));
    })();
    const report = await compare({ settleMs: 20, readingsMax: 4 });
    running = false;
    await writer;
    expect(report).toMatchObject({ verdict: "unsettled", differing: 0, unsettled: 1 });
    expect(report.differences[0]).toMatchObject({ key: '"hot"', settled: false });
  });
});

type Command = [string, ...string[]];
const name = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
const small = fc.nat({ max: 30 }).map(String);
/** One write to a key of the given type. */
const write: Record<string, fc.Arbitrary<Command>> = {
  string: name.map((value) => ["SET", value]),
  list: fc.array(name, { minLength: 1, maxLength: 6 }).map((values) => ["RPUSH", ...values]),
  set: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }).map((values) => ["SADD", ...values]),
  hash: fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 6 }).map((pairs) => ["HSET", ...pairs.flat()]),
  zset: fc.array(fc.tuple(small, name), { minLength: 1, maxLength: 6 }).map((pairs) => ["ZADD", ...pairs.flat()]),
  stream: fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 3 }).map((pairs) => ["XADD", "7-7", ...pairs.flat()]),
};
const MUTATION: Record<string, Command> = {
  string: ["APPEND", "!"],
  list: ["LPUSH", "!"],
  set: ["SADD", "a member longer than any"],
  hash: ["HSET", "a field longer than any", "v"],
  zset: ["ZADD", "99", "a member longer than any"],
  stream: ["XADD", "8-8", "f", "v"],
};
const entry = fc.constantFrom(...Object.keys(write)).chain((type) => write[type]!.map((command) => ({ type, command })));

describe("compareServers on any data", () => {
  it("finds nothing in equal data, and exactly the one key that was changed", async () => {
    const dataset = fc.uniqueArray(fc.tuple(name, entry, fc.integer({ min: 0, max: 2 })), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 25,
    });
    const property = fc.asyncProperty(dataset, fc.nat(), fc.constantFrom("change", "remove", "expire"), async (keys, chosen, how) => {
      await Promise.all([eu.flushall(), us.flushall()]);
      const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
      for (const client of [eu, us]) {
        for (const [key, { command }, db] of keys) {
          await client.select(db);
          await client.call(command[0], bytes(key), ...command.slice(1).map(bytes));
        }
      }
      expect(found(await compare())).toEqual([]);
      const [key, { type }, db] = keys[chosen % keys.length]!;
      await us.select(db);
      const [verb, ...rest] = MUTATION[type]!;
      if (how === "change") await us.call(verb, bytes(key), ...rest);
      else if (how === "remove") await us.call("DEL", bytes(key));
      else await us.call("PEXPIRE", bytes(key), "60000");
      const report = await compare();
      expect(report.differences.map((item) => [item.db, item.keyBase64, item.kind])).toEqual([
        [db, bytes(key).toString("base64"), { change: "value", remove: "missing", expire: "expiry" }[how]],
      ]);
    });
    await fc.assert(property, { numRuns: 60 });
    await Promise.all([eu.select(0), us.select(0)]);
  });
});
