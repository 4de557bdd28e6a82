import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VersionVector, writerId, type Hlc } from "@meridian/words";
import { elementPrint, mergeElements, siblingsAfter, type ListChange } from "./element-change.js";
import { ListExecution, ListReplica, type ListStep } from "./list-executions.js";
import { editsBetween } from "./list-edit.js";
import { OPEN_RUNS_MAX, OpenRuns } from "./open-runs.js";
import { levelsOf, placeOf, positionIn, positionOf, shifted, type Level } from "./position.js";
import { Sequence } from "./sequence.js";

const region = fc.nat({ max: 4 });
const clockMs = fc.nat({ max: 6 });
const index = fc.nat({ max: 30 });
const count = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<ListStep> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant("insert" as const), region, clockMs, index, count }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom("push" as const, "unshift" as const), region, clockMs, count }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), region, clockMs, index, count }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("set" as const), region, clockMs, index }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant("deliver" as const), region, from: region, held: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("release" as const), region }) },
);
const execution = fc
  .record({ regions: fc.integer({ min: 2, max: 5 }), steps: fc.array(step, { minLength: 1, maxLength: 60, size: "max" }) })
  .map(({ regions, steps }) => {
    const made = new ListExecution(regions);
    for (const one of steps) made.run(one);
    return made;
  });
const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 60 });
const RUNS = { numRuns: 250 };

/** A region that only listens, and hears everything in an order of its own, some of it twice. */
function listener({ logs }: ListExecution, order: readonly number[]): ListReplica {
  const replica = new ListReplica();
  const at = logs.map(() => 0);
  for (let turn = 0; ; turn += 1) {
    const open = logs.flatMap((log, writer) => ((at[writer] ?? 0) < log.length ? [writer] : []));
    if (open.length === 0) return replica;
    const choice = order[turn % order.length] ?? 0;
    const writer = open[choice % open.length] as number;
    const change = logs[writer]?.[at[writer] ?? 0] as ListChange;
    replica.take(change);
    if (choice % 3 === 0) replica.take(change);
    at[writer] = (at[writer] ?? 0) + 1;
  }
}

describe("lists", () => {
  test("whoever received the same holds the same, in whatever order it came", () => {
    fc.assert(
      fc.property(execution, choices, (made, order) => {
        made.finish();
        const texts = [...made.replicas, listener(made, order)].map((replica) => replica.text);
        expect(new Set(texts).size).toBe(1);
      }),
      RUNS,
    );
  });

  test("a value stands in the list unless a client that had seen it took it away", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        const elements = [...(made.replicas[0] as ListReplica).sequence.from(0)];
        const siblings = elements.flatMap((element) => element.siblings.map(({ print }) => print));
        const expected = [...made.written.keys()].filter((name) => !made.removed.has(name));
        expect(siblings.sort()).toEqual(expected.sort());
      }),
      RUNS,
    );
  });

  test("a value stands between those between which its client put it", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        const places = placesOfNames(made);
        for (const { name, left, right, replaces } of made.written.values()) {
          const place = places.get(name) as string;
          if (replaces) expect(place).toBe(places.get(left));
          else {
            if (left !== "") expect(place > (places.get(left) as string)).toBe(true);
            if (right !== "") expect(place < (places.get(right) as string)).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  test("between what a client puts in a row others come only by putting something beside what is there", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        expect(betweenRows(made)).toEqual([]);
      }),
      RUNS,
    );
  });

  test("what would be there after some changes is what is there after merging them", () => {
    fc.assert(
      fc.property(execution, fc.nat({ max: 100 }), (made, share) => {
        made.finish();
        const changes = made.logs.flat();
        const replica = new ListReplica();
        const cut = (changes.length * share) % (changes.length + 1);
        for (const change of changes.slice(0, cut)) replica.take(change);
        const rest = changes.slice(cut).map((change): ListChange => ({ ...change, ahead: undefined }));
        const after = siblingsAfter(replica.sequence, rest);
        for (const change of rest) mergeElements(replica.sequence, change);
        for (const [position, siblings] of after) expect(replica.sequence.get(position)?.siblings ?? []).toEqual(siblings);
      }),
      RUNS,
    );
  });

  test("an order of 1,000 alternating pushes costs no longer positions than the first", () => {
    const made = new ListExecution(2);
    for (let at = 0; at < 1000; at += 1) {
      made.run({ what: at % 3 === 0 ? "unshift" : "push", region: at, clockMs: at, count: 1 });
      made.run({ what: "deliver", region: at + 1, from: 0, held: false });
    }
    made.finish();
    const longest = Math.max(...[...(made.replicas[0] as ListReplica).sequence.from(0)].map(({ position }) => position.length));
    expect(longest).toBeLessThan(24);
  });
});

/**
 * Values that stand between two that a client put beside each other, although they were put beside nothing there. Places and
 * not values are compared, for a place may be known by what an LSET put there. What was removed counts like what is there.
 */
function betweenRows(made: ListExecution): string[] {
  const places = placesOfNames(made);
  const at = (name: string): string => places.get(name) ?? "";
  const put = [...made.written.values()].filter(({ replaces }) => !replaces);
  const all = put.map(({ name }) => at(name));
  const byPlace = new Map(put.map((value) => [at(value.name), value]));
  const placesOf = (writer: string): string[] => put.filter((other) => other.writer === writer).map(({ name }) => at(name));
  const runsOf = (writer: string): number => new Set(placesOf(writer).map((place) => placeOf(place).run)).size;
  return put.flatMap(({ name, writer, left, right }) => {
    // A writer goes on with so many runs of a list, and no more.
    if (runsOf(writer) > OPEN_RUNS_MAX) return [];
    const isOwn = (beside: string): boolean => byPlace.get(at(beside))?.writer === writer;
    const isBehind = isOwn(left);
    if (!isBehind && !(isOwn(right) && startsRow(all, at(right), at(name), at(left)))) return [];
    const [from, to] = isBehind ? [at(left), at(name)] : [at(name), at(right)];
    const isBetween = (other: string): boolean => at(other) >= from && at(other) <= to;
    const strangers = put.filter((other) => other.writer !== writer && isBetween(other.name));
    return strangers.filter((other) => !isBetween(other.left) && !isBetween(other.right)).map((other) => other.name);
  });
}

/** True where what is put between `left` and an element of a run stands before all that was ever put into that run. */
function startsRow(places: readonly string[], inRun: string, own: string, left: string): boolean {
  const { run } = placeOf(inRun);
  return places.every((place) => place === own || placeOf(place).run !== run || place > left);
}

/** Where every value was put, those that are gone included. */
function placesOfNames({ logs }: ListExecution): Map<string, string> {
  const places = new Map<string, string>();
  for (const { elements } of logs.flat()) {
    for (const [at, { print }] of (elements?.values ?? []).entries()) places.set(print, shifted(elements?.first ?? "", at));
  }
  return places;
}

describe("positions", () => {
  const writer = fc.constantFrom(writerId("eu", "0"), writerId("us", "0"), writerId("us", "10"));
  const whole = fc.oneof(fc.integer({ min: -70, max: 70 }), fc.maxSafeInteger(), fc.integer({ min: -70_000, max: 70_000 }));
  const level = fc.record<Level>({ step: whole, birth: fc.nat({ max: 2 ** 40 }).map((n) => n as Hlc), writer, index: whole });
  const levels = fc.array(level, { minLength: 1, maxLength: 4 });

  test("are read back as they were made, and compare level by level", () => {
    fc.assert(
      fc.property(levels, levels, (a, b) => {
        expect(levelsOf(positionOf(a))).toEqual(a);
        expect(Math.sign(compare(a, b))).toBe(positionOf(a) < positionOf(b) ? -1 : positionOf(a) === positionOf(b) ? 0 : 1);
      }),
      { numRuns: 3000 },
    );
  });

  test("shift within their run", () => {
    fc.assert(
      fc.property(levels, fc.integer({ min: -300, max: 300 }), (made, by) => {
        const last = made.at(-1) as Level;
        fc.pre(Number.isSafeInteger(last.index + by));
        const moved = shifted(positionOf(made), by);
        expect(levelsOf(moved)).toEqual([...made.slice(0, -1), { ...last, index: last.index + by }]);
        expect(placeOf(moved).index).toBe(last.index + by);
      }),
    );
  });

  function compare(a: readonly Level[], b: readonly Level[]): number {
    for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
      const [x, y] = [a[at] as Level, b[at] as Level];
      const order = x.step - y.step || x.birth - y.birth || (x.writer < y.writer ? -1 : x.writer > y.writer ? 1 : 0) || x.index - y.index;
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }

  test("new ones stand strictly between their neighbours, wherever these came from", () => {
    const insert = fc.record({ at: fc.nat({ max: 400 }), by: fc.nat({ max: 2 }), count: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(insert, { maxLength: 120 }), (steps) => {
        const runs = [0, 1, 2].map(() => new OpenRuns());
        const list: string[] = [];
        for (const [tick, { at, by, count: more }] of steps.entries()) {
          const place = at % (list.length + 1);
          const first = (runs[by] as OpenRuns).between(list[place - 1], list[place], more, (tick + 1) as Hlc, writerId(`r${by}`, "0"));
          list.splice(place, 0, ...Array.from({ length: more }, (_, i) => shifted(first, i)));
        }
        expect(list).toEqual([...new Set(list)].sort());
      }),
      RUNS,
    );
  });
});

describe("the sequence", () => {
  test("finds by index and by position what an array would", () => {
    const change = fc.record({ at: fc.nat({ max: 5000 }), remove: fc.boolean(), end: fc.constantFrom("left", "right", "none") });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 900, size: "max" }), (changes) => {
        const sequence = new Sequence();
        const model: string[] = [];
        for (const { at, remove, end } of changes) {
          const key = positionIn("r", end === "left" ? -at - 5000 : end === "right" ? at + 10_000 : at);
          const place = model.indexOf(key);
          if (remove && place >= 0) model.splice(place, 1);
          else if (!remove && place < 0) model.push(key);
          if (place >= 0 || !remove) sequence.put(key, remove ? [] : SIBLINGS);
          model.sort();
        }
        expect([...sequence.from(0)].map(({ position }) => position)).toEqual(model);
        expect([...sequence.backwards()].map(({ position }) => position)).toEqual([...model].reverse());
        expect(sequence.count).toBe(model.length);
        for (const [at, key] of model.entries()) {
          expect(sequence.at(at)?.position).toBe(key);
          expect(sequence.rank(key)).toBe(at);
        }
        for (const [at, block] of sequence.blocks.entries()) {
          expect(block.count).toBe(block.elements.length);
          expect(block.name <= (block.elements[0]?.position ?? "")).toBe(true);
          expect((sequence.blocks[at + 1]?.name ?? "\xff") > (block.elements.at(-1)?.position ?? "")).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("tells which blocks must be written and which are gone", () => {
    const sequence = new Sequence();
    const stored = new Map<string, string[]>();
    const commit = (): void => {
      const { changed, dropped } = sequence.takeChanges();
      for (const name of dropped) stored.delete(name);
      for (const { name, elements } of changed) stored.set(name, elements.map(({ position }) => position));
    };
    for (let at = 0; at < 3000; at += 1) {
      const key = positionIn("r", at % 3 === 0 ? -at : (at * 7919) % 3001);
      sequence.put(key, at % 5 === 4 ? [] : SIBLINGS);
      if (at % 4 === 3) sequence.put(sequence.first?.position ?? "", []);
      if (at % 17 === 0) commit();
    }
    commit();
    const names = [...stored.keys()].sort();
    expect(names.flatMap((name) => stored.get(name) ?? [])).toEqual([...sequence.from(0)].map(({ position }) => position));
    for (const { position } of [...sequence.from(0)]) sequence.put(position, []);
    commit();
    expect(stored.size).toBe(0);
  });

  test("a removal that runs ahead of a push takes it when it comes, and nothing else", () => {
    const [eu, us] = [writerId("eu", "0"), writerId("us", "0")];
    const sequence = new Sequence();
    const first = new OpenRuns().between(undefined, undefined, 2, 5 as Hlc, eu);
    const blank = { action: "put", print: "", number: 0, value: undefined, birth: 0 as Hlc, sum: 0n, ahead: undefined, unseen: [], absorbed: [] } as const;
    const seen = new VersionVector([[eu, 5 as Hlc]]);
    mergeElements(sequence, { ...blank, writer: us, hlc: 9 as Hlc, context: seen, ahead: seen, elements: { spans: [{ from: first, to: first }], first: "", values: [] } });
    const values = ["=a", "=b"].map((print) => ({ print, value: undefined }));
    mergeElements(sequence, { ...blank, writer: eu, hlc: 5 as Hlc, context: new VersionVector(), elements: { spans: [], first, values } });
    expect([...sequence.from(0)].map(elementPrint)).toEqual(["=b"]);
  });
});

const SIBLINGS = [{ writer: writerId("eu", "0"), hlc: 1 as Hlc, print: "=x", number: 0, value: undefined }];

describe("edits between two lists", () => {
  test("lead from one to the other, and are as few as can be", () => {
    const list = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 40 });
    fc.assert(
      fc.property(list, list, (held, wanted) => {
        const edits = editsBetween(held, wanted);
        const made = [...held];
        for (const { index: at, removed, from, to } of [...edits].reverse()) made.splice(at, removed, ...wanted.slice(from, to));
        expect(made).toEqual(wanted);
        const cost = edits.reduce((sum, { removed, from, to }) => sum + removed + to - from, 0);
        expect(cost).toBe(held.length + wanted.length - 2 * longestCommon(held, wanted));
      }),
      { numRuns: 1000 },
    );
  });

  test("beyond the limit the middle is replaced", () => {
    const held = Array.from({ length: 500 }, (_, i) => `a${i}`);
    const wanted = Array.from({ length: 400 }, (_, i) => `b${i}`);
    expect(editsBetween(["x", ...held, "y"], ["x", ...wanted, "y"])).toEqual([{ index: 1, removed: 500, from: 1, to: 401 }]);
  });

  function longestCommon(a: readonly string[], b: readonly string[]): number {
    const row = Array.from({ length: b.length + 1 }, () => 0);
    for (const x of a) {
      let corner = 0;
      for (const [at, y] of b.entries()) {
        const above = row[at + 1] as number;
        row[at + 1] = x === y ? corner + 1 : Math.max(above, row[at] as number);
        corner = above;
      }
    }
    return row[b.length] as number;
  }
});
