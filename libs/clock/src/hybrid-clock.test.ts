import { HLC_EPOCH_MS, HLC_LAST_MS, HLC_ZERO, hlcCounter, hlcMs, hlcOf, MeridianError, type Hlc } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HybridClock } from "./hybrid-clock.js";

/** Small physical times of the paper, moved into the range of readings. */
const at = (pt: number): number => HLC_EPOCH_MS + 1_000_000 + pt;
const reading = (l: number, c: number): Hlc => hlcOf(at(l), c);
const lc = (hlc: Hlc): string => `${hlcMs(hlc) - at(0)},${hlcCounter(hlc)}`;

function clockAt(l: number, c: number): HybridClock {
  const clock = new HybridClock({ maxDriftMs: 1000 });
  clock.observe(reading(l, c), at(l));
  return clock;
}

function receive(clock: HybridClock, message: Hlc, pt: number): Hlc {
  clock.observe(message, at(pt));
  return clock.tick(at(pt));
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof MeridianError ? error.code : String(error);
  }
}

describe("the algorithm of the paper", () => {
  it.each([
    ["physical time is ahead", { l: 5, c: 3, pt: 9 }, "9,0"],
    ["physical time equals l", { l: 5, c: 3, pt: 5 }, "5,4"],
    ["physical time is behind", { l: 5, c: 3, pt: 2 }, "5,4"],
  ])("local or send event where %s", (_, { l, c, pt }, expected) => {
    expect(lc(clockAt(l, c).tick(at(pt)))).toBe(expected);
  });

  it.each([
    ["l and the message's l are both the maximum", { l: 8, c: 2, ml: 8, mc: 6, pt: 5 }, "8,7"],
    ["all three are equal", { l: 8, c: 6, ml: 8, mc: 2, pt: 8 }, "8,7"],
    ["only l is the maximum", { l: 8, c: 2, ml: 7, mc: 6, pt: 5 }, "8,3"],
    ["only the message's l is the maximum", { l: 8, c: 2, ml: 9, mc: 6, pt: 5 }, "9,7"],
    ["physical time is the maximum", { l: 8, c: 2, ml: 9, mc: 6, pt: 10 }, "10,0"],
  ])("receive event where %s", (_, { l, c, ml, mc, pt }, expected) => {
    expect(lc(receive(clockAt(l, c), reading(ml, mc), pt))).toBe(expected);
  });

  it("a chain over four nodes of which the first is ten units ahead", () => {
    const [zero, one, two, three] = [0, 1, 2, 3].map(() => new HybridClock({ maxDriftMs: 1000 })) as [
      HybridClock, HybridClock, HybridClock, HybridClock,
    ];
    const sent = zero.tick(at(10));
    const first = receive(one, sent, 1);
    const second = one.tick(at(2));
    const third = receive(two, second, 2);
    const fourth = receive(three, third, 3);
    expect([sent, first, second, third, fourth].map(lc)).toEqual(["10,0", "10,1", "10,2", "10,3", "10,4"]);
    expect(lc(three.tick(at(11)))).toBe("11,0");
    expect(lc(receive(zero, fourth, 10))).toBe("10,5");
  });
});

describe("HybridClock", () => {
  it("refuses a remote reading beyond the allowed drift and changes nothing", () => {
    const clock = new HybridClock({ maxDriftMs: 500 });
    const before = clock.tick(at(0));
    expect(clock.isAhead(reading(500, 9), at(0))).toBe(false);
    expect(clock.isAhead(reading(501, 0), at(0))).toBe(true);
    expect(codeOf(() => clock.observe(reading(501, 0), at(0)))).toBe("CLOCK_DRIFT");
    expect(clock.last).toBe(before);
    clock.observe(reading(501, 0), at(1));
    expect(clock.last).toBe(reading(501, 0));
    expect(clock.aheadMs(at(1))).toBe(500);
    expect(clock.aheadMs(at(900))).toBe(0);
  });

  it("counts on while physical time is before 2020 or has jumped back", () => {
    const clock = new HybridClock({ maxDriftMs: 500 });
    expect(clock.tick(0)).toBe(1);
    const high = clock.tick(at(0));
    expect([clock.tick(0), clock.tick(at(-5000)), clock.tick(at(0))]).toEqual([high + 1, high + 2, high + 3]);
  });

  it("carries the counter into the next millisecond", () => {
    const clock = clockAt(5, 4095);
    expect(lc(clock.tick(at(5)))).toBe("6,0");
  });

  it("refuses physical time that versions cannot hold, and NaN", () => {
    const clock = new HybridClock({ maxDriftMs: 500 });
    for (const now of [HLC_LAST_MS + 1, Number.NaN, Infinity]) {
      expect(codeOf(() => clock.tick(now))).toBe("CLOCK_EXHAUSTED");
      expect(codeOf(() => clock.boundToPersist(now))).toBe("CLOCK_EXHAUSTED");
    }
    expect(clock.last).toBe(HLC_ZERO);
    expect(hlcMs(clock.tick(HLC_LAST_MS))).toBe(HLC_LAST_MS);
  });

  it("refuses to run past the last reading", () => {
    const clock = new HybridClock({ maxDriftMs: 500, start: { bound: Number.MAX_SAFE_INTEGER as Hlc } });
    expect(codeOf(() => clock.tick(at(0)))).toBe("CLOCK_EXHAUSTED");
  });

  it.each([{ maxDriftMs: -1 }, { maxDriftMs: Number.NaN }, { maxDriftMs: 1, boundIntervalMs: 0 }])(
    "refuses the options %o",
    (options) => expect(codeOf(() => new HybridClock(options))).toBe("BAD_OPTION"),
  );
});

describe("the bound", () => {
  it("is asked for at first, then only when less than one interval is left, and lies three ahead", () => {
    const clock = new HybridClock({ maxDriftMs: 500, boundIntervalMs: 100 });
    expect(clock.boundToPersist(at(0))).toBe(reading(300, 0));
    expect(clock.boundToPersist(at(199))).toBeUndefined();
    expect(clock.boundToPersist(at(200))).toBe(reading(500, 0));
    expect(clock.bound).toBe(reading(500, 0));
  });

  it("is raised by a tick that would pass it, and told at the next question", () => {
    const clock = new HybridClock({ maxDriftMs: 500, boundIntervalMs: 100 });
    clock.boundToPersist(at(0));
    const far = clock.tick(at(1000));
    expect(clock.bound).toBeGreaterThan(far);
    expect(clock.boundToPersist(at(1000))).toBe(clock.bound);
    expect(clock.boundToPersist(at(1000))).toBeUndefined();
  });

  it("is where the next life starts, also when physical time has gone back", () => {
    const bound = reading(300, 0);
    expect(new HybridClock({ maxDriftMs: 500, start: { bound } }).tick(at(-9999))).toBe(bound);
    expect(new HybridClock({ maxDriftMs: 500, start: { bound } }).tick(at(5000))).toBe(reading(5000, 0));
  });
});

type Event =
  | { readonly kind: "tick"; readonly jump: number }
  | { readonly kind: "observe"; readonly jump: number; readonly ahead: number }
  | { readonly kind: "restart"; readonly jump: number };

const events = (least: number): fc.Arbitrary<Event[]> => {
  const jump = fc.integer({ min: least, max: 3000 });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("tick" as const), jump }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("observe" as const), jump, ahead: fc.integer({ min: -2000, max: 2000 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), jump }) },
    ),
    { maxLength: 200 },
  );
};

describe("properties", () => {
  it("readings grow strictly through jumps, observations and restarts from the persisted bound", () => {
    fc.assert(
      fc.property(events(-3000), (steps) => {
        let clock = new HybridClock({ maxDriftMs: 500, boundIntervalMs: 200 });
        let persisted: Hlc = HLC_ZERO;
        let highest = -1;
        let now = at(100_000);
        for (const step of steps) {
          now += step.jump;
          if (step.kind === "restart") {
            clock = new HybridClock({ maxDriftMs: 500, boundIntervalMs: 200, start: { bound: persisted } });
          } else if (step.kind === "observe") {
            const remote = hlcOf(now + step.ahead, 7);
            const refused = codeOf(() => clock.observe(remote, now)) === "CLOCK_DRIFT";
            expect(refused).toBe(step.ahead > 500);
            if (!refused) expect(clock.last).toBeGreaterThanOrEqual(remote);
          } else {
            const next = clock.tick(now);
            expect(next).toBeGreaterThan(highest);
            persisted = clock.boundToPersist(now) ?? persisted;
            expect(next).toBeLessThan(persisted);
            highest = next;
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("readings run ahead of a steady physical clock by no more than the largest drift that was observed", () => {
    fc.assert(
      fc.property(events(0), (steps) => {
        const clock = new HybridClock({ maxDriftMs: 500 });
        let largestMs = 0;
        let now = at(100_000);
        for (const step of steps) {
          now += step.jump;
          if (step.kind === "observe" && !clock.isAhead(hlcOf(now + step.ahead), now)) {
            clock.observe(hlcOf(now + step.ahead), now);
            largestMs = Math.max(largestMs, step.ahead);
          } else clock.tick(now);
          expect(clock.aheadMs(now)).toBeLessThanOrEqual(largestMs);
        }
      }),
      { numRuns: 300 },
    );
  });
});
