import { LATE_CONSUMER, PAIR_ITEMS_MAX, TRIAL_KEY, type EntryStep, type StreamEdit } from "@meridian/mark";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { apply, batch, connect, continueUnder, redis, stream, target, useTargetBed } from "../testing/target-bed.js";

useTargetBed();

const pairsOf = (...texts: string[]): Buffer =>
  Buffer.concat(texts.flatMap((text) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(Buffer.byteLength(text));
    return [size, Buffer.from(text)];
  }));
const printOf = (...texts: string[]): string => {
  const bytes = pairsOf(...texts);
  return bytes.length <= 32 ? `=${bytes.toString("latin1")}` : `#${createHash("sha1").update(bytes).digest("hex").slice(0, 16)}`;
};
const add = (id: string, ...pairs: string[]): EntryStep => ({ does: "add", id, pairs: pairsOf(...(pairs.length > 0 ? pairs : ["late", id])) });
const edit = (steps: readonly EntryStep[], more: Partial<StreamEdit> = {}): StreamEdit => ({
  creates: false,
  keeps: true,
  lastId: "0-0",
  lateToGroups: true,
  cells: steps.map((step) => ({ field: step.id, steps: [step] })),
  groups: [],
  ...more,
});
const insert = (steps: readonly EntryStep[], more: Partial<StreamEdit> = {}): ReturnType<typeof apply> => apply((b) => b.editStream(0, "s", edit(steps, more)));

/** Entries 10-0, 20-0 ... with their id as value. */
async function fill(count: number, value = ""): Promise<void> {
  for (let at = 1; at <= count; at++) await redis.xadd("s", `${at * 10}-0`, "n", `${at}${value}`);
}

const ids = async (): Promise<string[]> => (await redis.xrange("s", "-", "+")).map(([id]) => id);
const all = async (): Promise<unknown> => redis.xrange("s", "-", "+");

function field(list: unknown, name: string): unknown {
  const items = list as unknown[];
  return items[items.indexOf(name) + 1];
}

const counters = async (): Promise<unknown[]> => {
  const info = await redis.xinfo("STREAM", "s");
  return ["last-generated-id", "entries-added", "max-deleted-entry-id", "length"].map((name) => field(info, name));
};
/** Of each group: what it delivered, and what is pending with whom. */
async function groups(): Promise<unknown[]> {
  const found = [];
  for (const group of (await redis.xinfo("GROUPS", "s")) as unknown[]) {
    const name = String(field(group, "name"));
    const pending = (await redis.xpending("s", name, "-", "+", 100)) as [string, string, number, number][];
    found.push([name, field(group, "last-delivered-id"), pending.map(([id, consumer, , deliveries]) => `${id} ${consumer} ${deliveries}`)]);
  }
  return found;
}

describe("an entry that comes late", () => {
  test("stands in its place; last id, count and greatest deleted id are what they would be had it come in time", async () => {
    await fill(5);
    await redis.xdel("s", "30-0");
    await redis.call("XSETID", "s", "70-3");
    const { skipped, effects } = await insert([add("5-0"), add("25-0"), add("25-1"), add("60-0")]);
    expect(skipped).toEqual([]);
    expect(await ids()).toEqual(["5-0", "10-0", "20-0", "25-0", "25-1", "40-0", "50-0", "60-0"]);
    expect(await redis.xrange("s", "40-0", "50-0")).toEqual([["40-0", ["n", "4"]], ["50-0", ["n", "5"]]]);
    expect(await counters()).toEqual(["70-3", 9, "30-0", 8]);
    expect(effects.every(([, key]) => key === "s"), "nothing of the trial of rights is in the stream").toBe(true);
    expect(await redis.xadd("s", "70-*", "f", "v")).toBe("70-4");
  });

  test("with entries behind the last id in the same batch, that become the last id", async () => {
    await fill(3);
    await insert([add("15-0"), add("90-0")]);
    expect(await ids()).toEqual(["10-0", "15-0", "20-0", "30-0", "90-0"]);
    expect(await counters()).toEqual(["90-0", 5, "0-1", 5]);
  });

  test("into a stream whose entries are all gone", async () => {
    await fill(2);
    await redis.xdel("s", "10-0", "20-0");
    await insert([add("7-7")]);
    expect(await ids()).toEqual(["7-7"]);
    expect(await counters()).toEqual(["20-0", 3, "20-0", 1]);
  });

  test.each([["entries", "1"], ["bytes", "20"]])("whatever the nodes of a stream hold (%s %s)", async (what, limit) => {
    await redis.config("SET", `stream-node-max-${what}`, limit);
    await fill(12);
    await insert([add("15-0"), add("115-0", "large", "x".repeat(5000))]);
    await redis.config("SET", `stream-node-max-${what}`, what === "bytes" ? "4096" : "100");
    expect(await ids()).toEqual([10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 115, 120].map((ms) => `${ms}-0`));
  });

  test("more newer ones than one call can name, entries as wide as one call can add", async () => {
    const lines = redis.pipeline();
    for (let at = 0; at < PAIR_ITEMS_MAX + 500; at++) lines.xadd("s", `${100 + at}-0`, "n", String(at));
    await lines.exec();
    const wide = Array.from({ length: PAIR_ITEMS_MAX }, (_, at) => String(at));
    await redis.xadd("s", "99999-0", ...wide);
    const before = (await ids()).length;
    expect((await insert([add("50-0", ...wide)])).skipped).toEqual([]);
    expect(await redis.xlen("s")).toBe(before + 1);
    expect((await redis.xrange("s", "-", "+", "COUNT", 1))[0]).toEqual(["50-0", wide]);
    expect((await redis.xrange("s", "99999-0", "+"))[0]).toEqual(["99999-0", wide]);
  });
});

describe("groups of a stream in which a late entry is put", () => {
  test("keep what they have delivered and what is pending; what is pending is read again, claimed and acknowledged", async () => {
    await fill(4);
    await redis.xgroup("CREATE", "s", "behind", "20-0");
    await redis.xgroup("CREATE", "s", "reads", "0");
    await redis.xreadgroup("GROUP", "reads", "one", "COUNT", 3, "STREAMS", "s", ">");
    await redis.xack("s", "reads", "10-0");
    await insert([add("15-0")], { lateToGroups: false });
    expect(await groups()).toEqual([["behind", "20-0", []], ["reads", "30-0", ["20-0 one 1", "30-0 one 1"]]]);
    expect(await redis.xreadgroup("GROUP", "reads", "one", "STREAMS", "s", "0")).toEqual([["s", [["20-0", ["n", "2"]], ["30-0", ["n", "3"]]]]]);
    expect(await redis.xclaim("s", "reads", "two", 0, "30-0")).toEqual([["30-0", ["n", "3"]]]);
    expect(await redis.xack("s", "reads", "20-0", "30-0")).toBe(2);
    expect(await redis.xreadgroup("GROUP", "reads", "one", "STREAMS", "s", ">")).toEqual([["s", [["40-0", ["n", "4"]]]]]);
    expect(await redis.xreadgroup("GROUP", "behind", "b", "STREAMS", "s", ">")).toEqual([["s", [["30-0", ["n", "3"]], ["40-0", ["n", "4"]]]]]);
  });

  test("get it once, under a consumer of its own, where they have read past it", async () => {
    await fill(3);
    for (const [name, start] of [["past", "30-0"], ["amid", "20-0"], ["none", "0"]] as const) await redis.xgroup("CREATE", "s", name, start);
    const late = `${LATE_CONSUMER} 1`;
    await insert([add("15-0"), add("25-0")]);
    const told = [["amid", "20-0", [`15-0 ${late}`]], ["none", "0-0", []], ["past", "30-0", [`15-0 ${late}`, `25-0 ${late}`]]];
    expect(await groups()).toEqual(told);
    await insert([add("15-0"), add("25-0")]);
    expect(await groups(), "what is there already is told to nobody").toEqual(told);
    const [, claimed] = (await redis.xautoclaim("s", "past", "mine", 0, "0")) as [string, unknown[]];
    expect(claimed).toEqual([["15-0", ["late", "15-0"]], ["25-0", ["late", "25-0"]]]);
    expect(await redis.xack("s", "past", "15-0", "25-0")).toBe(2);
    await insert([add("12-0")]);
    expect((await groups())[2]).toEqual(["past", "30-0", [`12-0 ${late}`]]);
    expect(await redis.xreadgroup("GROUP", "amid", "b", "STREAMS", "s", ">")).toEqual([["s", [["25-0", ["late", "25-0"]], ["30-0", ["n", "3"]]]]]);
  });

  test("what a consumer had read and what takes its id both go to the group when ids meet", async () => {
    await fill(3);
    await redis.xgroup("CREATE", "s", "g", "0");
    await redis.xreadgroup("GROUP", "g", "one", "STREAMS", "s", ">");
    const beside = `20-${2 ** 52 + 17}`;
    const steps: EntryStep[] = [{ does: "move", id: "20-0", print: printOf("n", "2"), to: beside }, add("20-0", "from", "afar")];
    const { skipped } = await insert([], { cells: [{ field: "20-0", steps }] });
    expect(skipped).toEqual([]);
    expect(await all()).toEqual([["10-0", ["n", "1"]], ["20-0", ["from", "afar"]], [beside, ["n", "2"]], ["30-0", ["n", "3"]]]);
    const late = `${LATE_CONSUMER} 1`;
    expect(await groups()).toEqual([["g", "30-0", ["10-0 one 1", `20-0 ${late}`, `${beside} ${late}`, "30-0 one 1"]]]);
    expect(await redis.xreadgroup("GROUP", "g", LATE_CONSUMER, "STREAMS", "s", "0")).toEqual([["s", [["20-0", ["from", "afar"]], [beside, ["n", "2"]]]]]);
    expect(await redis.xclaim("s", "g", "two", 0, beside)).toEqual([[beside, ["n", "2"]]]);
    expect(await counters()).toEqual(["30-0", 5, "20-0", 4]);
    expect((await insert([], { cells: [{ field: "20-0", steps }] })).skipped, "done once").toEqual([]);
    expect(await redis.xlen("s")).toBe(4);
  });
});

describe("nothing is taken away that is not put back", () => {
  const state = async (): Promise<unknown> => [await all(), await counters(), await groups()];

  test("memory: refused before the first write, or not at all", async () => {
    // Made by the server: a long argument would leave it with a buffer that it frees some time later, and counts until then.
    await redis.setrange("zeros", 19_999_999, "\0");
    const zeros = await redis.dumpBuffer("zeros"); // what is small to send is large in memory
    await redis.del("zeros");
    await fill(200, "x".repeat(2000));
    await redis.xgroup("CREATE", "s", "g", "$");
    const before = await state();
    await redis.config("SET", "maxmemory", "1");
    const b = batch((one) => one.editStream(0, "s", edit([add("5-0")])));
    await expect(target.apply(b)).rejects.toMatchObject({ retryable: true, message: expect.stringContaining("OOM") as string });
    expect(await state()).toEqual(before);
    // Room for a call of half a megabyte, of which a server may hold its buffer and copies at once.
    const limit = (await target.info()).usedMemoryBytes + 5_000_000;
    await redis.config("SET", "maxmemory", String(limit));
    expect(await target.apply(b)).toMatchObject({ status: "OK", skipped: 0 });
    const over = await target.apply(batch((one) => {
      one.restoreWhole(0, "large", "-", "", zeros, -1);
      one.editStream(0, "s", edit([add("6-0", "large", "y".repeat(200_000)), add("7-0")]));
    }));
    expect(over).toMatchObject({ status: "OK", skipped: 0 });
    expect((await target.info()).usedMemoryBytes, "the memory ran out before the insertion").toBeGreaterThan(limit);
    await redis.config("SET", "maxmemory", "0");
    expect((await ids()).slice(0, 4)).toEqual(["5-0", "6-0", "7-0", "10-0"]);
    expect(await redis.xlen("s")).toBe(203);
  });

  test("what cannot be added is found out before", async () => {
    await fill(3);
    const before = await state();
    const tooWide = Array.from({ length: PAIR_ITEMS_MAX + 2 }, () => "x");
    for (const [step, reason] of [
      [add("0-1"), /least id/],
      [add("15-0", ...tooWide), /more than 7000 fields/],
      [add("15-99999999999999999999"), /no server has/],
    ] as const) {
      const { mark } = await insert([step]);
      expect(mark.refused.map(({ cell, reason: text }) => [cell.kind, cell.field, reason.test(text)])).toEqual([["x", step.id, true]]);
      expect(await state()).toEqual(before);
    }
    await redis.xadd("s", "40-0", ...tooWide);
    const wider = await state();
    expect((await insert([add("15-0")])).mark.refused[0]!.reason).toMatch(/a newer entry with more than/);
    expect(await state()).toEqual(wider);
  });

  test("two entries for one id: the first is put there, the other is refused", async () => {
    await fill(3);
    const cells = ["a", "b"].map((name) => ({ field: name, steps: [add("15-0", "of", name)] }));
    const { mark } = await insert([], { cells });
    expect(mark.refused.map(({ cell }) => cell.field)).toEqual(["b"]);
    expect(await redis.xrange("s", "-", "+")).toEqual([["10-0", ["n", "1"]], ["15-0", ["of", "a"]], ["20-0", ["n", "2"]], ["30-0", ["n", "3"]]]);
  });

  test("a count of entries that cannot be written back as it was", async () => {
    await fill(3);
    await redis.call("XSETID", "s", "50-0", "ENTRIESADDED", "9223372036854775807", "MAXDELETEDID", "0-1");
    const before = await all();
    expect((await insert([add("15-0")])).mark.refused[0]!.reason).toMatch(/count of entries/);
    expect(await all()).toEqual(before);
    expect((await counters())[0]).toBe("50-0");
  });
});

describe("rights for streams", () => {
  const needed = ["xadd", "xdel", "xsetid", "xrange", "xrevrange", "xlen", "xclaim", "xinfo|stream", "xinfo|groups", "xgroup|create", "xgroup|destroy"];

  test.each(needed)("a user without %s is refused when connecting, by its name", async (right) => {
    await redis.call("ACL", "SETUSER", "poor", "reset", "on", ">secret", "~*", "+@all", `-${right}`);
    const [name = ""] = right.toUpperCase().split("|");
    await expect(connect({ username: "poor", password: "secret" })).rejects.toMatchObject({
      code: "SERVER_REFUSED",
      message: expect.stringContaining(`${name}: `) as string,
    });
    await redis.call("ACL", "DELUSER", "poor");
    expect(await redis.exists(TRIAL_KEY)).toBe(0);
    expect((await stream()).filter(([, key]) => key === TRIAL_KEY), "trials are outside of the stream").toEqual([]);
  });

  test.each(["xadd", "xdel", "xsetid", "xrevrange", "xclaim", "xinfo|groups"])("%s lost after connecting: late entries and moves are refused, nothing is taken away", async (right) => {
    await redis.call("ACL", "SETUSER", "poor", "reset", "on", ">secret", "~*", "+@all");
    const poor = await connect({ username: "poor", password: "secret" });
    continueUnder((await poor.fence()).epoch);
    await fill(3);
    await redis.xgroup("CREATE", "s", "g", "$");
    const before = [await all(), await counters(), await groups()];
    await redis.call("ACL", "SETUSER", "poor", `-${right}`);
    const move: EntryStep = { does: "move", id: "20-0", print: printOf("n", "2"), to: "40-0" };
    for (const step of [add("15-0"), move]) {
      expect(await poor.apply(batch((b) => b.editStream(0, "s", edit([step]))))).toMatchObject({ status: "OK", skipped: 1 });
      expect([await all(), await counters(), await groups()]).toEqual(before);
    }
    await poor.close();
    await redis.call("ACL", "DELUSER", "poor");
  });
});
