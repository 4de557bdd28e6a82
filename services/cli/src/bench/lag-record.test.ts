import { describe, expect, it } from "vitest";
import { LagRecord } from "./lag-record.js";

describe("LagRecord", () => {
  it("counts markers that were overwritten, with the moment when a later one was seen", () => {
    const record = new LagRecord();
    for (const ms of [0, 10, 20, 30]) record.sent(ms);
    expect(record.visible(1, 25)).toBe(true);
    expect(record.visible(1, 26)).toBe(false);
    expect(record.visible(3, 35)).toBe(true);
    expect(record.seen).toBe(4);
    const { samples, maxMs, p50Ms } = record.figures(0); // 25, 15, 15, 5
    expect([samples, Math.round(maxMs), Math.round(p50Ms)]).toEqual([4, 25, 15]);
  });

  it("leaves out what was sent before the measured time, and invents nothing where nothing was measured", () => {
    const record = new LagRecord();
    for (const ms of [0, 10]) record.sent(ms);
    record.visible(1, 1_000);
    expect(record.figures(5)).toMatchObject({ samples: 1, maxMs: expect.closeTo(990, -1) as number });
    expect(record.figures(50)).toEqual({ samples: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
  });
});
