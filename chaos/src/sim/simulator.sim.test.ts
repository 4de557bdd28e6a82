/** The simulator's share of the test suite: seeds that once failed, and as many new ones as the time allows. */
import { describe, expect, it } from "vitest";
import { tellFailure } from "./failure-text.js";
import { readConflicts } from "@meridian/region";
import { heal } from "./mesh/heal.js";
import { Random } from "./random.js";
import { replay, runSeed } from "./run.js";
import { REGRESSION_SEEDS } from "./regression-seeds.js";
import { drawSettings, type SimOptions } from "./settings.js";
import { Workload } from "./mesh/workload.js";
import { World } from "./mesh/world.js";

/** How long new seeds are tried. */
const NEW_SEEDS_MS = 15_000;

function failureOf(seed: number, options: SimOptions = {}): string | undefined {
  const result = runSeed(seed, options);
  return result.problems.length === 0 ? undefined : tellFailure(result, options, { full: false, whole: false });
}

describe("a simulated mesh", () => {
  for (const [seed, mistake, options] of REGRESSION_SEEDS) {
    it(`is sound again with seed ${seed}: ${mistake}`, () => {
      expect(failureOf(seed, { clashes: false, units: false, limits: false, ...options })).toBeUndefined();
    });
  }

  it("is sound with new seeds", { timeout: NEW_SEEDS_MS * 4 }, () => {
    const first = Math.floor(Date.now() / 1000) * 1000;
    const until = Date.now() + NEW_SEEDS_MS;
    let runs = 0;
    for (; Date.now() < until; runs += 1) {
      const failure = failureOf(first + runs);
      if (failure !== undefined) expect.fail(failure);
    }
    process.stdout.write(`simulator: ${runs} runs from seed ${first} on, all sound\n`);
  });

  it("does the same again with the same seed, and with the events that it chose", () => {
    for (const seed of [1, 2, 3]) {
      const first = runSeed(seed);
      expect(runSeed(seed).events).toEqual(first.events);
      expect(replay(first.settings, first.events).problems).toEqual(first.problems);
    }
  });
});

describe("the conflict ledger of a simulated mesh", () => {
  it("stays empty where nothing is written before the last write is everywhere, whichever region writes", { timeout: NEW_SEEDS_MS * 8 }, () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const random = new Random(seed);
      const settings = drawSettings(seed, { regions: 3 }, random);
      const world = new World({ ...settings, imported: 0 });
      const workload = new Workload(settings, random);
      for (let turn = 0; turn < 12; turn += 1) {
        world.perform({ kind: "client", at: random.below(3), db: 0, commands: workload.next(world.nowMs) });
        expect(heal(world)).toEqual([]);
      }
      expect(world.agents.flatMap(({ store }) => readConflicts(store, {}).records)).toEqual([]);
    }
  });

  it("names what lost, in every region alike", () => {
    const world = new World(drawSettings(1, { regions: 3, families: ["string"] }, new Random(1)));
    expect(heal(world)).toEqual([]);
    for (const at of [0, 1, 2]) world.perform({ kind: "client", at, db: 0, commands: [["SET", "k", `of r${at}`]] });
    expect(heal(world)).toEqual([]);
    const lost = world.agents.map(({ store }) => readConflicts(store, {}).records.map(({ value, winner }) => `${String(value)} to ${String(winner?.writer)}`));
    for (const own of lost) expect(own).toEqual(expect.arrayContaining(["of r1 to ap/0", "of r2 to ap/0"]));
  });
});

describe("chance", () => {
  it("is spread evenly, and differs from seed to seed", () => {
    const random = new Random(7);
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 40_000; draw += 1) counts[random.below(4)] = (counts[random.below(4)] ?? 0) + 1;
    for (const count of counts) expect(count).toBeGreaterThan(9_000);
    expect(Array.from({ length: 8 }, () => new Random(8).below(1000))).toEqual(Array.from({ length: 8 }, () => new Random(8).below(1000)));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => new Random(seed).below(1_000_000))).size).toBeGreaterThan(45);
  });

  it("follows weights, and never picks what weighs nothing", () => {
    const random = new Random(9);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw += 1) {
      const index = random.weighted([1, 0, 2]);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts[1]).toBe(0);
    expect(counts[0]).toBeGreaterThan(9_000);
    expect(counts[2]).toBeGreaterThan(19_000);
  });
});
