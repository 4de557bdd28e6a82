/**
 * Executions for tests: regions whose clients insert into and remove from one list, by index, and exchange changes in any
 * order that keeps each writer's own; what was received may stay invisible to clients for a while.
 *
 * Beside the lists it keeps the truth in another form: every inserted element by name, what its client saw to both sides
 * of it, what it had seen at all, and which elements each removal took.
 */
import { hlcOf, VersionVector, writerId, type Dot, type Hlc, type WriterId } from "@meridian/words";
import { aheadOf } from "../merge.js";
import { elementPrint, mergeElements, type ElementsPart, type ListChange, type Span } from "./element-change.js";
import { Sequence } from "./sequence.js";
import { shifted, type Position } from "./position.js";

/** What one step does. Numbers are reduced to what there is. */
export type ListStep =
  | { readonly what: "insert"; readonly region: number; readonly clockMs: number; readonly index: number; readonly count: number }
  | { readonly what: "push" | "unshift"; readonly region: number; readonly clockMs: number; readonly count: number }
  | { readonly what: "remove"; readonly region: number; readonly clockMs: number; readonly index: number; readonly count: number }
  | { readonly what: "set"; readonly region: number; readonly clockMs: number; readonly index: number }
  | { readonly what: "deliver"; readonly region: number; readonly from: number; readonly held: boolean }
  | { readonly what: "release"; readonly region: number };

/** One value that a client wrote, by its name. */
export interface WrittenElement {
  readonly name: string;
  readonly writer: WriterId;
  /** Names beside it where it was inserted; empty: the list's end. For a replaced value, those of what it replaced. */
  readonly left: string;
  readonly right: string;
  readonly replaces: boolean;
  /** Names of every value that its region had merged. */
  readonly seen: ReadonlySet<string>;
}

const START_MS = 1_800_000_000_000;

/** A region that takes every writer's changes in its order. */
export class ListReplica {
  readonly sequence = new Sequence();
  readonly received = new VersionVector();
  readonly held: ListChange[] = [];
  readonly seen = new Set<string>();

  /** Takes a change; what was received before changes nothing. */
  take(change: ListChange, held = false): void {
    if (this.received.covers(change.writer, change.hlc)) return;
    this.held.push({ ...change, ahead: aheadOf(change.context, this.received, change.writer) });
    this.received.raise(change.writer, change.hlc);
    if (!held && this.held.length === 1) this.release();
  }

  /** Merges what is held. */
  release(): void {
    for (const change of this.held.splice(0)) {
      mergeElements(this.sequence, change);
      for (const { print } of change.elements?.values ?? []) this.seen.add(print);
    }
  }

  /** The names, in order. */
  get names(): string[] {
    return [...this.sequence.from(0)].map(elementPrint);
  }

  /** Everything that decides how the list behaves from here on. */
  get text(): string {
    return [...this.sequence.from(0)]
      .map(({ position, siblings }) => `${position} ${siblings.map((s) => `${s.writer}:${s.hlc}${s.print}`).sort().join(",")}`)
      .join("|");
  }
}

/** Several regions and what their clients did. */
export class ListExecution {
  readonly writers: readonly WriterId[];
  readonly replicas: readonly ListReplica[];
  readonly logs: readonly ListChange[][];
  readonly written = new Map<string, WrittenElement>();
  /** Values that some client removed or replaced, having seen them. */
  readonly removed = new Set<string>();
  #names = 0;

  constructor(regions: number) {
    this.writers = Array.from({ length: regions }, (_, at) => writerId(`r${at}`, "0"));
    this.replicas = this.writers.map(() => new ListReplica());
    this.logs = this.writers.map(() => []);
  }

  /** Carries out one step. */
  run(step: ListStep): void {
    const at = step.region % this.writers.length;
    const replica = this.replicas[at] as ListReplica;
    const { count } = replica.sequence;
    if (step.what === "release") replica.release();
    else if (step.what === "deliver") this.#deliver(replica, at, step.from, step.held);
    else if (step.what === "remove") this.#remove(at, replica, step.clockMs, step.index % (count + 1), step.count);
    else if (step.what === "set") this.#set(at, replica, step.clockMs, step.index);
    else this.#insert(at, replica, step.clockMs, step.what === "insert" ? step.index % (count + 1) : step.what === "push" ? count : 0, step.count);
  }

  /** Delivers what is still missing, everywhere. */
  finish(): void {
    for (const replica of this.replicas) {
      for (const log of this.logs) for (const change of log) replica.take(change, true);
      replica.release();
    }
  }

  #deliver(replica: ListReplica, at: number, from: number, held: boolean): void {
    const other = (at + 1 + (from % (this.writers.length - 1))) % this.writers.length;
    const next = this.logs[other]?.find(({ writer, hlc }) => !replica.received.covers(writer, hlc));
    if (next) replica.take(next, held);
  }

  #insert(at: number, replica: ListReplica, clockMs: number, index: number, count: number): void {
    const { sequence } = replica;
    const left = sequence.at(index - 1);
    const right = sequence.at(index);
    const hlc = this.#version(at, clockMs);
    const writer = this.writers[at] as WriterId;
    const first = sequence.runs.between(left?.position, right?.position, count, hlc, writer);
    const names = Array.from({ length: count }, () => `=v${(this.#names += 1)}`);
    for (const [i, name] of names.entries()) {
      const before = i > 0 ? (names[i - 1] as string) : left ? elementPrint(left) : "";
      this.#note(name, writer, before, right ? elementPrint(right) : "", false, replica);
    }
    this.#write(at, hlc, [], first, names);
  }

  #set(at: number, replica: ListReplica, clockMs: number, index: number): void {
    const element = replica.sequence.at(index % Math.max(replica.sequence.count, 1));
    if (!element) return;
    const name = `=v${(this.#names += 1)}`;
    const old = elementPrint(element);
    this.#note(name, this.writers[at] as WriterId, old, old, true, replica);
    for (const { print } of element.siblings) this.removed.add(print);
    this.#write(at, this.#version(at, clockMs), [], element.position, [name]);
  }

  #remove(at: number, replica: ListReplica, clockMs: number, index: number, count: number): void {
    const elements = Array.from({ length: count }, (_, i) => replica.sequence.at(index + i)).filter((element) => element !== undefined);
    const [first] = elements;
    const last = elements.at(-1);
    if (!first || !last) return;
    for (const { siblings } of elements) for (const { print } of siblings) this.removed.add(print);
    this.#write(at, this.#version(at, clockMs), [{ from: first.position, to: last.position }], "", []);
  }

  #note(name: string, writer: WriterId, left: string, right: string, replaces: boolean, { seen }: ListReplica): void {
    this.written.set(name, { name, writer, left, right, replaces, seen: new Set(seen) });
  }

  #version(at: number, clockMs: number): Hlc {
    const own = this.replicas[at]?.received.get(this.writers[at] as WriterId) ?? 0;
    return Math.max(own + 1, hlcOf(START_MS + clockMs)) as Hlc;
  }

  #write(at: number, hlc: Hlc, spans: readonly Span[], first: Position, names: readonly string[]): void {
    const replica = this.replicas[at] as ListReplica;
    const writer = this.writers[at] as WriterId;
    const elements: ElementsPart = { spans, first, values: names.map((print) => ({ print, value: undefined })) };
    const unseen: Dot[] = replica.held.map(({ writer: by, hlc: when }) => ({ writer: by, hlc: when }));
    const change: ListChange = { ...BLANK, writer, hlc, birth: hlc, context: replica.received.clone(), unseen, elements };
    mergeElements(replica.sequence, change);
    for (const name of names) replica.seen.add(name);
    replica.received.raise(writer, hlc);
    this.logs[at]?.push(change);
  }
}

const BLANK = { action: "put", print: "", number: 0, value: undefined, sum: 0n, ahead: undefined, absorbed: [] } as const;

/** Every place that a change names. */
export function placesOf({ elements }: ListChange): readonly Position[] {
  return elements ? elements.values.map((_, at) => shifted(elements.first, at)) : [];
}
