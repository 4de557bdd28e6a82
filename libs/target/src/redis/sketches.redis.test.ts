import { decodeSketch, encodeSketch, SKETCH_REGISTERS, sketchPrintOf, uniteSketches } from "@meridian/merge";
import { SKETCH_KEY, TRIAL_KEY } from "@meridian/mark";
import { ReplyError } from "@meridian/resp";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServerModel } from "../model/server-model.js";
import { apply, redis, stream, useTargetBed } from "../testing/target-bed.js";

useTargetBed();

/** Counts from which a server goes from sparse to dense lie between. */
const counts = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 200 }), fc.integer({ min: 800, max: 4000 }));
const elements = (seed: number, count: number): string[] => Array.from({ length: count }, (_, at) => `${seed}-${at}`);
const stored = async (key: string): Promise<Buffer> => (await redis.getBuffer(key)) ?? Buffer.alloc(0);
const digest = (bytes: Buffer): string => sketchPrintOf(bytes)?.slice(1) ?? "";
/** As text, for comparing 16,384 numbers one by one takes seconds. */
const textOf = (registers: Uint8Array | undefined): string | undefined => registers && Buffer.from(registers).toString("base64");
const registersOf = async (key: string): Promise<string | undefined> => textOf(decodeSketch(await stored(key)));

async function add(key: string, made: readonly string[]): Promise<void> {
  await redis.pfadd(key, ...made);
}

describe("sketches on a real server", () => {
  test("what we decode, unite and encode is what PFMERGE and PFCOUNT make of it", async () => {
    await fc.assert(
      fc.asyncProperty(counts, counts, fc.nat({ max: 1000 }), async (one, other, seed) => {
        await redis.flushall();
        await add("a", elements(seed, one));
        await add("b", elements(seed + 1, other));
        await redis.pfmerge("c", "a", "b");
        const united = uniteSketches([await stored("a"), await stored("b")]) as Buffer;
        expect(textOf(decodeSketch(united))).toBe(await registersOf("c"));
        expect(textOf(encodeSketch(decodeSketch(await stored("c")) as Uint8Array))).toBe(textOf(united));
        await redis.set("ours", united);
        expect(await redis.pfcount("ours")).toBe(await redis.pfcount("c"));
        expect(await redis.pfcount("a", "b")).toBe(await redis.pfcount("ours"));
        await add("ours", elements(seed + 2, 3));
        await add("c", elements(seed + 2, 3));
        expect(await registersOf("ours")).toEqual(await registersOf("c"));
      }),
      { numRuns: 40 },
    );
  });

  test("the model adds, merges and counts as the server does, and tells the stream the same", async () => {
    const key = fc.constantFrom("a", "b", "c");
    const command = fc.oneof(
      fc.tuple(fc.constant("PFADD"), key, fc.nat({ max: 50 }), fc.constantFrom(0, 1, 1, 2, 40, 700)).map(([name, to, seed, count]) => [name, to, ...elements(seed, count)]),
      fc.tuple(fc.constant("PFMERGE"), key, key, key),
      fc.tuple(fc.constant("PFCOUNT"), key),
      fc.tuple(fc.constant("PFCOUNT"), key, key),
      fc.tuple(fc.constant("SET"), key, fc.constant("text")),
      fc.tuple(fc.constant("DEL"), key),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 15 }), async (commands) => {
        await redis.flushall();
        await stream();
        const model = new ServerModel();
        for (const args of commands) {
          const [name = "", ...rest] = args;
          const replied = await redis.call(name, ...rest).catch((error: unknown) => (error instanceof Error ? error.message : error));
          const modelled = model.execute(args, Date.now());
          expect([args.slice(0, 3), modelled instanceof ReplyError ? modelled.message : modelled]).toEqual([args.slice(0, 3), replied]);
        }
        for (const name of ["a", "b", "c"]) {
          const held = model.execute(["GET", name], Date.now());
          const modelled = held instanceof Buffer ? (textOf(decodeSketch(held)) ?? held) : held;
          expect(modelled).toEqual((await registersOf(name)) ?? (await redis.getBuffer(name)));
        }
        const told = model.takeStream().toString("latin1");
        for (const args of await stream()) expect(told).toContain(args.map((word) => `$${word.length}\r\n${word}\r\n`).join(""));
      }),
      { numRuns: 40 },
    );
  });

  test("a sketch is compared by its registers, whatever else the server has changed of it", async () => {
    await add("same", elements(1, 100));
    const before = await stored("same");
    await redis.pfcount("same");
    await redis.call("PFDEBUG", "TODENSE", "same");
    expect(await stored("same")).not.toEqual(before);
    await add("other", elements(2, 100));
    await add("gone", elements(3, 2));
    await redis.set("text", "HYLL");
    await redis.expire("same", 1000);
    const fresh = encodeSketch(new Uint8Array(SKETCH_REGISTERS).fill(3, 5, 9));
    const deadline = Date.now() + 1_000_000;
    const { skipped, effects } = await apply((b) => {
      b.setString(0, "same", "%", digest(before), fresh, -1);
      b.setString(0, "other", "%", digest(before), fresh, -1);
      b.setString(0, "text", "%", digest(before), fresh, deadline);
      b.setString(0, "none", "%", digest(before), fresh, -1);
      b.delString(0, "gone", "%", digest(modelledSketch(elements(3, 2))));
    });
    expect(skipped).toEqual(["s other", "s text", "s none"]);
    expect(effects).toEqual([["SET", "same", fresh.toString("latin1")], ["DEL", "gone"]]);
    expect(await redis.ttl("same")).toBe(-1);
    expect(await redis.exists(TRIAL_KEY, SKETCH_KEY)).toBe(0);
  });

  test("a sketch is raised beside what clients added meanwhile, and only where it still holds what was known", async () => {
    await add("h", elements(1, 50));
    const known = await stored("h");
    await add("h", elements(2, 500));
    await redis.expire("h", 1000);
    await add("reset", elements(9, 3));
    await add("other", elements(5, 700));
    const added = await stored("other");
    await redis.rpush("list", "x");
    const { skipped, effects } = await apply((b) => {
      b.raiseSketch(0, "h", known, added);
      b.raiseSketch(0, "reset", known, added);
      b.raiseSketch(0, "none", known, added);
      b.raiseSketch(0, "list", known, added);
    });
    expect(skipped).toEqual(["s reset", "s none", "s list"]);
    expect(effects.map((command) => [command[0], command[1], command[3]])).toEqual([["SET", "h", "KEEPTTL"]]);
    await add("all", [...elements(1, 50), ...elements(2, 500), ...elements(5, 700)]);
    expect(await registersOf("h")).toEqual(await registersOf("all"));
    expect(await redis.pfcount("h")).toBe(await redis.pfcount("all"));
    expect(await redis.ttl("h")).toBeGreaterThan(900);
    expect(await redis.exists(TRIAL_KEY, SKETCH_KEY)).toBe(0);
  });
});

/** The sketch that the model makes of elements. */
function modelledSketch(made: readonly string[]): Buffer {
  const model = new ServerModel();
  model.execute(["PFADD", "k", ...made], 0);
  return model.execute(["GET", "k"], 0) as Buffer;
}
