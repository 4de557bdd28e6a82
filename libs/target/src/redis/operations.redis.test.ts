import { DEADLINE_NO_KEY, TRIAL_KEY } from "@meridian/mark";
import { waitFor } from "@meridian/testkit";
import { describe, expect, test } from "vitest";
import { apply, redis, sha16, stream, useTargetBed } from "../testing/target-bed.js";

useTargetBed();

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
    await expect.poll(() => redis.exists("pastdue")).toBe(0);
    const times = await Promise.all(["none", "some", "wrong", "drop", "pastdue", "created"].map((key) => redis.call("PEXPIRETIME", key)));
    expect(times).toEqual([at + 1, at + 2, at, -1, -2, at + 3]);
    expect(effects.some(([name]) => name === "DEL")).toBe(false);
  });

  test("an expiry is set only upon what the key was known to hold, and one that is past leaves the dropping to the server", async () => {
    await redis.mset("equal", "v", "written", "new", "digest", "v", "digested", "new", "short", "17", "long", "x".repeat(33));
    await redis.hset("h", "f", "v");
    await redis.set("replaced", "v");
    await redis.rpush("l", "a");
    await redis.rpush("pushed", "a");
    const dumped = sha16(await redis.dumpBuffer("l"));
    await redis.rpush("pushed", "b");
    const { skipped, effects, behind } = await apply((b) => {
      b.setExpiry(0, "equal", -1, 1, "=v");
      b.setExpiry(0, "written", -1, 1, "=v");
      b.setExpiry(0, "digest", -1, 1, `#${sha16("v")}`);
      b.setExpiry(0, "digested", -1, 1, `#${sha16("v")}`);
      b.setExpiry(0, "short", -1, 1, "i32");
      b.setExpiry(0, "long", -1, 1, "i32");
      b.setExpiry(0, "h", -1, 1, "thash");
      b.setExpiry(0, "replaced", -1, 1, "thash");
      b.setExpiry(0, "l", -1, 1, `d${dumped}`);
      b.setExpiry(0, "pushed", -1, 1, `d${dumped}`);
    });
    expect(skipped).toEqual(["t written", "t digested", "t long", "t replaced", "t pushed"]);
    expect(effects.map(([name, key]) => [name, key])).toEqual(["equal", "digest", "short", "h", "l"].map((key) => ["PEXPIREAT", key]));
    await expect.poll(() => redis.exists("equal", "digest", "short", "h", "l")).toBe(0);
    expect(await redis.exists("written", "digested", "long", "replaced", "pushed")).toBe(5);
    expect([...behind, ...(await stream())].filter(([name]) => name === "DEL" || name === "UNLINK").length).toBe(5);
  });

  test("a value that brings a deadline along is written only over the deadline that was known", async () => {
    const at = Date.now() + 1_000_000;
    await redis.mset("same", "v", "renewed", "v");
    await redis.pexpireat("renewed", at);
    await redis.rpush("src", "x");
    await redis.rpush("l", "a");
    const payload = await redis.dumpBuffer("src");
    const { skipped } = await apply((b) => {
      b.setString(0, "same", "=", "v", "w", at + 1, -1);
      b.setString(0, "renewed", "=", "v", "w", at + 1, -1);
      b.restoreWhole(0, "l", "~", "", payload, at + 1, false, at);
    });
    expect(skipped).toEqual(["s renewed", "w l"]);
    expect(await redis.mget("same", "renewed")).toEqual(["w", "v"]);
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

  test("a change of type takes away what was known, all of it, or nothing at all", async () => {
    const at = Date.now() + 1_000_000;
    for (const key of ["exact", "more", "other", "timed"]) await redis.hset(key, "f", "v", "g", "w");
    await redis.hset("more", "unknown", "x");
    await redis.hset("other", "g", "changed");
    await redis.pexpireat("timed", at);
    await redis.mset("text", "v", "texts", "v");
    await redis.zadd("z", "1.5", "m", "inf", "n");
    await redis.rpush("l", "a");
    const dump = sha16(await redis.dumpBuffer("l"));
    const { skipped, effects } = await apply((b) => {
      for (const key of ["exact", "more", "other", "timed"]) {
        b.unlinkKey(0, key, "hash", { heldMs: -1, elements: [["f", "=v"], ["g", `#${sha16("w")}`]] });
        b.addMember(0, key, "m");
      }
      b.unlinkKey(0, "text", "string", { heldMs: -1, elements: [["", "=v"]] });
      b.setField(0, "text", "f", "-", "", "v");
      b.unlinkKey(0, "texts", "string", { heldMs: -1, elements: [["", "=u"]] });
      b.unlinkKey(0, "z", "zset", { heldMs: -1, elements: [["m", "=1.5"], ["n", "=inf"]] });
      b.unlinkKey(0, "l", "any", { heldMs: -1, elements: [["", `d${dump}`]] });
    });
    expect(skipped).toEqual(["k more", "e more m", "k other", "e other m", "k timed", "e timed m", "k texts"]);
    expect(await redis.smembers("exact")).toEqual(["m"]);
    expect(await redis.hgetall("text")).toEqual({ f: "v" });
    expect(await redis.hgetall("more")).toEqual({ f: "v", g: "w", unknown: "x" });
    expect(await redis.hlen("timed")).toBe(2);
    expect(effects.map(([name, key]) => `${name} ${key}`)).toEqual(["UNLINK exact", "SADD exact", "UNLINK text", "HSET text", "UNLINK z", "UNLINK l"]);
  });

  test("nothing is added to a key that should be there and is not, of whatever type, nor to one whose deadline passed meanwhile", async () => {
    await redis.sadd("there", "x");
    await redis.hset("dropped", "f", "v");
    const deadline = Date.now() + 2;
    await redis.pexpireat("dropped", deadline);
    // Nobody may ask for the key before the script does.
    await waitFor(async () => {
      const [seconds, micros] = await redis.time();
      return Number(seconds) * 1000 + Number(micros) / 1000 > deadline + 1;
    }, { what: "the deadline to pass" });
    const { skipped, effects } = await apply((b) => {
      for (const key of ["there", "dropped", "s", "d", "e", "z", "l", "x", "w"]) b.requireKey(0, key);
      b.addMember(0, "there", "y");
      b.setField(0, "dropped", "g", "-", "", "v");
      b.incrField(0, "dropped", "n", "1");
      b.addDecimal(0, "dropped", "d", "0.5");
      b.setExpiry(0, "dropped", -2, 4_000_000_000_000);
      b.incrString(0, "s", "1");
      b.addDecimal(0, "d", undefined, "0.5");
      b.addMember(0, "e", "m");
      b.setScore(0, "z", "m", "-", "", "1");
      b.editList(0, "l", [{ side: "t", offset: 0, removed: [], values: ["v"], left: "~", right: "~" }]);
      b.editStream(0, "x", { creates: true, keeps: true, lateToGroups: false, lastId: "0-0", cells: [], groups: [] });
      b.unlinkKey(0, "w", "any");
      b.addMember(0, "w", "m");
    });
    expect(skipped).toEqual(["h dropped g", "h dropped n", "h dropped d", "t dropped", "s s", "s d", "e e m", "z z m", "l l", "x x", "k w", "e w m"]);
    // That it dropped the key the server says, sooner or later.
    expect(effects.filter(([, key]) => key !== "dropped").map(([name, key]) => `${name} ${key}`)).toEqual(["SADD there"]);
    expect(await redis.exists("dropped", "s", "d", "e", "z", "l", "x", "w")).toBe(0);
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
