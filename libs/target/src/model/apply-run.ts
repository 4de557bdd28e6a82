/**
 * The apply script as the model runs it: the same comparisons in the same order (the order in which expired keys are met
 * is the order of their DELs in the stream), then the mark, then the same effects.
 */
import { AFTER_UNLINK, DEADLINE_NO_KEY, DEADLINE_NONE, encodeMarkEntry, goneValue, MARK_KEY, OP, type Bytes } from "@meridian/mark";
import { createHash } from "node:crypto";
import { readBatch, binary, type BatchCell, type BatchPart } from "./batch-reader.js";
import { holdsExactly, readElements } from "./exact-content.js";
import { decimalOf, decimalText, isPlainDecimal } from "@meridian/merge";
import { isInteger, sumOf } from "./integer.js";
import { matchEdits, performEdits, readEdits } from "./list-edit-run.js";
import type { Entry, Keyspace } from "./keyspace.js";
import { dumpEntry, restoreEntry } from "./payload.js";
import type { ReplicationFeed } from "./replication-feed.js";
import { parseScore } from "./score.js";
import { raiseRegisters, registersDigest, registersOf, sketchBytes } from "./registers.js";
import { StreamEditRun } from "./stream-edit-run.js";

/** Executes one command of the script in a database, telling the stream. */
export type RunCommand = (db: number, args: readonly string[]) => void;

/** One batch whose place in the chain was checked; ends the unit of the stream. */
export class ApplyRun {
  readonly #space: Keyspace;
  readonly #run: RunCommand;
  readonly #header: Bytes;
  readonly #parts: readonly BatchPart[];
  readonly #gone: string;
  readonly #entries: Buffer[] = [];
  readonly #skipped = new Set<BatchCell>();
  readonly #unlinked = new Set<string>();
  /** Keys that should have been there. */
  readonly #lost = new Set<string>();
  readonly #edits = new Map<BatchCell, StreamEditRun>();
  #missed = 0;

  constructor(space: Keyspace, run: RunCommand, args: readonly Bytes[]) {
    this.#space = space;
    this.#run = run;
    this.#header = args[3] as Bytes;
    this.#parts = readBatch(args);
    this.#gone = goneValue(binary(args[0] as Bytes), binary(args[2] as Bytes));
  }

  /** Does it all; returns the number of skipped cells. */
  perform(feed: ReplicationFeed): number {
    for (const part of this.#parts) for (const cell of part) this.#compare(cell);
    const header = typeof this.#header === "string" ? Buffer.from(this.#header, "latin1") : this.#header;
    this.#run(0, ["SET", MARK_KEY, binary(this.#entries.length === 0 ? header : Buffer.concat([header, ...this.#entries]))]);
    for (const part of this.#parts) this.#effect(this.#skipped.size === 0 ? part : part.filter((cell) => !this.#skipped.has(cell)));
    feed.endUnit();
    return this.#skipped.size + this.#missed;
  }

  #compare(cell: BatchCell): void {
    const isLost = this.#lost.size > 0 && cell.op !== OP.setStrings && this.#lost.has(`${cell.db} ${cell.key}`);
    const hangs = isLost || cell.how === AFTER_UNLINK;
    if (cell.op === OP.requireKey) {
      if (this.#space.lookup(cell.db, cell.key) === undefined) this.#lost.add(`${cell.db} ${cell.key}`);
      return;
    }
    if (cell.edit) {
      const after = hangs ? this.#unlinked.has(`${cell.db} ${cell.key}`) : undefined;
      const held = after ? undefined : this.#space.lookup(cell.db, cell.key);
      const edit = new StreamEditRun(cell.db, cell.key, cell.edit, held, after === false);
      this.#edits.set(cell, edit);
      this.#entries.push(...edit.entries);
      this.#missed += edit.missed;
      return;
    }
    const matched =
      hangs
        ? this.#unlinked.has(`${cell.db} ${cell.key}`) && (!isSum(cell) || isInteger(cell.rest[0] ?? "")) && this.#fits(cell, undefined)
        : this.#matches(cell, this.#space.lookup(cell.db, cell.key));
    if (!matched) this.#skip(cell);
    else if (cell.op === OP.unlinkKey) this.#unlinked.add(`${cell.db} ${cell.key}`);
    else if (cell.op === OP.restoreWhole) this.#try(cell);
  }

  #matches(cell: BatchCell, entry: Entry | undefined): boolean {
    const [first = ""] = cell.rest;
    switch (cell.op) {
      case OP.publish:
        return true;
      case OP.setExpiry:
        return Number(first) === deadlineOf(entry) && holds(entry, cell.rest[2] ?? "");
      case OP.unlinkKey:
        return (first === "any" || first === (entry?.type ?? "none")) && isTimed(entry, cell.rest[1]) && isExactly(entry, cell.rest);
      case OP.restoreWhole:
        return same(cell.how, entry === undefined ? undefined : () => dumpEntry(entry), first) && isTimed(entry, cell.rest[4]);
      case OP.delWhole:
        return same(cell.how, entry === undefined ? undefined : () => dumpEntry(entry), first);
      case OP.editList:
        return this.#fits(cell, entry);
      case OP.addMember:
      case OP.removeMember:
        if (entry !== undefined && entry.type !== "set") return false;
        return (entry?.value.has(cell.field) ?? false) === (cell.op === OP.removeMember);
      case OP.setScore:
      case OP.removeScore: {
        if (entry !== undefined && entry.type !== "zset") return false;
        const score = entry?.value.get(cell.field);
        if (cell.how === "=") return score !== undefined && score === parseScore(first);
        return cell.how === "~" || score === undefined;
      }
      case OP.setField:
      case OP.delField:
      case OP.incrField:
      case OP.addDecimalField: {
        if (entry !== undefined && entry.type !== "hash") return false;
        const value = entry?.value.get(cell.field);
        if (cell.op === OP.incrField) return summable(value, first);
        if (cell.op === OP.addDecimalField) return decimalSum(value, first) !== undefined;
        return same(cell.how, value === undefined ? undefined : () => value, first);
      }
      case OP.raiseSketch:
        return entry?.type === "string" && raised(entry.value, first, cell.rest[1] ?? "") !== undefined;
      default: {
        // the absence of a string is the absence of the key, so the type does not matter for that
        if (entry !== undefined && entry.type !== "string") return false;
        if (cell.op === OP.incrString) return summable(entry?.value, first);
        if (cell.op === OP.addDecimal) return decimalSum(entry?.value, first) !== undefined;
        const matches = same(cell.how, entry === undefined ? undefined : () => entry.value, first);
        return matches && (cell.op !== OP.setStringUntil || isTimed(entry, cell.rest[3]));
      }
    }
  }

  /** True but for edits of a list that do not match; of those that do, the long removed values stand in the mark. */
  #fits(cell: BatchCell, entry: Entry | undefined): boolean {
    if (cell.op !== OP.editList) return true;
    if (entry !== undefined && entry.type !== "list") return false;
    const long = matchEdits(entry?.value ?? [], readEdits(cell.rest), cell.how !== AFTER_UNLINK);
    for (const value of long ?? []) this.#entries.push(encodeMarkEntry("d", cell, value));
    return long !== undefined;
  }

  #try(cell: BatchCell): void {
    const tried = restoreEntry(cell.rest[1] ?? "", DEADLINE_NONE);
    if (tried === undefined) {
      this.#skipped.add(cell);
      this.#entries.push(encodeMarkEntry("r", cell, "ERR DUMP payload version or checksum are wrong"));
    } else if (cell.rest[3] === "1") this.#entries.push(encodeMarkEntry("n", cell, sha16(dumpEntry(tried))));
  }

  #skip(cell: BatchCell): void {
    this.#skipped.add(cell);
    this.#entries.push(encodeMarkEntry("s", cell));
  }

  #effect(cells: readonly BatchCell[]): void {
    const [cell] = cells;
    if (cell === undefined || cell.op === OP.requireKey) return;
    const edit = this.#edits.get(cell);
    if (edit) {
      edit.perform(this.#space, this.#run);
      return;
    }
    if (cell.op === OP.setStrings) {
      const pairs = cells.flatMap(({ key, rest }) => [key, rest[1] ?? ""]);
      this.#run(cell.db, [pairs.length === 2 ? "SET" : "MSET", ...pairs]);
    } else if (cell.op === OP.editList) this.#editList(cell);
    else this.#run(cell.db, this.#command(cell));
  }

  #editList({ db, key, rest }: BatchCell): void {
    const items = (): readonly string[] => {
      const entry = this.#space.database(db).get(key);
      return entry?.type === "list" ? [...entry.value] : [];
    };
    performEdits(key, readEdits(rest), this.#gone, items, (args) => this.#run(db, args));
  }

  #command({ op, db, key, field, rest }: BatchCell): string[] {
    const [first = "", second = "", third = ""] = rest;
    switch (op) {
      case OP.publish:
        return ["PUBLISH", key, first];
      case OP.setStringUntil:
        if (third === String(DEADLINE_NONE)) return ["SET", key, second];
        return this.#past(third) ? ["DEL", key] : ["SET", key, second, "PXAT", third];
      case OP.raiseSketch: {
        const entry = this.#space.lookup(db, key);
        return ["SET", key, raised(entry?.type === "string" ? entry.value : "", first, second) ?? "", "KEEPTTL"];
      }
      case OP.incrString:
        return ["INCRBY", key, first];
      case OP.delString:
        return ["DEL", key];
      case OP.setField:
        return ["HSET", key, field, second];
      case OP.incrField:
        return ["HINCRBY", key, field, first];
      case OP.addDecimal: {
        const entry = this.#space.lookup(db, key);
        return ["SET", key, decimalSum(entry?.type === "string" ? entry.value : undefined, first) ?? "", "KEEPTTL"];
      }
      case OP.addDecimalField: {
        const entry = this.#space.lookup(db, key);
        return ["HSET", key, field, decimalSum(entry?.type === "hash" ? entry.value.get(field) : undefined, first) ?? ""];
      }
      case OP.delField:
        return ["HDEL", key, field];
      case OP.addMember:
        return ["SADD", key, field];
      case OP.removeMember:
        return ["SREM", key, field];
      case OP.setScore:
        return ["ZADD", key, second, field];
      case OP.removeScore:
        return ["ZREM", key, field];
      case OP.setExpiry:
        if (second === String(DEADLINE_NONE)) return ["PERSIST", key];
        return ["PEXPIREAT", key, this.#past(second) ? String(this.#space.nowMs + 20) : second];
      case OP.restoreWhole:
        if (third === String(DEADLINE_NONE)) return ["RESTORE", key, "0", second, "REPLACE"];
        return this.#past(third) ? ["UNLINK", key] : ["RESTORE", key, third, second, "REPLACE", "ABSTTL"];
      default:
        return ["UNLINK", key];
    }
  }

  #past(deadline: string): boolean {
    return Number(deadline) <= this.#space.nowMs;
  }
}

function deadlineOf(entry: Entry | undefined): number {
  return entry === undefined ? DEADLINE_NO_KEY : entry.deadlineMs;
}

/** `held` is the exact deadline, or empty. */
function isTimed(entry: Entry | undefined, held = ""): boolean {
  return held === "" || Number(held) === deadlineOf(entry);
}

function holds(entry: Entry | undefined, content: string): boolean {
  const expected = content.slice(1);
  switch (content.charAt(0)) {
    case "":
      return true;
    case "t":
      return expected === (entry?.type ?? "none");
    case "d":
      return entry !== undefined && sha16(dumpEntry(entry)) === expected;
    case "i":
      return entry === undefined || (entry.type === "string" && entry.value.length <= Number(expected));
    case "%":
      return entry?.type === "string" && registersDigest(entry.value) === expected;
    default:
      return entry?.type === "string" && (content.startsWith("=") ? entry.value : sha16(entry.value)) === expected;
  }
}

/** Behind type, deadline and number stand the elements; without a deadline nothing is compared. */
function isExactly(entry: Entry | undefined, rest: readonly string[]): boolean {
  return rest[1] === "" || holdsExactly(entry, readElements(rest.slice(3)), (content) => holds(entry, content));
}

function isSum({ op }: BatchCell): boolean {
  return op === OP.incrString || op === OP.incrField;
}

/** `held` computes the bytes that are there; undefined where nothing is. */
function same(how: string, held: (() => string) | undefined, expected: string): boolean {
  if (how === "-") return held === undefined;
  if (how === "~") return true;
  if (held === undefined) return false;
  if (how === "%") return registersDigest(held()) === expected;
  return how === "=" ? held() === expected : sha16(held()) === expected;
}

/** The sketch raised by another, where it is one that is at least `least`. */
function raised(held: string, least: string, added: string): string | undefined {
  const [now, floor, more] = [held, least, added].map(registersOf);
  if (!now || !floor || !more || raiseRegisters(now, floor)) return undefined;
  raiseRegisters(now, more);
  return sketchBytes(now);
}

function decimalSum(held: string | undefined, delta: string): string | undefined {
  const value = held ?? "0";
  if (!isPlainDecimal(value) || !isPlainDecimal(delta)) return undefined;
  const sum = decimalText((decimalOf(value) ?? 0n) + (decimalOf(delta) ?? 0n));
  return isPlainDecimal(sum) ? sum : undefined;
}

function summable(held: string | undefined, delta: string): boolean {
  const value = held ?? "0";
  return isInteger(value) && isInteger(delta) && sumOf(value, delta) !== undefined;
}

function sha16(text: string): string {
  return createHash("sha1").update(text, "latin1").digest("hex").slice(0, 16);
}
