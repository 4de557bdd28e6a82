/** What the apply script does to one stream, as the model runs it: the same comparisons, the same commands in the same order. */
import { encodeMarkEntry, LATE_CONSUMER, PRINT_LIMIT_BYTES, type EntryCell, type EntryStep, type StreamEdit } from "@meridian/mark";
import { createHash } from "node:crypto";
import type { Entry, Keyspace } from "./keyspace.js";
import { compareIds, packed, type StreamEntry, type StreamValue } from "./stream-value.js";

type RunCommand = (db: number, args: readonly string[]) => void;

interface Taken {
  readonly gone: string[];
  readonly adds: StreamEntry[];
}

/** See the module's comment. */
export class StreamEditRun {
  /** Behind the mark's header. */
  readonly entries: Buffer[] = [];
  /** Cells that were skipped. */
  missed = 0;
  readonly #db: number;
  readonly #key: string;
  readonly #edit: StreamEdit;
  readonly #taken: Taken[] = [];
  readonly #added = new Set<string>();
  readonly #isOther: boolean;
  #late: string | undefined;

  /** `isBlocked`: the unlink that should have come before did not happen. */
  constructor(db: number, key: string, edit: StreamEdit, held: Entry | undefined, isBlocked: boolean) {
    this.#db = db;
    this.#key = key;
    this.#edit = edit;
    this.#isOther = isBlocked || (held !== undefined && held.type !== "stream");
    const stream = held?.type === "stream" ? held.value : undefined;
    for (const cell of edit.cells) this.#compare(cell, stream);
    if (this.#isOther) {
      for (const { name } of edit.groups) this.#miss("s", "g", name);
      this.#miss("s", "x", "");
    } else if (stream) this.#compareLate(stream);
  }

  #miss(tag: "s" | "r", kind: "x" | "g", field: string, text = ""): void {
    this.missed += 1;
    this.entries.push(encodeMarkEntry(tag, { db: this.#db, kind, key: this.#key, field }, text));
  }

  #compare(cell: EntryCell, stream: StreamValue | undefined): void {
    const gone: string[] = [];
    const adds: StreamEntry[] = [];
    const isGood = !this.#isOther && cell.steps.every((step) => take(step, stream, gone, adds));
    if (!isGood) return this.#miss("s", "x", cell.field);
    const ids = new Set(adds.map(({ id }) => id));
    const twice = [...ids].find((id) => this.#added.has(id)) ?? (ids.size < adds.length ? adds[0]?.id : undefined);
    if (twice !== undefined) return this.#miss("r", "x", cell.field, `ERR two entries for the id ${twice}`);
    for (const id of ids) this.#added.add(id);
    this.#taken.push({ gone, adds });
  }

  #compareLate({ entries, lastId }: StreamValue): void {
    const adds = this.#taken.flatMap((taken) => taken.adds).sort(byId);
    const [least] = adds;
    if (least && compareIds(least.id, lastId) <= 0) this.#late = least.id;
    if (this.#late === "0-1") throw new Error("the model puts nothing below the least id");
    const [first] = entries;
    const changesFirst = least !== undefined && (!first || compareIds(least.id, first.id) < 0);
    if (this.#edit.keeps && !changesFirst) return;
    this.entries.push(encodeMarkEntry("n", { db: this.#db, kind: "x", key: this.#key, field: "" }, first?.id ?? ""));
  }

  /** Does it, command by command. */
  perform(space: Keyspace, run: RunCommand): void {
    if (this.#isOther) return;
    const tell = (...args: string[]): void => run(this.#db, args);
    const stream = (): StreamValue | undefined => {
      const entry = space.lookup(this.#db, this.#key);
      return entry?.type === "stream" ? entry.value : undefined;
    };
    const gone = this.#taken.flatMap((taken) => taken.gone);
    const adds = this.#taken.flatMap((taken) => taken.adds).sort(byId);
    if (gone.length > 0) tell("XDEL", this.#key, ...gone);
    const held = stream();
    if (held && this.#late !== undefined && adds.length > 0) this.#insert(held, this.#late, adds, tell);
    else for (const add of adds) this.#add(add, tell);
    for (const { name, start } of this.#edit.groups) {
      const isThere = stream()?.groups.has(name) === true;
      if (start === undefined && isThere) tell("XGROUP", "DESTROY", this.#key, name);
      else if (start !== undefined && !isThere) tell("XGROUP", "CREATE", this.#key, name, start, "MKSTREAM");
    }
    this.#finish(stream, tell);
  }

  #add({ id, pairs }: StreamEntry, tell: (...args: string[]) => void): void {
    tell("XADD", this.#key, id, ...pairs);
  }

  #insert(held: StreamValue, late: string, adds: readonly StreamEntry[], tell: (...args: string[]) => void): void {
    const { lastId, maxDeleted, added } = held;
    const newer = held.entries.filter(({ id }) => compareIds(id, late) > 0);
    if (newer.length > 0) tell("XDEL", this.#key, ...newer.map(({ id }) => id));
    tell("XSETID", this.#key, lastId, "MAXDELETEDID", "0-1");
    tell("XSETID", this.#key, held.entries.at(-1)?.id ?? "0-1");
    for (const entry of [...newer, ...adds].sort(byId)) this.#add(entry, tell);
    const top = adds.at(-1)?.id ?? lastId;
    const last = compareIds(lastId, top) < 0 ? top : lastId;
    tell("XSETID", this.#key, last, "ENTRIESADDED", String(added + adds.length), "MAXDELETEDID", maxDeleted === "0-0" ? "0-1" : maxDeleted);
    if (!this.#edit.lateToGroups) return;
    // a server keeps its groups by name
    for (const [name, group] of [...held.groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const { id } of adds) if (compareIds(group.last, id) >= 0) tell("XCLAIM", this.#key, name, LATE_CONSUMER, "0", id, "FORCE", "JUSTID");
    }
  }

  #finish(stream: () => StreamValue | undefined, tell: (...args: string[]) => void): void {
    const { creates, keeps, lastId } = this.#edit;
    if (!stream() && creates) {
      tell("XGROUP", "CREATE", this.#key, LATE_CONSUMER, "0", "MKSTREAM");
      tell("XGROUP", "DESTROY", this.#key, LATE_CONSUMER);
    }
    const held = stream();
    if (!held) return;
    if (keeps) {
      if (compareIds(held.lastId, lastId) < 0) tell("XSETID", this.#key, lastId);
    } else if (held.entries.length === 0 && held.groups.size === 0) tell("DEL", this.#key);
  }
}

/** Notes what a step takes away and adds; false where it does not find what it wants. */
function take(step: EntryStep, stream: StreamValue | undefined, gone: string[], adds: StreamEntry[]): boolean {
  const find = (id: string): StreamEntry | undefined => (gone.includes(id) ? undefined : stream?.entries.find((entry) => entry.id === id));
  const held = find(step.id);
  if (step.does === "add") {
    const pairs = unpacked(step.pairs);
    if (!held) adds.push({ id: step.id, pairs });
    return !held || packed(held.pairs) === packed(pairs);
  }
  const isSame = held !== undefined && printOf(held) === step.print;
  if (step.does === "keep") return isSame;
  if (step.does === "remove") {
    if (isSame) gone.push(step.id);
    return isSame || !held;
  }
  if (isSame) {
    gone.push(step.id);
    adds.push({ id: step.to, pairs: held.pairs });
    return true;
  }
  const moved = find(step.to);
  return moved !== undefined && printOf(moved) === step.print;
}

function printOf({ pairs }: StreamEntry): string {
  const bytes = packed(pairs);
  if (bytes.length <= PRINT_LIMIT_BYTES) return `=${bytes}`;
  return `#${createHash("sha1").update(bytes, "latin1").digest("hex").slice(0, 16)}`;
}

function unpacked(bytes: Buffer): string[] {
  const pairs: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    pairs.push(bytes.toString("latin1", at + 4, end));
    at = end;
  }
  return pairs;
}

function byId(a: StreamEntry, b: StreamEntry): number {
  return compareIds(a.id, b.id);
}
