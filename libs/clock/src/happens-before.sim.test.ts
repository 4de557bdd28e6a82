/** A mesh of skewed clocks with a seed: whatever happens before has the smaller reading. */
import { HLC_EPOCH_MS, type Hlc } from "@meridian/words";
import fc from "fast-check";
import { expect, it } from "vitest";
import { HybridClock } from "./hybrid-clock.js";

interface MeshEvent {
  readonly hlc: Hlc;
  /** Number of events per node that happened before or at this one. */
  readonly seen: readonly number[];
}

const NODES = 4;
const SKEW_MS_MAX = 250;

function runMesh(random: () => number, steps: number): MeshEvent[] {
  const clocks = Array.from({ length: NODES }, () => new HybridClock({ maxDriftMs: 4 * SKEW_MS_MAX }));
  const skewsMs = clocks.map(() => Math.floor((random() * 2 - 1) * SKEW_MS_MAX));
  const seen = clocks.map(() => clocks.map(() => 0));
  const sent: { to: number; event: MeshEvent }[] = [];
  const events: MeshEvent[] = [];
  let now = HLC_EPOCH_MS + 10_000;
  for (let step = 0; step < steps; step += 1) {
    now += Math.floor(random() * 4);
    const node = Math.floor(random() * NODES);
    const clock = clocks[node] as HybridClock;
    const mine = seen[node] as number[];
    const local = now + (skewsMs[node] as number);
    const inbox = sent.findIndex(({ to }) => to === node);
    if (inbox >= 0 && random() < 0.5) {
      const [{ event }] = sent.splice(inbox, 1) as [{ to: number; event: MeshEvent }];
      clock.observe(event.hlc, local);
      event.seen.forEach((count, at) => (mine[at] = Math.max(mine[at] as number, count)));
    }
    (mine[node] as number) += 1;
    const event = { hlc: clock.tick(local), seen: [...mine] };
    events.push(event);
    sent.push({ to: Math.floor(random() * NODES), event });
  }
  return events;
}

/** `a` happened before `b`: all that `a` has seen, itself included, `b` has seen too, and they are not the same. */
const happenedBefore = (a: MeshEvent, b: MeshEvent): boolean =>
  a !== b && a.seen.every((count, at) => count <= (b.seen[at] as number));

it("e happened before f implies e < f, over seeds", () => {
  let ordered = 0;
  fc.assert(
    fc.property(fc.noBias(fc.integer()), (seed) => {
      const events = runMesh(mulberry(seed), 120);
      for (const e of events) {
        for (const f of events) {
          if (!happenedBefore(e, f)) continue;
          ordered += 1;
          expect(e.hlc).toBeLessThan(f.hlc);
        }
      }
    }),
    { numRuns: 40 },
  );
  expect(ordered).toBeGreaterThan(10_000);
});

function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
