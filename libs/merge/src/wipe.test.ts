/** Deletes of sketches: the state is the same whatever order the changes come in, and follows the rule as it is said. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VersionVector, hlcOf, writerId, type Hlc } from "@meridian/words";
import { cloneCell, emptyCell, type Cell, type CellChange } from "./cell.js";
import { registerContent } from "./content.js";
import { joinCells } from "./join.js";
import { aheadOf, covers, forgetSeen, forgetWipes, mergeChange } from "./merge.js";
import { encodeSketch, SKETCH_REGISTERS, sketchPrintOf, uniteSketches } from "./sketch.js";

interface Made {
  readonly change: Omit<CellChange, "ahead">;
  readonly at: number;
}
type Step = { readonly region: number } & ({ readonly what: "add" | "wipe" | "remove" | "plain" } | { readonly what: "hear"; readonly from: number });

const REGIONS = 3;
const region = fc.nat({ max: REGIONS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("add" as const), region }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("wipe" as const), region }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("remove" as const, "plain" as const), region }) },
  { weight: 7, arbitrary: fc.record({ what: fc.constant("hear" as const), region, from: region }) },
);
const steps = fc.array(step, { minLength: 1, maxLength: 40, size: "max" });
const writers = Array.from({ length: REGIONS }, (_, at) => writerId(`r${at}`, "0"));

/** A region that hears each writer's changes in order. */
class Listener {
  readonly cell = emptyCell();
  readonly received = new VersionVector();
  readonly heard = writers.map(() => 0);

  hear(logs: readonly Made[][], from: number): void {
    const made = logs[from]?.[this.heard[from] ?? 0];
    if (!made) return;
    this.heard[from] = (this.heard[from] ?? 0) + 1;
    const { change } = made;
    mergeChange(this.cell, { ...change, ahead: aheadOf(change.context, this.received, change.writer) });
    this.received.raise(change.writer, change.hlc);
    this.cell.siblings = forgetSeen(this.cell.siblings, this.received);
  }
}

/** Runs an execution; each region hears itself at once. */
function execute(run: readonly Step[]): Made[][] {
  const logs: Made[][] = writers.map(() => []);
  const listeners = writers.map(() => new Listener());
  for (const [at, one] of run.entries()) {
    const here = listeners[one.region] as Listener;
    if (one.what === "hear") {
      if (one.from !== one.region) here.hear(logs, one.from);
      continue;
    }
    const writer = writers[one.region] as (typeof writers)[number];
    const value = one.what === "add" ? sketch(at) : undefined;
    logs[one.region]?.push({ at, change: {
      action: one.what === "wipe" ? "wipe" : one.what === "remove" ? "remove" : "put",
      writer, hlc: hlcOf(1_800_000_000_000 + at, 0), print: value ? sketchPrintOf(value) ?? "" : one.what === "plain" ? `=v${at}` : "",
      number: 0, value, birth: 0 as Hlc, sum: 0n, context: here.received.clone(), unseen: [], absorbed: [],
    } });
    here.hear(logs, one.region);
  }
  return logs;
}

function sketch(at: number): Buffer {
  const registers = new Uint8Array(SKETCH_REGISTERS);
  registers[at] = 1 + (at % 5);
  return encodeSketch(registers);
}

/** Hears everything, in an order that the numbers choose. */
function listen(logs: readonly Made[][], order: readonly number[]): Listener {
  const listener = new Listener();
  for (let turn = 0; ; turn += 1) {
    const open = logs.flatMap((log, from) => ((listener.heard[from] ?? 0) < log.length ? [from] : []));
    if (open.length === 0) return listener;
    listener.hear(logs, open[(order[turn % order.length] ?? 0) % open.length] as number);
  }
}

/** The rule: a put lives unless something has seen it; a sketch must have seen every wipe. */
function expected(logs: readonly Made[][]): string[] {
  const all = logs.flat().map(({ change }) => ({ ...change, ahead: undefined }));
  const alive = all.filter((put) => put.action === "put" && !all.some((other) => covers(other, put)));
  return alive.filter((put) => !put.value || all.every((other) => other.action !== "wipe" || covers(put, other))).map((put) => `${put.writer}@${put.hlc}`).sort();
}

const siblings = (cell: Cell): string[] => cell.siblings.map(({ writer, hlc }) => `${writer}@${hlc}`).sort();
const wipes = (cell: Cell): string[] => (cell.wipes ?? []).map(({ writer, hlc }) => `${writer}@${hlc}`).sort();
const orders = fc.array(fc.nat({ max: 1000 }), { minLength: 40, maxLength: 40 });
const RUNS = { numRuns: 500 };

describe("a delete of a sketch", () => {
  test("takes away every sketch that had not seen it, in whatever order they come", () => {
    fc.assert(
      fc.property(steps, orders, orders, (run, one, other) => {
        const logs = execute(run);
        const [a, b] = [listen(logs, one), listen(logs, other)];
        expect(siblings(a.cell)).toEqual(expected(logs));
        expect(siblings(b.cell)).toEqual(siblings(a.cell));
        expect(wipes(b.cell)).toEqual(wipes(a.cell));
        expect(registerContent(b.cell)?.print).toBe(registerContent(a.cell)?.print);
      }),
      RUNS,
    );
  });

  test("gives the same where two states meet as where all changes came", () => {
    fc.assert(
      fc.property(steps, orders, fc.array(fc.nat({ max: 40 }), { minLength: REGIONS, maxLength: REGIONS }), (run, order, cuts) => {
        const logs = execute(run);
        const a = listen(logs.map((log, at) => log.slice(0, cuts[at])), order);
        const b = listen(logs.map((log, at) => log.slice(0, cuts[REGIONS - 1 - at])), order);
        const most = listen(logs.map((log, at) => log.slice(0, Math.max(cuts[at] ?? 0, cuts[REGIONS - 1 - at] ?? 0))), order);
        const joined = joinCells(cloneCell(a.cell), a.received, cloneCell(b.cell), b.received);
        expect(siblings(joined)).toEqual(siblings(most.cell));
        expect(wipes(joined)).toEqual(wipes(most.cell));
      }),
      RUNS,
    );
  });

  test("is forgotten once every writer has seen it", () => {
    const [eu, us] = writers as [(typeof writers)[number], (typeof writers)[number]];
    const made = [{ writer: eu, hlc: 5 as Hlc }, { writer: us, hlc: 7 as Hlc }];
    expect(forgetWipes(made, new VersionVector([[eu, 5 as Hlc]]))).toEqual([made[1]]);
    expect(forgetWipes(made, new VersionVector([[eu, 4 as Hlc], [us, 6 as Hlc]]))).toBe(made);
    expect(forgetWipes(made, new VersionVector([[eu, 5 as Hlc], [us, 7 as Hlc]]))).toBeUndefined();
  });

  test("leaves what sketches unite to", () => {
    const cell = emptyCell();
    const logs = execute([{ what: "add", region: 0 }, { what: "add", region: 1 }]);
    for (const { change } of logs.flat()) mergeChange(cell, { ...change, ahead: undefined });
    expect(registerContent(cell)?.value).toEqual(uniteSketches([sketch(0), sketch(1)]));
    expect(registerContent({ ...cell, siblings: cell.siblings.map((one) => ({ ...one, value: undefined })) })?.print).toBe("%");
  });
});
