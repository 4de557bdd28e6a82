import { ApplyBatch, decodeMark, decodeReadResult, encodeMarkHeader, MARK_KEY, READ_KEY } from "@meridian/mark";
import { CommandParser } from "@meridian/resp";
import { VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { ModelTarget } from "./model-target.js";
import { printScore } from "./score.js";
import { ServerModel } from "./server-model.js";

const NOW = 1_800_000_000_000;

function stream(model: ServerModel): string[][] {
  const commands: string[][] = [];
  new CommandParser(({ buffer, argc, starts, ends }) => {
    commands.push(Array.from({ length: argc }, (_, i) => buffer.toString("latin1", starts[i], ends[i])));
  }, 0).push(model.takeStream());
  return commands;
}

function batch(epoch: number, prevSeq: number, seq: number, build: (b: ApplyBatch) => void): ApplyBatch {
  const b = new ApplyBatch(epoch, prevSeq, seq, encodeMarkHeader({ epoch, seq, vector: new VersionVector(), deferred: [], settled: [] }));
  build(b);
  return b;
}

describe("server model (held against a real server in server-model.redis.test.ts)", () => {
  test("the stream has absolute deadlines, no trace of what changed nothing, and SELECT where the database changes", () => {
    const model = new ServerModel();
    model.execute(["SET", "k", "v", "EX", "10"], NOW);
    model.execute(["SADD", "s", "m"], NOW, 2);
    model.execute(["SADD", "s", "m"], NOW, 2);
    model.transaction([["INCR", "n"], ["SELECT", "2"], ["DEL", "s"]], NOW);
    expect(stream(model).map((args) => args.join(" "))).toEqual([
      "SELECT 0",
      `SET k v PXAT ${NOW + 10_000}`,
      "SELECT 2",
      "SADD s m",
      "SELECT 0",
      "MULTI",
      "INCR n",
      "SELECT 2",
      "DEL s",
      "EXEC",
    ]);
    expect(model.resync()).toBe(model.offset);
    model.execute(["SET", "k", "v"], NOW, 2);
    expect(stream(model)[0]).toEqual(["SELECT", "2"]);
  });

  test("the offset counts every byte of the stream", () => {
    const model = new ServerModel();
    for (let i = 0; i < 500; i++) model.transaction([["SET", `k${i}`, "v".repeat(i)], ["INCR", "n"]], NOW, i % 3);
    expect(model.takeStream().length).toBe(model.offset);
  });

  test("a batch with nothing that matches is the mark alone", async () => {
    const model = new ServerModel();
    const target = new ModelTarget(model, () => NOW);
    const { epoch } = await target.fence();
    stream(model);
    expect(await target.apply(batch(epoch, 0, 1, (b) => b.delString(0, "k", "=", "v")))).toEqual({ status: "OK", epoch, seq: 1, skipped: 1 });
    const [only, ...more] = stream(model);
    expect([only?.slice(0, 2), more]).toEqual([["SET", MARK_KEY], []]);
    expect(decodeMark(Buffer.from(only![2]!, "latin1")).skipped).toEqual([{ db: 0, kind: "s", key: "k", field: "" }]);
    expect((await target.apply(batch(epoch, 0, 1, () => undefined))).status).toBe("DUP");
    expect((await target.apply(batch(epoch, 2, 3, () => undefined))).status).toBe("GAP");
    expect((await target.apply(batch(epoch + 1, 1, 2, () => undefined))).status).toBe("FENCED");
    model.execute(["DEL", MARK_KEY], NOW);
    expect((await target.apply(batch(epoch, 1, 2, () => undefined))).status).toBe("NOMARK");
  });

  test("a read goes by in the stream and leaves nothing", async () => {
    const model = new ServerModel();
    const target = new ModelTarget(model, () => NOW);
    const { epoch } = await target.fence();
    model.execute(["ZADD", "z", "0.1", "m"], NOW, 1);
    stream(model);
    expect(await target.read({ id: 5, keys: [{ db: 1, key: "z" }] }, epoch, 100)).toBe("OK");
    const commands = stream(model);
    expect(commands.map((args) => args.slice(0, 2).join(" "))).toEqual(["SELECT 0", "MULTI", `SET ${READ_KEY}`, `DEL ${READ_KEY}`, "EXEC"]);
    const { values } = decodeReadResult(Buffer.from(commands[2]![2]!, "latin1"));
    expect(values[0]?.items?.map(String)).toEqual(["m", "0.10000000000000001"]);
    expect(model.snapshot().map(({ key }) => key)).toEqual([MARK_KEY, "z"]);
  });

  test("a scan gives everything that stays, whatever is deleted meanwhile", async () => {
    const model = new ServerModel();
    const target = new ModelTarget(model, () => NOW);
    for (let i = 0; i < 100; i++) model.execute(["SET", `k${i}`, "v"], NOW);
    const found = new Set<string>();
    let cursor = "0";
    do {
      const page = await target.scan(0, cursor, 7);
      for (const key of page.keys) found.add(key);
      model.execute(["DEL", ...page.keys.slice(0, 3)], NOW);
      cursor = page.cursor;
    } while (cursor !== "0");
    expect(found.size).toBe(100);
  });

  test("refuses what it does not know, and a batch that contradicts itself", () => {
    const model = new ServerModel();
    expect(() => model.execute(["BITOP", "x"], NOW)).toThrow(/does not know bitop/);
    const { epoch } = model.fence(NOW);
    const contradiction = batch(epoch, 0, 1, (b) => {
      b.setString(0, "k", "-", "", "v", -1);
      b.addMember(0, "k", "m");
    });
    expect(() => model.apply(contradiction, NOW)).toThrow(/SADD k of a batch/);
  });

  test.each([
    [0.1, "0.10000000000000001"],
    [3, "3"],
    [-2.5, "-2.5"],
    [1e300, "1.0000000000000001e+300"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [123456789012345680, "1.2345678901234568e+17"],
    [0.0001, "0.0001"],
    [0.00001, "1.0000000000000001e-05"],
    [5e-324, "4.9406564584124654e-324"],
    [0, "0"],
    [-0, "-0"],
    [Infinity, "inf"],
  ])("prints %d as %s", (score, text) => {
    expect(printScore(score)).toBe(text);
    if (Number.isFinite(score)) expect(Number(text)).toBe(score);
  });
});
