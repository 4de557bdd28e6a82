import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VersionVector, writerId, type Hlc } from "@meridian/words";
import { cloneCell, emptyCell, type Cell, type CellChange } from "./cell.js";
import { liveTotal } from "./content.js";
import { cellText, Execution, Replica, type ExecutionStep, type Written } from "./executions.js";
import { joinCells } from "./join.js";
import { forgetEarly, mergeChange } from "./merge.js";

const region = fc.nat({ max: 4 });
const clockMs = fc.nat({ max: 6 });
const step: fc.Arbitrary<ExecutionStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant("put" as const), region, clockMs, lacks: fc.oneof(fc.constant(0), fc.nat({ max: 7 })) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), region, clockMs }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("increment" as const), region, clockMs, amount: fc.bigInt({ min: -9n, max: 9n }) }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant("deliver" as const), region, from: region, held: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("repeat" as const), region, from: region, at: fc.nat({ max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("release" as const), region }) },
);
const execution = fc
  .record({ regions: fc.integer({ min: 2, max: 5 }), steps: fc.array(step, { minLength: 1, maxLength: 60, size: "max" }) })
  .map(({ regions, steps }) => {
    const made = new Execution(regions);
    for (const one of steps) made.run(one);
    return made;
  });
/** Numbers that choose, one after the other, which writer's next change comes. */
const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 60 });
const RUNS = { numRuns: 600 };

/** A region that only listens, and hears everything in an order of its own. */
function listener({ logs }: Execution, order: readonly number[], mergesTwice = false): Replica {
  const replica = new Replica(mergesTwice);
  const at = logs.map(() => 0);
  for (let turn = 0; ; turn += 1) {
    const open = logs.flatMap((log, writer) => ((at[writer] ?? 0) < log.length ? [writer] : []));
    if (open.length === 0) return replica;
    const choice = order[turn % order.length] ?? 0;
    const writer = open[choice % open.length] as number;
    const write = logs[writer]?.[at[writer] ?? 0] as Written;
    replica.take(write);
    if (choice % 3 === 0) replica.take(write);
    at[writer] = (at[writer] ?? 0) + 1;
  }
}

function text(replica: Replica): string {
  return cellText(replica.cell, replica.received);
}

/** The rule itself, by identity of writes: a put survives if no write of the set had seen it. */
function survivingPuts(writes: readonly Written[]): string[] {
  const puts = writes.filter(({ change }) => change.action === "put");
  return puts.filter((put) => !writes.some((other) => other.sawPuts.has(put))).map(({ change }) => `${change.writer}:${change.hlc}`).sort();
}

function siblingsOf(cell: Cell): string[] {
  return cell.siblings.map(({ writer, hlc }) => `${writer}:${hlc}`).sort();
}

describe("merging", () => {
  test("converges: 2 to 5 regions, any order that keeps each writer's, duplicates, changes not yet visible", () => {
    fc.assert(
      fc.property(execution, choices, choices, (made, one, two) => {
        const heard = [listener(made, one), listener(made, two)];
        made.finish();
        const texts = [...made.replicas, ...heard].map(text);
        expect(new Set(texts).size).toBe(1);
      }),
      RUNS,
    );
  });

  test("a put survives exactly where no received change had seen it", () => {
    fc.assert(
      fc.property(execution, (made) => {
        // At any moment of the execution, not only at its end.
        for (const replica of made.replicas) expect(siblingsOf(replica.cell)).toEqual(survivingPuts([...replica.merged]));
        made.finish();
        for (const replica of made.replicas) expect(siblingsOf(replica.cell)).toEqual(survivingPuts(made.logs.flat()));
      }),
      RUNS,
    );
  });

  test("a total is exactly the increments that no reset had seen", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        const writes = made.logs.flat();
        const counted = writes.filter((write) => write.change.action === "increment" && !writes.some((other) => other.sawIncrements.has(write)));
        const expected = counted.reduce((sum, { amount }) => sum + amount, 0n);
        for (const { cell } of made.replicas) expect(liveTotal(cell.sums)).toBe(expected);
      }),
      RUNS,
    );
  });

  test("is idempotent: a region that merges every change twice holds the same", () => {
    fc.assert(
      fc.property(execution, choices, (made, order) => {
        expect(text(listener(made, order, true))).toBe(text(listener(made, order)));
      }),
      RUNS,
    );
  });

  test("what ran ahead is forgotten once it has arrived, and changes nothing by that", () => {
    fc.assert(
      fc.property(execution, choices, (made, order) => {
        const cautious = listener(made, order);
        const replica = new Replica();
        for (const write of cautious.merged) {
          replica.take(write);
          replica.cell.early = forgetEarly(replica.cell.early, replica.received);
        }
        expect(text(replica)).toBe(text(cautious));
        expect(replica.cell.early).toEqual([]);
      }),
    );
  });
});

describe("a write that comes after the one that replaced it", () => {
  const eu = writerId("eu", "0");
  const us = writerId("us", "0");
  const change = (writer: typeof eu, hlc: number, more: Partial<CellChange>): CellChange => {
    const context = new VersionVector();
    return { action: "put", writer, hlc: hlc as Hlc, print: "=x", number: 0, value: undefined, birth: hlc as Hlc, sum: 0n, context, ahead: undefined, unseen: [], absorbed: [], ...more };
  };
  const ahead = new VersionVector([[eu, 5 as Hlc]]);

  test("is dead on arrival", () => {
    const cell = emptyCell();
    mergeChange(cell, change(us, 9, { context: ahead, ahead }));
    mergeChange(cell, change(eu, 5, {}));
    expect(siblingsOf(cell)).toEqual(["us/0:9"]);
  });

  test("and one that its own writer's later one names as not seen stays beside that, in whatever region", () => {
    const cell = emptyCell();
    mergeChange(cell, change(eu, 4, {}));
    mergeChange(cell, change(eu, 5, { unseen: [{ writer: eu, hlc: 4 as Hlc }] }));
    mergeChange(cell, change(eu, 6, {}));
    expect(siblingsOf(cell)).toEqual(["eu/0:6"]);
    mergeChange(cell, change(eu, 7, { unseen: [{ writer: eu, hlc: 6 as Hlc }] }));
    expect(siblingsOf(cell)).toEqual(["eu/0:6", "eu/0:7"]);
  });

  test("unless the one that replaced it names it as not seen", () => {
    const cell = emptyCell();
    mergeChange(cell, change(us, 9, { context: ahead, ahead, unseen: [{ writer: eu, hlc: 5 as Hlc }] }));
    mergeChange(cell, change(eu, 4, {}));
    mergeChange(cell, change(eu, 5, {}));
    expect(siblingsOf(cell)).toEqual(["eu/0:5", "us/0:9"]);
  });
});

describe("joining states", () => {
  const state = (replica: Replica): { cell: Cell; received: VersionVector } => {
    replica.release();
    return { cell: replica.cell, received: replica.received };
  };
  type State = ReturnType<typeof state>;
  const join = (a: State, b: State): State => {
    const received = a.received.clone();
    received.join(b.received);
    return { cell: joinCells(a.cell, a.received, b.cell, b.received), received };
  };
  const show = ({ cell, received }: State): string => cellText(cell, received);
  const three = execution.map((made) => {
    const [a, b, c] = made.replicas.map(state) as [State, State, State | undefined];
    return [a, b, c ?? { cell: emptyCell(), received: new VersionVector() }] as const;
  });

  test("is commutative, associative and idempotent, at any moment of an execution", () => {
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        expect(show(join(a, b))).toBe(show(join(b, a)));
        expect(show(join(join(a, b), c))).toBe(show(join(a, join(b, c))));
        expect(show(join(a, a))).toBe(show(a));
        expect(show(join(join(a, b), b))).toBe(show(join(a, b)));
      }),
      RUNS,
    );
  });

  test("says what merging the changes of both says: siblings and counters", () => {
    fc.assert(
      fc.property(execution, (made) => {
        const [first, second] = made.replicas as [Replica, Replica];
        const [a, b] = [state(first), state(second)];
        const both = new Replica();
        for (const write of [...first.merged, ...second.merged]) both.take(write);
        expect(show(join(a, b))).toBe(text(both));
      }),
      RUNS,
    );
  });

  test("leaves its arguments as they were", () => {
    fc.assert(
      fc.property(three, ([a, b]) => {
        const before = [cloneCell(a.cell), cloneCell(b.cell)];
        join(a, b);
        expect([a.cell, b.cell]).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });
});
