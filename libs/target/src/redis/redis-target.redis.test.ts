import { DEADLINE_NO_KEY, decodeMark, decodeReadResult, MARK_KEY, READ_KEY, RUN_LIMIT } from "@meridian/mark";
import { startRedis, waitFor } from "@meridian/testkit";
import { describe, expect, test } from "vitest";
import { apply, batch, connect, continueUnder, epoch, redis, seq, server, sha16, stream, streamAndSelects, target, vector, useTargetBed } from "../testing/target-bed.js";
import { TARGET_RIGHTS } from "./rights.js";

useTargetBed();

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
    await streamAndSelects();
    const reply = await target.apply(
      batch((b) => {
        b.setString(db, "k", "=", "three", "3", -1);
        b.setString(5, "k", "-", "", "5", -1);
        b.setString(5, "k2", "=", "no", "5", -1);
        b.setString(0, "k", "-", "", "0", -1);
      }),
    );
    expect(reply).toMatchObject({ status: "OK", skipped: 1 });
    const commands = await streamAndSelects();
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
    expect(values.slice(0, 6)).toEqual([
      { db: 0, key: "str", type: "string", deadlineMs: at, payload: Buffer.from([0, 255]) },
      { db: 0, key: "hash", type: "hash", deadlineMs: -1, items: ["f", "1", "g", "2"] },
      { db: 0, key: "set", type: "set", deadlineMs: -1, items: ["m"] },
      { db: 0, key: "zset", type: "zset", deadlineMs: -1, items: ["b", "-inf", "a", "0.1"] },
      { db: 0, key: "list", type: "list", deadlineMs: -1, items: ["x"] },
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
    expect(await target.read({ id: 1, keys: [] }, epoch, 10)).toBe("OK");
    await redis.config("SET", "maxmemory", "0");
    expect(await redis.exists("k")).toBe(0);
    expect(await target.apply(b)).toMatchObject({ status: "OK", seq });
    await redis.config("SET", "maxmemory", "1");
    expect(await target.read({ id: 2, keys: [{ db: 0, key: "k" }] }, epoch, 10)).toBe("OK");
    expect(await target.fence(epoch)).toMatchObject({ epoch: epoch + 1 });
    await redis.config("SET", "maxmemory", "0");
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
    continueUnder((await least.fence()).epoch);
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
