import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hlcOf, VersionVector, writerId, type Dot, type Hlc, type WriterId } from "@meridian/words";
import { emptyCell, type Cell, type CellChange, type Sibling } from "../cell.js";
import { aheadOf } from "../merge.js";
import { BESIDE, COPIED, entriesOf, entryPrint, joinEntryCells, mergeEntryChange, sameEntries, shownEntries } from "./entry-cell.js";
import { fieldOfId, fieldsBesideId, greaterId, idOfField, isBelow, movedId } from "./entry-id.js";
import { decodePairs, encodePairs } from "./entry-pairs.js";
import { decodeRemoval, encodeRemoval } from "./entry-removal.js";

const START_MS = 1_800_000_000_000;
const FIELD = fieldOfId("5-1") ?? "";
const NO_CONTEXT = new VersionVector();

/** A change of the cell as it stands in a log. */
interface Logged {
  readonly change: Omit<CellChange, "ahead">;
  readonly removed: readonly Dot[];
}

/** A region: the cell, and what it has received. */
class Replica {
  readonly cell: Cell = emptyCell();
  readonly received = new VersionVector();

  take({ change }: Logged): void {
    if (this.received.covers(change.writer, change.hlc)) return;
    const ahead = change.action === "remove" ? aheadOf(change.context, this.received, change.writer) : undefined;
    mergeEntryChange(this.cell, { ...change, ahead });
    this.received.raise(change.writer, change.hlc);
  }

  /** Everything that decides what is read here from now on. */
  get text(): string {
    const siblings = this.cell.siblings.map((s) => `${s.writer} ${s.hlc} ${s.print} ${s.number}`).sort();
    return JSON.stringify([siblings, entryPrint(this.cell), entriesOf(this.cell, FIELD).map(({ id, print }) => [id, print])]);
  }
}

type Step =
  | { readonly what: "put"; readonly region: number; readonly clockMs: number; readonly print: string; readonly copied: boolean }
  | { readonly what: "remove"; readonly region: number; readonly clockMs: number; readonly which: number }
  | { readonly what: "deliver"; readonly region: number; readonly from: number };

const region = fc.nat({ max: 3 });
const clockMs = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant("put" as const), region, clockMs, print: fc.constantFrom("=a", "=b", "=c"), copied: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), region, clockMs, which: fc.nat({ max: 20 }) }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant("deliver" as const), region, from: region }) },
);

/** Regions that write one id, and exchange what they wrote in any order that keeps each writer's own. */
class Execution {
  readonly writers: readonly WriterId[];
  readonly replicas: readonly Replica[];
  readonly logs: readonly Logged[][];

  constructor(regions: number) {
    this.writers = Array.from({ length: regions }, (_, at) => writerId(`r${at}`, "0"));
    this.replicas = this.writers.map(() => new Replica());
    this.logs = this.writers.map(() => []);
  }

  run(one: Step): void {
    const at = one.region % this.writers.length;
    const replica = this.replicas[at] as Replica;
    if (one.what === "deliver") {
      const next = this.logs[one.from % this.logs.length]?.find(({ change }) => !replica.received.covers(change.writer, change.hlc));
      if (next) replica.take(next);
    } else if (one.what === "put") {
      // No server gives an id again while its own entry is there.
      if (replica.cell.siblings.some(({ writer }) => writer === this.writers[at])) return;
      this.#write(at, one.clockMs, { action: "put", print: one.print, number: one.copied ? COPIED : 0, context: NO_CONTEXT, unseen: [] }, []);
    } else this.#remove(at, replica, one);
  }

  /** As a region says it: what its client saw goes; what stood beside the entry that had the id stays beside. */
  #remove(at: number, { cell }: Replica, { which, clockMs: ms }: Step & { readonly what: "remove" }): void {
    const visible = entriesOf(cell, FIELD);
    const meant = visible[which % Math.max(visible.length, 1)];
    if (!meant) return;
    const removed = sameEntries(cell, meant.sibling);
    const rest = cell.siblings.filter((sibling) => !removed.includes(sibling));
    const owner = visible[0]?.sibling as Sibling;
    const isOwnerGone = owner.number !== BESIDE && removed.includes(owner);
    const beside = isOwnerGone ? rest.filter(({ number }) => number !== BESIDE) : [];
    const context = new VersionVector([...removed, ...beside].map(({ writer, hlc }) => [writer, hlc] as const));
    this.#write(at, ms, { action: "remove", print: "", number: BESIDE, context, unseen: beside }, removed);
  }

  #write(at: number, ms: number, part: Pick<CellChange, "action" | "print" | "number" | "context" | "unseen">, removed: readonly Dot[]): void {
    const writer = this.writers[at] as WriterId;
    const replica = this.replicas[at] as Replica;
    const hlc = Math.max(replica.received.get(writer) + 1, hlcOf(START_MS + ms)) as Hlc;
    const change = { ...part, writer, hlc, birth: hlc, sum: 0n, value: undefined, absorbed: [] };
    const logged: Logged = { change, removed: removed.map(({ writer: by, hlc: when }) => ({ writer: by, hlc: when })) };
    replica.take(logged);
    this.logs[at]?.push(logged);
  }

  finish(): void {
    for (const replica of this.replicas) for (const log of this.logs) for (const logged of log) replica.take(logged);
  }
}

const execution = fc
  .record({ regions: fc.integer({ min: 2, max: 4 }), steps: fc.array(step, { minLength: 1, maxLength: 40, size: "max" }) })
  .map(({ regions, steps }) => {
    const made = new Execution(regions);
    for (const one of steps) made.run(one);
    return made;
  });
const RUNS = { numRuns: 600 };

describe("entries of one id", () => {
  test("are the same wherever the same was received, in whatever order it came", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        expect(new Set(made.replicas.map(({ text }) => text)).size).toBe(1);
      }),
      RUNS,
    );
  });

  test("stay until somebody who had seen them removes them, each under an id of its own", () => {
    fc.assert(
      fc.property(execution, (made) => {
        made.finish();
        const gone = new Set(made.logs.flat().flatMap(({ removed }) => removed.map(({ writer, hlc }) => `${writer} ${hlc}`)));
        const put = made.logs.flat().filter(({ change }) => change.action === "put");
        const expected = put.map(({ change }) => `${change.writer} ${change.hlc}`).filter((dot) => !gone.has(dot));
        const { cell } = made.replicas[0] as Replica;
        expect(cell.siblings.map(({ writer, hlc }) => `${writer} ${hlc}`).sort()).toEqual(expected.sort());
        const ids = entriesOf(cell, FIELD).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(shownEntries(entryPrint(cell), FIELD).map(({ id }) => id).sort()).toEqual([...ids].sort());
      }),
      RUNS,
    );
  });

  test("joined from two regions are what merging every change would give", () => {
    fc.assert(
      fc.property(execution, (made) => {
        const [a, b] = made.replicas as [Replica, Replica];
        const joined = new Replica();
        Object.assign(joined.cell, joinEntryCells(a.cell, a.received, b.cell, b.received));
        joined.received.join(a.received);
        joined.received.join(b.received);
        const merged = new Replica();
        const known = made.logs.flat().filter(({ change }) => joined.received.covers(change.writer, change.hlc));
        for (const logged of known) merged.take(logged);
        expect(joined.text).toBe(merged.text);
      }),
      RUNS,
    );
  });
});

describe("ids of entries", () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const id = fc.tuple(number, number).map(([ms, seq]) => `${ms}-${seq}`);

  test("come back from the names of their cells, which sort as ids do", () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(idOfField(fieldOfId(a) ?? "")).toBe(a);
        const [x, y] = [a, b].map((text) => text.split("-").map(BigInt)) as [[bigint, bigint], [bigint, bigint]];
        const isLess = x[0] < y[0] || (x[0] === y[0] && x[1] < y[1]);
        expect([isBelow(a, b), greaterId(a, b)]).toEqual([isLess, isLess ? b : a]);
      }),
      { numRuns: 1000 },
    );
  });

  test("are refused where no server gives them", () => {
    for (const text of ["", "5", "5-", "-5", "05-1", "5-01", "5-1-1", "*", "$", "a-1", "5-1 "]) expect(fieldOfId(text)).toBeUndefined();
  });

  test("of entries that make room lie in the same millisecond, behind what servers count up to", () => {
    fc.assert(
      fc.property(id, fc.nat(), (text, hlc) => {
        const field = fieldOfId(text) ?? "";
        const moved = movedId(field, { writer: writerId("eu", "0"), hlc: hlc as Hlc });
        const [ms, seq = "0"] = moved.split("-");
        expect(ms).toBe(text.split("-")[0]);
        expect(BigInt(seq) >= 2n ** 52n && BigInt(seq) < 2n ** 53n).toBe(true);
        const range = fieldsBesideId(moved);
        expect(range && range.from <= field && field < range.to).toBe(true);
      }),
    );
  });
});

describe("what mutations of streams carry", () => {
  test("comes back: pairs, and the dots of a removal", () => {
    const dot = fc.record({ writer: fc.constantFrom(writerId("eu", "0"), writerId("us", "12")), hlc: fc.nat().map((n) => n as Hlc) });
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.array(dot), fc.array(dot), (parts, removed, beside) => {
        const pieces = parts.map((part) => Buffer.from(part));
        expect(decodePairs(encodePairs(pieces.map((bytes) => ({ bytes, start: 0, end: bytes.length }))))).toEqual(pieces);
        expect(decodeRemoval(encodeRemoval({ removed, beside }))).toEqual({ removed, beside });
      }),
    );
  });
});
