import { ApplyBatch, DEADLINE_NO_KEY, decodeMark, decodeReadResult, encodeMarkHeader, MARK_KEY, READ_KEY, RUN_LIMIT, TRIAL_KEY, type Mark } from "@meridian/mark";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { hlcOf, VersionVector, writerId } from "@meridian/words";
import type { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StreamTail, type StreamCommand } from "../testing/stream-tail.js";
import { RedisTarget } from "./redis-target.js";
import { TARGET_RIGHTS } from "./rights.js";

let server: TestRedis;
let redis: Redis;
let target: RedisTarget;
let tail: StreamTail;
let epoch = 0;
let seq = 0;
let probes = 0;
const vector = new VersionVector([[writerId("us", "0"), hlcOf(1_700_000_000_000, 3)]]);

const connect = (more: object = {}): Promise<RedisTarget> =>
  RedisTarget.connect({ host: "127.0.0.1", port: server.port, connectTimeoutMs: 2000, replyTimeoutMs: 10_000, clientName: "test", ...more });

beforeAll(async () => {
  server = await startRedis({ args: ["--enable-debug-command", "yes"] });
  redis = server.client();
  target = await connect();
  tail = await StreamTail.attach(server.port);
  await redis.debug("SET-ACTIVE-EXPIRE", "0");
});
afterAll(async () => {
  tail.close();
  await target.close();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  epoch = (await target.fence()).epoch;
  seq = 0;
  await stream();
});

/** What the stream carried since the last call. */
async function stream(): Promise<StreamCommand[]> {
  const token = String(++probes);
  await redis.set("meridian:probe", token);
  const found = await tail.until(token);
  return found.filter((command) => command[0] !== "SELECT");
}

function batch(build: (b: ApplyBatch) => void): ApplyBatch {
  seq += 1;
  const b = new ApplyBatch(epoch, seq - 1, seq, encodeMarkHeader({ epoch, seq, vector, deferred: [], settled: [] }));
  build(b);
  return b;
}

/** Applies and gives what was skipped as "kind key field", after checking that stream and key carry the same mark. */
async function apply(build: (b: ApplyBatch) => void): Promise<{ skipped: string[]; mark: Mark; effects: StreamCommand[] }> {
  await stream();
  const reply = await target.apply(batch(build));
  expect(reply).toMatchObject({ status: "OK", epoch, seq });
  const held = decodeMark((await redis.getBuffer(MARK_KEY))!);
  const commands = (await stream()).filter(([name]) => name !== "MULTI" && name !== "EXEC");
  const at = commands.findLastIndex(([name, key]) => name === "SET" && key === MARK_KEY);
  const mark = decodeMark(Buffer.from(commands[at]![2]!, "latin1"));
  expect(mark.skipped).toEqual(held.skipped);
  expect(mark.vector.toString()).toBe(vector.toString());
  expect(reply.skipped).toBe(mark.skipped.length);
  return { skipped: mark.skipped.map((c) => `${c.kind} ${c.key}${c.field && ` ${c.field}`}`), mark, effects: commands.filter((_, i) => i !== at) };
}

const sha16 = (bytes: string | Buffer): string => createHash("sha1").update(bytes).digest("hex").slice(0, 16);

describe("each operation writes what matches and names what does not", () => {
  test("strings", async () => {
    await redis.mset("eq", "1", "ne", "1", "sha", "v", "shane", "v", "there", "x", "any", "x", "gone", "x", "stays", "x");
    await redis.set("ttl", "old", "EX", 1000);
    await redis.lpush("list", "x");
    const deadline = Date.now() + 1_000_000;
    const { skipped, effects } = await apply((b) => {
      b.setString(0, "eq", "=", "1", "2", -1);
      b.setString(0, "ne", "=", "0", "2", -1);
      b.setString(0, "sha", "#", sha16("v"), "w", -1);
      b.setString(0, "shane", "#", sha16("u"), "w", -1);
      b.setString(0, "new", "-", "", "n", -1);
      b.setString(0, "there", "-", "", "n", -1);
      b.setString(0, "any", "~", "", Buffer.from([0, 255, 13, 10]), -1);
      b.setString(0, "list", "~", "", "n", -1);
      b.setString(0, "list", "-", "", "n", -1);
      b.setString(0, "list", "#", sha16("x"), "n", -1);
      b.setString(0, "ttl", "=", "old", "new", -1);
      b.setString(0, "until", "-", "", "u", deadline);
      b.delString(0, "gone", "=", "x");
      b.delString(0, "stays", "#", sha16("y"));
      b.delString(0, "list", "~", "");
    });
    expect(skipped).toEqual(["s ne", "s shane", "s there", "s list", "s list", "s list", "s stays", "s list"]);
    expect(await redis.mget("eq", "ne", "sha", "shane", "new", "there", "gone", "stays", "ttl", "until")).toEqual(["2", "1", "w", "v", "n", "x", null, "x", "new", "u"]);
    expect(await redis.getBuffer("any")).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(await redis.pttl("ttl")).toBe(-1);
    expect(await redis.call("PEXPIRETIME", "until")).toBe(deadline);
    expect(effects).toEqual([
      ["SET", "eq", "2"],
      ["SET", "sha", "w"],
      ["SET", "new", "n"],
      ["SET", "any", "\0\xff\r\n"],
      ["SET", "ttl", "new"],
      ["SET", "until", "u", "PXAT", String(deadline)],
      ["DEL", "gone"],
    ]);
  });

  test("hash fields", async () => {
    await redis.hset("h", "eq", "1", "ne", "1", "sha", "v", "there", "x", "del", "x", "keep", "x");
    await redis.set("str", "x");
    const { skipped } = await apply((b) => {
      b.setField(0, "h", "eq", "=", "1", "2");
      b.setField(0, "h", "ne", "=", "0", "2");
      b.setField(0, "h", "sha", "#", sha16("v"), "w");
      b.setField(0, "h", "new", "-", "", "n");
      b.setField(0, "h", "there", "-", "", "n");
      b.setField(0, "h", "any", "~", "", "a");
      b.setField(0, "str", "f", "~", "", "a");
      b.setField(0, "fresh", "f", "-", "", "a");
      b.delField(0, "h", "del", "=", "x");
      b.delField(0, "h", "keep", "=", "y");
      b.delField(0, "str", "f", "~", "");
    });
    expect(skipped).toEqual(["h h ne", "h h there", "h str f", "h h keep", "h str f"]);
    expect(await redis.hgetall("h")).toEqual({ eq: "2", ne: "1", sha: "w", new: "n", there: "x", any: "a", keep: "x" });
    expect(await redis.hgetall("fresh")).toEqual({ f: "a" });
  });

  test("set members and scores", async () => {
    await redis.sadd("s", "in", "out");
    await redis.zadd("z", "1.5", "eq", "1.5", "ne", "0.1", "third", "inf", "inf", "7", "gone", "7", "kept");
    await redis.set("str", "x");
    const { skipped } = await apply((b) => {
      b.addMember(0, "s", "new");
      b.addMember(0, "s", "in");
      b.removeMember(0, "s", "out");
      b.removeMember(0, "s", "never");
      b.addMember(0, "str", "m");
      b.removeMember(0, "str", "m");
      b.setScore(0, "z", "eq", "=", "1.5", "2.5");
      b.setScore(0, "z", "ne", "=", "1.6", "2.5");
      b.setScore(0, "z", "third", "=", "0.1", "0.30000000000000004");
      b.setScore(0, "z", "inf", "=", "inf", "-inf");
      b.setScore(0, "z", "new", "-", "", "5e-324");
      b.setScore(0, "z", "kept", "-", "", "1");
      b.setScore(0, "str", "m", "-", "", "1");
      b.removeScore(0, "z", "gone", "7");
      b.removeScore(0, "z", "absent", "7");
      b.setScore(0, "zz", "any", "~", "", "1e3");
    });
    expect(skipped).toEqual(["e s in", "e s never", "e str m", "e str m", "z z ne", "z z kept", "z str m", "z z absent"]);
    expect((await redis.smembers("s")).sort()).toEqual(["in", "new"]);
    const scores: Record<string, number> = {};
    for (const member of ["eq", "ne", "third", "inf", "new", "kept"]) {
      scores[member] = Number((await redis.zscore("z", member))?.replace("inf", "Infinity"));
    }
    expect(await redis.zcard("z")).toBe(6);
    expect(scores).toEqual({ eq: 2.5, ne: 1.5, third: 0.30000000000000004, inf: -Infinity, new: 5e-324, kept: 7 });
    expect(await redis.zscore("zz", "any")).toBe("1000");
  });

  test.each([
    ["5", "3", "8"],
    [null, "-4", "-4"],
    ["0", "0", "0"],
    ["-1", "1", "0"],
    ["9223372036854775806", "1", "9223372036854775807"],
    ["9223372036854775807", "1", undefined],
    ["9223372036854775807", "-9223372036854775808", "-1"],
    ["-9223372036854775807", "-1", "-9223372036854775808"],
    ["-9223372036854775808", "-1", undefined],
    ["-9223372036854775808", "9223372036854775807", "-1"],
    ["4611686018427387904", "4611686018427387904", undefined],
    ["4611686018427387904", "4611686018427387903", "9223372036854775807"],
    ["9999999999", "1", "10000000000"],
    ["-10000000000", "1", "-9999999999"],
    ["9223372036854775808", "-1", undefined],
    ["99999999999999999999", "-1", undefined],
    ["01", "1", undefined],
    ["-0", "1", undefined],
    ["+1", "1", undefined],
    [" 1", "1", undefined],
    ["1.0", "1", undefined],
    ["", "1", undefined],
    ["x", "1", undefined],
  ])("counter %j + %j gives %j", async (held, delta, result) => {
    if (held !== null) await redis.set("c", held);
    if (held !== null) await redis.hset("h", "c", held);
    const { skipped } = await apply((b) => {
      b.incrString(0, "c", delta);
      b.incrField(0, "h", "c", delta);
    });
    expect(skipped).toEqual(result === undefined ? ["s c", "h h c"] : []);
    expect(await redis.get("c")).toBe(result ?? held);
    expect(await redis.hget("h", "c")).toBe(result ?? held);
  });

  test("counters of another type are skipped, and an expiry is kept", async () => {
    await redis.lpush("l", "1");
    await redis.set("c", "1", "EX", 1000);
    const { skipped } = await apply((b) => {
      b.incrString(0, "l", "1");
      b.incrField(0, "l", "f", "1");
      b.incrString(0, "c", "1");
    });
    expect(skipped).toEqual(["s l", "h l f"]);
    expect(await redis.ttl("c")).toBeGreaterThan(900);
  });

  test("expiry is compared exactly", async () => {
    const at = Date.now() + 1_000_000;
    await redis.mset("none", "1", "some", "1", "wrong", "1", "drop", "1", "pastdue", "1");
    for (const key of ["some", "wrong", "drop"]) await redis.pexpireat(key, at);
    const { skipped, effects } = await apply((b) => {
      b.setExpiry(0, "none", -1, at + 1);
      b.setExpiry(0, "some", at, at + 2);
      b.setExpiry(0, "wrong", at - 1, at + 2);
      b.setExpiry(0, "drop", at, -1);
      b.setExpiry(0, "pastdue", -1, 1);
      b.setExpiry(0, "absent", -1, at);
      b.setField(0, "created", "f", "-", "", "v");
      b.setExpiry(0, "created", DEADLINE_NO_KEY, at + 3);
    });
    expect(skipped).toEqual(["t wrong", "t absent"]);
    const times = await Promise.all(["none", "some", "wrong", "drop", "pastdue", "created"].map((key) => redis.call("PEXPIRETIME", key)));
    expect(times).toEqual([at + 1, at + 2, at, -1, -2, at + 3]);
    expect(effects).toContainEqual(["DEL", "pastdue"]);
  });

  test("a deadline already past deletes", async () => {
    await redis.mset("a", "1", "b", "1");
    await redis.rpush("l", "1");
    const payload = (await redis.dumpBuffer("l"));
    const { effects } = await apply((b) => {
      b.setString(0, "a", "=", "1", "2", 1000);
      b.setString(0, "never", "-", "", "2", 1000);
      b.restoreWhole(0, "l", "~", "", payload, 1000);
    });
    expect(effects).toEqual([["DEL", "a"], ["UNLINK", "l"]]);
    expect(await redis.exists("a", "never", "l")).toBe(0);
  });

  test("whole values, with a note of what they became", async () => {
    await redis.rpush("src", ...Array.from({ length: 300 }, (_, i) => `item ${i}`));
    await redis.rpush("dst", "old");
    await redis.rpush("kept", "old");
    const payload = (await redis.dumpBuffer("src"));
    const old = sha16((await redis.dumpBuffer("dst")));
    const at = Date.now() + 1_000_000;
    const { skipped, mark, effects } = await apply((b) => {
      b.restoreWhole(0, "dst", "#", old, payload, -1, true);
      b.restoreWhole(0, "fresh", "-", "", payload, at, true);
      b.restoreWhole(0, "kept", "#", sha16("no"), payload, -1, true);
      b.restoreWhole(0, "kept2", "#", sha16("no"), payload, -1, true);
      b.restoreWhole(0, "src", "-", "", payload, -1, true);
      b.delWhole(0, "kept", "#", sha16("no"));
    });
    expect(skipped).toEqual(["w kept", "w kept2", "w src", "w kept"]);
    expect(await redis.lrange("dst", 0, -1)).toEqual(await redis.lrange("src", 0, -1));
    expect(await redis.call("PEXPIRETIME", "fresh")).toBe(at);
    const digests = await Promise.all(["dst", "fresh"].map(async (key) => sha16((await redis.dumpBuffer(key)))));
    expect(mark.notes.map((note) => [note.cell.key, note.digest])).toEqual([["dst", digests[0]], ["fresh", digests[1]]]);
    expect(effects.map((command) => [command[0], command[1]])).toEqual([["RESTORE", "dst"], ["RESTORE", "fresh"]]);
    expect(await redis.exists(TRIAL_KEY)).toBe(0);
    const deletion = await apply((b) => b.delWhole(0, "dst", "#", digests[0]!));
    expect(deletion.effects).toEqual([["UNLINK", "dst"]]);
  });

  test("a payload that the server cannot read is refused by name, and the rest is applied", async () => {
    const { mark, skipped } = await apply((b) => {
      b.restoreWhole(0, "bad", "-", "", "no payload at all", -1, true);
      b.setString(0, "good", "-", "", "v", -1);
    });
    expect(skipped).toEqual(["w bad"]);
    expect(mark.refused).toEqual([{ cell: { db: 0, kind: "w", key: "bad", field: "" }, reason: expect.stringContaining("DUMP payload") as string }]);
    expect(await redis.exists("bad", "good")).toBe(1);
  });

  test("a change of type hangs on the unlink", async () => {
    await redis.hset("h1", "f", "v");
    await redis.hset("h2", "f", "v");
    await redis.set("str", "v", "EX", 1000);
    const at = Date.now() + 1_000_000;
    const { skipped } = await apply((b) => {
      b.unlinkKey(0, "h1", "hash");
      b.setString(0, "h1", "-", "", "now a string", -1);
      b.setExpiry(0, "h1", -1, at);
      b.unlinkKey(0, "h2", "set");
      b.setString(0, "h2", "-", "", "no", -1);
      b.incrString(0, "h2", "1");
      b.unlinkKey(0, "str", "any");
      b.addMember(0, "str", "m");
      b.addMember(0, "str", "n");
      b.unlinkKey(0, "nothing", "none");
      b.setScore(0, "nothing", "m", "-", "", "1");
    });
    expect(skipped).toEqual(["k h2", "s h2", "s h2"]);
    expect(await redis.get("h1")).toBe("now a string");
    expect(await redis.call("PEXPIRETIME", "h1")).toBe(at);
    expect(await redis.hgetall("h2")).toEqual({ f: "v" });
    expect((await redis.smembers("str")).sort()).toEqual(["m", "n"]);
    expect(await redis.ttl("str")).toBe(-1);
    expect(await redis.zscore("nothing", "m")).toBe("1");
  });
});

describe("the chain of batches", () => {
  test("says DUP to what was applied, GAP where the predecessor is missing, FENCED to an older epoch", async () => {
    const first = batch((b) => b.incrString(0, "c", "1"));
    const second = batch((b) => b.incrString(0, "c", "10"));
    expect(await target.apply(second)).toEqual({ status: "GAP", epoch, seq: 0, skipped: 0 });
    expect((await target.apply(first)).status).toBe("OK");
    expect(await target.apply(first)).toEqual({ status: "DUP", epoch, seq: 1, skipped: 0 });
    expect((await target.apply(second)).status).toBe("OK");
    expect((await target.apply(first)).status).toBe("DUP");
    const { epoch: next, mark } = await target.fence();
    expect(next).toBe(epoch + 1);
    expect(mark).toMatchObject({ epoch: next, seq: 0, skipped: [], deferred: [] });
    expect(mark.vector.toString()).toBe(vector.toString());
    const late = batch((b) => b.incrString(0, "c", "100"));
    expect(await target.apply(late)).toEqual({ status: "FENCED", epoch: next, seq: 0, skipped: 0 });
    expect(await target.read({ id: 1, keys: [{ db: 0, key: "c" }] }, epoch, 100)).toBe("FENCED");
    expect(await redis.get("c")).toBe("11");
  });

  test("says NOMARK where the mark is gone, and refuses a damaged one", async () => {
    await redis.del(MARK_KEY);
    const one = batch((b) => b.incrString(0, "c", "1"));
    expect(await target.apply(one)).toEqual({ status: "NOMARK", epoch: 0, seq: 0, skipped: 0 });
    expect(await target.read({ id: 1, keys: [] }, epoch, 100)).toBe("NOMARK");
    await redis.set(MARK_KEY, "nonsense");
    await expect(target.apply(one)).rejects.toMatchObject({ code: "BAD_MARK", retryable: false });
    await expect(target.fence()).rejects.toMatchObject({ code: "BAD_MARK" });
    await redis.del(MARK_KEY);
    const { epoch: first, mark } = await target.fence();
    expect([first, mark.vector.size]).toEqual([1, 0]);
  });

  test("many batches in flight on one connection are applied once, in order", async () => {
    const batches = Array.from({ length: 50 }, () => batch((b) => b.incrString(0, "c", "1")));
    const replies = await Promise.all(batches.map((b) => target.apply(b)));
    expect(replies.map((r) => r.seq)).toEqual(batches.map((b) => b.seq));
    const again = await connect();
    const repeated = await Promise.all(batches.map((b) => again.apply(b)));
    expect(new Set(repeated.map((r) => r.status))).toEqual(new Set(["DUP"]));
    await again.close();
    expect(await redis.get("c")).toBe("50");
  });

  test("a SCRIPT FLUSH between batches in flight loses and reorders nothing", async () => {
    const batches = Array.from({ length: 40 }, () => batch((b) => b.incrString(0, "c", "1")));
    const replies = batches.map((b, i) => {
      if (i % 10 === 3) void redis.script("FLUSH");
      return target.apply(b);
    });
    await redis.script("FLUSH");
    const late = batch((b) => b.incrString(0, "c", "1"));
    const all = await Promise.all([...replies, target.apply(late)]);
    expect(all.map((r) => r.status)).toEqual(all.map(() => "OK"));
    expect(await redis.get("c")).toBe("41");
  });

  test("a lost connection rejects what is in flight, and sending it again applies it once", async () => {
    const other = await connect();
    const batches = Array.from({ length: 5 }, () => batch((b) => b.incrString(0, "c", "1")));
    server.pause();
    const lost = batches.map((b) => other.apply(b).catch((error: unknown) => error));
    await new Promise((resolve) => setImmediate(resolve));
    await other.close();
    server.continue();
    for (const error of await Promise.all(lost)) expect(error).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
    for (const b of batches) expect(["OK", "DUP"]).toContain((await target.apply(b)).status);
    expect(await redis.get("c")).toBe("5");
  });
});

describe("what stands in the stream", () => {
  test("the mark first and alone where nothing matched, in MULTI with effects otherwise", async () => {
    await target.apply(batch((b) => b.setString(0, "k", "=", "no", "v", -1)));
    expect((await stream()).map((c) => c.slice(0, 2))).toEqual([["SET", MARK_KEY]]);
    await target.apply(batch((b) => b.setString(0, "k", "-", "", "v", -1)));
    expect((await stream()).map((c) => c.slice(0, 2))).toEqual([["MULTI"], ["SET", MARK_KEY], ["SET", "k"], ["EXEC"]]);
  });

  test("expired keys of the batch are deleted before the mark, never behind it", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const deadline = Date.now() + 250;
    const pipeline = redis.pipeline();
    for (const name of names) pipeline.set(name, "v", "PXAT", deadline);
    await pipeline.exec();
    await waitFor(async () => Number((await redis.time())[0]) * 1000 + Number((await redis.time())[1]) / 1000 > deadline + 2, { what: "the deadline" });
    await stream();
    const reply = await target.apply(
      batch((b) => {
        b.setString(0, "a", "-", "", "1", -1);
        b.setString(0, "b", "=", "v", "1", -1);
        b.setField(0, "c", "f", "-", "", "1");
        b.incrString(0, "d", "1");
        b.addMember(0, "e", "m");
        b.unlinkKey(0, "f", "any");
        b.setExpiry(0, "g", -1, deadline + 1_000_000);
        b.setString(0, "h", "~", "", "1", deadline + 1_000_000);
      }),
    );
    expect(reply).toMatchObject({ status: "OK", skipped: 2 });
    const commands = (await stream()).map((c) => `${c[0]} ${c[1] ?? ""}`);
    const at = commands.indexOf(`SET ${MARK_KEY}`);
    const before = commands.slice(0, at).map((command) => command.replace("UNLINK", "DEL")); // Valkey expires with UNLINK
    expect(before.sort()).toEqual(["DEL a", "DEL b", "DEL c", "DEL d", "DEL e", "DEL f", "DEL g", "DEL h", "MULTI "]);
    expect(commands.slice(at + 1)).toEqual(["SET a", "HSET c", "INCRBY d", "SADD e", "SET h", "EXEC "]);
  });

  test("databases change inside the transaction and the mark stays in database 0", async () => {
    const { client, db } = { client: server.client({ db: 3 }), db: 3 };
    await client.set("k", "three");
    await tailAll();
    const reply = await target.apply(
      batch((b) => {
        b.setString(db, "k", "=", "three", "3", -1);
        b.setString(5, "k", "-", "", "5", -1);
        b.setString(5, "k2", "=", "no", "5", -1);
        b.setString(0, "k", "-", "", "0", -1);
      }),
    );
    expect(reply).toMatchObject({ status: "OK", skipped: 1 });
    const commands = await tailAll();
    expect(commands.map((c) => (c[1] === MARK_KEY ? `${c[0]} ${c[1]}` : c.join(" ")))).toEqual([
      "MULTI",
      `SET ${MARK_KEY}`,
      "SELECT 3",
      "SET k 3",
      "SELECT 5",
      "SET k 5",
      "SELECT 0",
      "SET k 0",
      "EXEC",
    ]);
    expect(decodeMark((await redis.getBuffer(MARK_KEY))!).skipped).toEqual([{ db: 5, kind: "s", key: "k2", field: "" }]);
    expect((await target.apply(batch((b) => b.incrString(0, "after", "1")))).status).toBe("OK");
    expect(await redis.get("after")).toBe("1");
    client.disconnect();
  });

  /** As {@link stream}, with SELECT, up to a probe in database 0. */
  async function tailAll(): Promise<StreamCommand[]> {
    const token = String(++probes);
    await redis.set("meridian:probe", token);
    return tail.until(token);
  }

  test("a read arrives as one SET and its DEL, with every type, exact deadlines and what is too large", async () => {
    const at = Date.now() + 1_000_000;
    await redis.set("str", Buffer.from([0, 255]), "PXAT", at);
    await redis.hset("hash", "f", "1", "g", "2");
    await redis.sadd("set", "m");
    await redis.zadd("zset", "0.1", "a", "-inf", "b");
    await redis.rpush("list", "x");
    await redis.set("big", "x".repeat(1001));
    await redis.hset("bighash", Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`field${i}`, "y".repeat(500)])));
    await redis.sadd("longset", ...Array.from({ length: 20 }, (_, i) => "y".repeat(100 + i)));
    const other = server.client({ db: 2 });
    await other.set("str", "two");
    await stream();
    const keys = ["str", "hash", "set", "zset", "list", "big", "bighash", "longset", "none"].map((key) => ({ db: 0, key }));
    expect(await target.read({ id: 77, keys: [...keys, { db: 2, key: "str" }] }, epoch, 1000)).toBe("OK");
    const commands = await stream();
    expect(commands.map((c) => c.slice(0, 2))).toEqual([["MULTI"], ["SET", READ_KEY], ["DEL", READ_KEY], ["EXEC"]]);
    const result = decodeReadResult(Buffer.from(commands[1]![2]!, "latin1"));
    expect(result).toMatchObject({ id: 77, epoch });
    const values = result.values.map(({ items, payload, ...rest }) => ({ ...rest, ...(items && { items: items.map((item) => item.toString().replace("0.10000000000000001", "0.1")) }) /* before Redis 7.2 */, ...(payload && { payload }) }));
    const dump = (await redis.dumpBuffer("list"));
    expect(values.slice(0, 6)).toEqual([
      { db: 0, key: "str", type: "string", deadlineMs: at, payload: Buffer.from([0, 255]) },
      { db: 0, key: "hash", type: "hash", deadlineMs: -1, items: ["f", "1", "g", "2"] },
      { db: 0, key: "set", type: "set", deadlineMs: -1, items: ["m"] },
      { db: 0, key: "zset", type: "zset", deadlineMs: -1, items: ["b", "-inf", "a", "0.1"] },
      { db: 0, key: "list", type: "whole", deadlineMs: -1, payload: dump },
      { db: 0, key: "big", type: "none", deadlineMs: -1, refused: "too large: 1001 bytes" },
    ]);
    expect(values[6]?.refused).toMatch(/^too large: 1\d{6} bytes$/);
    expect(values.slice(7)).toEqual([
      { db: 0, key: "longset", type: "none", deadlineMs: -1, refused: "too large: 2190 bytes" },
      { db: 0, key: "none", type: "none", deadlineMs: -1 },
      { db: 2, key: "str", type: "string", deadlineMs: -1, payload: Buffer.from("two") },
    ]);
    expect(await redis.exists(READ_KEY)).toBe(0);
    other.disconnect();
  });

  test("a fence is one SET of the mark", async () => {
    await target.fence();
    expect((await stream()).map((c) => c.slice(0, 2))).toEqual([["SET", MARK_KEY]]);
  });
});

describe("sizes", () => {
  test("a batch of some thousand cells, runs beyond the limit of unpack included", async () => {
    const count = 2 * RUN_LIMIT + 7;
    await apply((b) => {
      for (let i = 0; i < count; i++) b.setString(0, `k${i}`, "-", "", `v${i}`, -1);
      for (let i = 0; i < count; i++) b.setField(0, "h", `f${i}`, "-", "", "v");
    });
    const { skipped } = await apply((b) => {
      for (let i = 0; i < count; i++) b.setString(0, `k${i}`, "=", i % 2 === 0 ? `v${i}` : "other", "w", -1);
      for (let i = 0; i < count; i++) b.setString(0, `k${i}`, "#", sha16(`v${i}`), "x", -1);
    });
    expect(skipped.length).toBe(RUN_LIMIT + 3);
    expect(await redis.get("k1998")).toBe("x");
    expect(await redis.hlen("h")).toBe(count);
  });

  test("values of 20 MB and keys of 100 KB", async () => {
    const value = Buffer.alloc(20 * 1024 * 1024, "v\0\r\n");
    const key = "k".repeat(100_000);
    await apply((b) => b.setString(0, key, "-", "", value, -1));
    expect((await redis.getBuffer(key))!.equals(value)).toBe(true);
    const { skipped } = await apply((b) => {
      b.setString(0, key, "#", sha16(value), "small", -1);
      b.delField(0, key, "f", "~", "");
    });
    expect(skipped).toEqual([`h ${key} f`]);
    expect(await redis.get(key)).toBe("small");
  });
});

describe("what the server refuses", () => {
  test("at maxmemory nothing of the batch is written, and it can be sent again", async () => {
    await redis.config("SET", "maxmemory", "1");
    const b = batch((one) => {
      one.setString(0, "k", "-", "", "v", -1);
      one.delString(0, "absent", "~", "");
    });
    await expect(target.apply(b)).rejects.toMatchObject({ code: "SERVER_REFUSED", retryable: true, message: expect.stringContaining("OOM") as string });
    await expect(target.read({ id: 1, keys: [] }, epoch, 10)).rejects.toMatchObject({ retryable: true });
    await redis.config("SET", "maxmemory", "0");
    expect(await redis.exists("k")).toBe(0);
    expect(await target.apply(b)).toMatchObject({ status: "OK", seq });
  });

  test("memory that runs out inside a batch does not cut it in half", async () => {
    await redis.set("zeros", Buffer.alloc(2_000_000));
    const payload = (await redis.dumpBuffer("zeros")); // some 20 KB: what is small to send is large in memory
    await redis.del("zeros");
    const limit = (await target.info()).usedMemoryBytes + 5_000_000;
    await redis.config("SET", "maxmemory", String(limit));
    const reply = await target.apply(
      batch((b) => {
        for (let i = 0; i < 10; i++) b.restoreWhole(0, `w${i}`, "-", "", payload, -1);
        for (let i = 0; i < 10; i++) b.setString(0, `s${i}`, "-", "", "v", -1);
      }),
    );
    expect((await target.info()).usedMemoryBytes).toBeGreaterThan(limit);
    await redis.config("SET", "maxmemory", "0");
    expect(reply).toMatchObject({ status: "OK", skipped: 0 });
    expect(await redis.exists(...Array.from({ length: 10 }, (_, i) => [`w${i}`, `s${i}`]).flat())).toBe(20);
  });

  test("at maxmemory a payload is not blamed for it", async () => {
    await redis.rpush("l", "x");
    const payload = (await redis.dumpBuffer("l"));
    await redis.config("SET", "maxmemory", "1");
    const b = batch((one) => one.restoreWhole(0, "m", "-", "", payload, -1, true));
    await expect(target.apply(b)).rejects.toMatchObject({ retryable: true });
    await redis.config("SET", "maxmemory", "0");
    expect(await target.apply(b)).toMatchObject({ status: "OK", skipped: 0 });
  });

  test("a command that the ACL forbids is named in a second mark, and the others are applied", async () => {
    await redis.call("ACL", "SETUSER", "poor", "on", ">secret", "~*", "+@all");
    const poor = await connect({ username: "poor", password: "secret" });
    await redis.call("ACL", "SETUSER", "poor", "-sadd", "-mset");
    const reply = await poor.apply(
      batch((b) => {
        b.setString(0, "a", "-", "", "1", -1);
        b.setString(0, "b", "-", "", "1", -1);
        b.setField(0, "h", "f", "-", "", "v");
        b.addMember(0, "s", "m");
        b.incrString(4, "c", "2");
      }),
    );
    expect(reply).toMatchObject({ status: "OK", skipped: 3 });
    const marks = (await stream()).filter((c) => c[1] === MARK_KEY).map((c) => decodeMark(Buffer.from(c[2]!, "latin1")));
    expect(marks.map((m) => m.skipped.length)).toEqual([0, 3]);
    expect(marks[1]!.refused.map((r) => `${r.cell.kind} ${r.cell.key} ${r.cell.field}`)).toEqual(["s a ", "s b ", "e s m"]);
    expect(marks[1]!.refused[0]!.reason).toMatch(/permission|NOPERM|can't run this command/i);
    expect(await redis.hget("h", "f")).toBe("v");
    expect(decodeMark((await redis.getBuffer(MARK_KEY))!).skipped.length).toBe(3);
    await poor.close();
    await redis.call("ACL", "DELUSER", "poor");
  });

  test("the listed rights suffice, and a missing one is named when connecting", async () => {
    await redis.call("ACL", "SETUSER", "least", "on", ">secret", ...TARGET_RIGHTS);
    const least = await connect({ username: "least", password: "secret" });
    epoch = (await least.fence()).epoch;
    seq = 0;
    await redis.rpush("l", "x");
    const payload = (await redis.dumpBuffer("l"));
    const reply = await least.apply(
      batch((b) => {
        b.unlinkKey(0, "u", "any");
        b.setString(0, "a", "-", "", "1", -1);
        b.setString(0, "b", "-", "", "1", -1);
        b.setString(2, "c", "~", "", "1", Date.now() + 1_000_000);
        b.incrString(0, "n", "2");
        b.setField(0, "h", "f", "-", "", "v");
        b.addMember(0, "s", "m");
        b.setScore(0, "z", "m", "-", "", "1");
        b.setExpiry(0, "h", DEADLINE_NO_KEY, Date.now() + 1_000_000);
        b.restoreWhole(0, "w", "-", "", payload, -1, true);
      }),
    );
    expect(reply).toMatchObject({ status: "OK", skipped: 0 });
    expect(await least.read({ id: 1, keys: ["a", "h", "s", "z", "l"].map((key) => ({ db: 0, key })) }, epoch, 1000)).toBe("OK");
    expect((await least.scan(0, "0", 100)).keys.length).toBeGreaterThan(5);
    await least.close();
    await redis.call("ACL", "SETUSER", "least", "-zadd", "-pexpiretime");
    await expect(connect({ username: "least", password: "secret" })).rejects.toMatchObject({
      code: "SERVER_REFUSED",
      message: expect.stringMatching(/PEXPIRETIME.*ZADD/) as string,
    });
    await redis.call("ACL", "DELUSER", "least");
  });

  test("a key that the ACL hides is no mismatch: nothing of the batch is written", async () => {
    await redis.call("ACL", "SETUSER", "fenced", "on", ">secret", "~*", "+@all");
    const fenced = await connect({ username: "fenced", password: "secret" });
    await redis.call("ACL", "SETUSER", "fenced", "resetkeys", "~meridian:*", "~app:*");
    const b = batch((one) => {
      one.setField(0, "app:h", "f", "-", "", "v");
      one.setField(0, "other", "f", "-", "", "v");
    });
    await expect(fenced.apply(b)).rejects.toMatchObject({ code: "SERVER_REFUSED", retryable: false });
    expect(await redis.exists("app:h", "other")).toBe(0);
    expect((await target.apply(b)).status).toBe("OK");
    await fenced.close();
    await redis.call("ACL", "DELUSER", "fenced");
  });

  test("wrong credentials, an absent server and a replica say what they are", async () => {
    await expect(connect({ password: "wrong" })).rejects.toMatchObject({ code: "SERVER_REFUSED", retryable: false });
    await expect(connect({ port: 1 })).rejects.toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
    const replica = await startRedis();
    const onReplica = await connect({ port: replica.port });
    await replica.client().call("REPLICAOF", "127.0.0.1", "1");
    await expect(onReplica.fence()).rejects.toMatchObject({ code: "SERVER_REFUSED", retryable: true });
    expect((await onReplica.info()).role).toBe("replica");
    await onReplica.close();
    await replica.stop();
  });
});

test("scans every key of a database and leaves the connection in database 0", async () => {
  const other = server.client({ db: 7 });
  await other.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, "v"])));
  const found = new Set<string>();
  let cursor = "0";
  do {
    const page = await target.scan(7, cursor, 50);
    for (const key of page.keys) found.add(key);
    cursor = page.cursor;
  } while (cursor !== "0");
  expect(found.size).toBe(500);
  expect((await target.apply(batch((b) => b.setString(0, "z", "-", "", "v", -1)))).status).toBe("OK");
  expect(await redis.get("z")).toBe("v");
  other.disconnect();
});
