import { REGION_LIMITS } from "@meridian/region";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { drawSettings } from "../settings.js";
import { drawLimits } from "./small-limits.js";

const SEEDS = Array.from({ length: 400 }, (_, seed) => 40_000 + seed);

describe("small limits", () => {
  it("are drawn for one run of eight", () => {
    const share = SEEDS.filter((seed) => drawLimits(seed, undefined).limits).length / SEEDS.length;
    expect([share > 0.07, share < 0.19]).toEqual([true, true]);
  });

  it("are at least 1, at most what every region has, and each of them is small in some run", () => {
    const small = new Set<string>();
    for (const seed of SEEDS) {
      const { limits } = drawLimits(seed, true);
      for (const [name, usual] of Object.entries(REGION_LIMITS) as [keyof typeof REGION_LIMITS, number][]) {
        const limit = limits?.[name] ?? 0;
        expect(limit >= 1 && limit <= usual).toBe(true);
        if (limit < usual) small.add(name);
      }
    }
    expect([...small].sort()).toEqual(Object.keys(REGION_LIMITS).sort());
  });

  it("change nothing else that a seed draws", () => {
    for (const seed of SEEDS.slice(0, 50)) {
      const { limits: some, weights: slow, ...others } = drawSettings(seed, { limits: true }, new Random(seed));
      const { limits: none, weights, ...usual } = drawSettings(seed, { limits: false }, new Random(seed));
      expect(others).toEqual(usual);
      expect({ ...slow, flush: weights.flush, script: weights.script }).toEqual(weights);
      expect([some !== undefined, none]).toEqual([true, undefined]);
    }
  });
});
