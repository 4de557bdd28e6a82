import fc from "fast-check";
import { expect, test } from "vitest";
import { LAG_MS_MAX, LagMeter, WRITERS_MAX } from "./lag-meter.js";

test("percentiles are the exact ones, never less and at most 1/32 more", () => {
  const lags = fc.array(fc.oneof(fc.nat(100), fc.nat(10_000), fc.nat(LAG_MS_MAX)), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(lags, (values) => {
      const meter = new LagMeter(60_000);
      for (const value of values) meter.record("us/0", value, 1, 0);
      const sorted = [...values].sort((a, b) => a - b);
      const summary = meter.summary("us/0", 0);
      expect(summary.samples).toBe(values.length);
      for (const [share, measured] of [[0.5, summary.p50Ms], [0.99, summary.p99Ms], [0.999, summary.p999Ms]] as const) {
        const exact = sorted[Math.ceil(sorted.length * share) - 1]!;
        expect(measured).toBeGreaterThanOrEqual(exact);
        expect(measured).toBeLessThanOrEqual(exact < 64 ? exact : exact * (1 + 1 / 32));
      }
    }),
  );
});

test("a batch counts as often as it has mutations", () => {
  const meter = new LagMeter(60_000);
  meter.record("us/0", 5, 98, 0);
  meter.record("us/0", 50, 2, 0);
  expect(meter.summary("us/0", 0)).toEqual({ samples: 100, p50Ms: 5, p99Ms: 50, p999Ms: 50 });
});

test("old lags leave the window, also where nothing comes any more", () => {
  const meter = new LagMeter(60_000);
  meter.record("us/0", 10, 1, 1_000);
  meter.record("us/0", 20, 1, 31_000);
  expect(meter.summary("us/0", 59_000).samples).toBe(2);
  expect(meter.summary("us/0", 61_000)).toMatchObject({ samples: 1, p50Ms: 20 });
  expect(meter.summary("us/0", 91_000)).toEqual({ samples: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0 });
  meter.record("us/0", 30, 1, 1_000_000);
  expect(meter.summary("us/0", 1_000_000)).toMatchObject({ samples: 1, p99Ms: 30 });
});

test("writers are measured apart; a lag below zero is zero; a huge one is the largest", () => {
  const meter = new LagMeter(60_000);
  meter.record("us/0", -5, 1, 0);
  meter.record("ap/0", 1e15, 1, 0);
  expect(meter.summary("us/0", 0).p99Ms).toBe(0);
  expect(meter.summary("ap/0", 0).p99Ms).toBe(LAG_MS_MAX);
  expect(meter.summary("sa/0", 0).samples).toBe(0);
});

test("writers beyond the limit are not measured", () => {
  const meter = new LagMeter(60_000);
  for (let at = 0; at <= WRITERS_MAX; at++) meter.record(`w/${at}`, 1, 1, 0);
  expect(meter.summary(`w/${WRITERS_MAX - 1}`, 0).samples).toBe(1);
  expect(meter.summary(`w/${WRITERS_MAX}`, 0).samples).toBe(0);
});
