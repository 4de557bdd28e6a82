/**
 * Executions for tests: regions that write one cell and exchange changes in any order that keeps each writer's own, with
 * duplicates, and with changes that were received but not yet visible to local clients.
 *
 * Beside the cells it keeps the truth in another form, for the oracles: which writes each write had seen, by identity.
 */
import { hlcOf, VersionVector, writerId, type Dot, type Hlc, type RunningSum, type WriterId } from "@meridian/words";
import { emptyCell, isLive, type Cell, type CellChange } from "./cell.js";
import { aheadOf, isCoveredEarly, mergeChange, sameDot } from "./merge.js";

/** What one step of an execution does. Numbers are reduced to what there is. */
export type ExecutionStep =
  /** `lacks`: of which siblings, bit by bit, the region's server has lost its hold: its own ones too stand beside what is put. */
  | { readonly what: "put" | "remove"; readonly region: number; readonly clockMs: number; readonly lacks?: number }
  | { readonly what: "increment"; readonly region: number; readonly clockMs: number; readonly amount: bigint }
  /** The next change of another region's arrives; `held`: it is not visible to local clients yet. */
  | { readonly what: "deliver"; readonly region: number; readonly from: number; readonly held: boolean }
  /** A change that came before comes again. */
  | { readonly what: "repeat"; readonly region: number; readonly from: number; readonly at: number }
  /** What was held becomes visible. */
  | { readonly what: "release"; readonly region: number };

/** A write of the execution, with what its writer had seen. */
export interface Written {
  readonly change: Omit<CellChange, "ahead">;
  readonly amount: bigint;
  readonly sawPuts: ReadonlySet<Written>;
  readonly sawIncrements: ReadonlySet<Written>;
}

const START_MS = 1_800_000_000_000;

/** A region that received every writer's changes in its order, and merges them into one cell. */
export class Replica {
  readonly cell: Cell = emptyCell();
  readonly received = new VersionVector();
  /** Received, not yet merged. */
  readonly held: CellChange[] = [];
  /** Everything merged. */
  readonly merged = new Set<Written>();
  readonly #heldWrites: Written[] = [];
  readonly #mergesTwice: boolean;

  constructor(mergesTwice = false) {
    this.#mergesTwice = mergesTwice;
  }

  /** Takes a write; a duplicate changes nothing, as where the region drops what its vector covers. */
  take(write: Written, held = false): void {
    const { change } = write;
    if (this.received.covers(change.writer, change.hlc)) return;
    const arriving: CellChange = { ...change, ahead: aheadOf(change.context, this.received, change.writer) };
    this.received.raise(change.writer, change.hlc);
    this.held.push(arriving);
    this.#heldWrites.push(write);
    if (!held && this.held.length === 1) this.release();
  }

  /** Merges what is held, in the order of its arrival. */
  release(): void {
    for (const change of this.held.splice(0)) {
      mergeChange(this.cell, change);
      if (this.#mergesTwice) mergeChange(this.cell, change);
    }
    for (const write of this.#heldWrites.splice(0)) this.merged.add(write);
  }
}

/** Several writers and what they wrote. */
export class Execution {
  readonly writers: readonly WriterId[];
  readonly replicas: readonly Replica[];
  /** Per region, its writes in order. */
  readonly logs: readonly Written[][];

  constructor(regions: number) {
    this.writers = Array.from({ length: regions }, (_, at) => writerId(`r${at}`, "0"));
    this.replicas = this.writers.map(() => new Replica());
    this.logs = this.writers.map(() => []);
  }

  /** Carries out one step. */
  run(step: ExecutionStep): void {
    const at = step.region % this.writers.length;
    const replica = this.replicas[at] as Replica;
    if (step.what === "release") replica.release();
    else if (step.what === "deliver") this.#deliver(replica, at, step.from, step.held);
    else if (step.what === "repeat") this.#repeat(replica, step.from, step.at);
    else this.#write(at, replica, step);
  }

  /** Delivers what is still missing, everywhere. */
  finish(): void {
    for (const replica of this.replicas) {
      for (const log of this.logs) for (const write of log) replica.take(write);
      replica.release();
    }
  }

  #deliver(replica: Replica, at: number, from: number, held: boolean): void {
    const other = (at + 1 + (from % (this.writers.length - 1))) % this.writers.length;
    const next = this.logs[other]?.find(({ change }) => !replica.received.covers(change.writer, change.hlc));
    if (next) replica.take(next, held);
  }

  #repeat(replica: Replica, from: number, at: number): void {
    const log = this.logs[from % this.logs.length] as Written[];
    const write = log[at % Math.max(log.length, 1)];
    if (write && replica.received.covers(write.change.writer, write.change.hlc)) replica.take(write);
  }

  #write(at: number, replica: Replica, step: Extract<ExecutionStep, { clockMs: number }>): void {
    const writer = this.writers[at] as WriterId;
    const hlc = Math.max(replica.received.get(writer) + 1, hlcOf(START_MS + step.clockMs)) as Hlc;
    const lost = step.what === "put" ? lostPuts(replica, step.lacks ?? 0) : [];
    const own = replica.cell.sums.find((sum) => sum.writer === writer && isLive(sum));
    const counts = step.what === "increment";
    const amount = counts ? step.amount : 0n;
    const change: CellChange = {
      action: step.what,
      writer,
      hlc,
      print: step.what === "put" ? `=${writer}@${hlc}` : "",
      number: 0,
      value: undefined,
      birth: counts ? (own?.birth ?? hlc) : hlc,
      sum: counts ? (own?.sum ?? 0n) + amount : 0n,
      context: replica.received.clone(),
      ahead: undefined,
      unseen: counts ? [] : [...heldPuts(replica), ...lost],
      absorbed: counts ? [] : liveSums(replica),
    };
    const merged = [...replica.merged];
    const seen = merged.filter(({ change: one }) => !lost.some((dot) => sameDot(dot, one)));
    const of = (action: CellChange["action"]): Set<Written> => new Set(seen.filter((one) => one.change.action === action));
    const write: Written = { change, amount, sawPuts: counts ? new Set() : of("put"), sawIncrements: counts ? new Set() : of("increment") };
    mergeChange(replica.cell, change);
    replica.received.raise(writer, hlc);
    replica.merged.add(write);
    this.logs[at]?.push(write);
  }
}

/** Dots that a region's vector covers and that its clients cannot see. */
function heldPuts({ held }: Replica): Dot[] {
  return held.filter(({ action }) => action === "put").map(({ writer, hlc }) => ({ writer, hlc }));
}

/** Siblings of which the region's server holds nothing any more. */
function lostPuts({ cell }: Replica, lacks: number): Dot[] {
  return cell.siblings.filter((_, at) => ((lacks >> at) & 1) === 1).map(({ writer, hlc }) => ({ writer, hlc }));
}

/** The increments that a region's clients see. */
function liveSums({ cell }: Replica): RunningSum[] {
  return cell.sums.filter(isLive).map(({ writer, birth, upTo, sum }) => ({ writer, birth, upTo, sum }));
}

/** A cell as text that is equal exactly where two cells behave equally from here on. */
export function cellText(cell: Cell, received: VersionVector): string {
  const siblings = cell.siblings.map(({ writer, hlc, print }) => `${writer}:${hlc}${print}`).sort();
  const sums = cell.sums.map((s) => `${s.writer}:${s.birth}:${s.upTo}:${s.sum}-${s.absorbedUpTo}:${s.absorbed}`).sort();
  return JSON.stringify([siblings, sums, earlyText(cell, received)]);
}

/** Which dots that were not received yet are covered already: per writer up to where, and the exceptions below it. */
function earlyText(cell: Cell, received: VersionVector): readonly string[] {
  const all = new VersionVector();
  for (const { vector } of cell.early) all.join(vector);
  const tops = [...all.entries()].filter(([writer, hlc]) => !received.covers(writer, hlc)).map(([writer, hlc]) => `${writer}<=${hlc}`);
  const exceptions = cell.early
    .flatMap(({ unseen }) => unseen)
    .filter((dot) => !received.covers(dot.writer, dot.hlc))
    .filter((dot) => !isCoveredEarly(cell.early, dot))
    .map((dot) => `not ${dot.writer}:${dot.hlc}`);
  return [...new Set([...tops, ...exceptions])].sort();
}
