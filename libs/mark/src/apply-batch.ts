/**
 * Builds the arguments of one apply script.
 *
 * Promise: what is added is either written whole by the server or named in the mark as skipped, per cell. All
 * comparisons happen before any effect; effects happen in the order added, strings without expiry in runs.
 * Refuses nothing by itself: the caller keeps batches within its own limits by `cells` and `bytes`, and adds a cell at
 * most once. Keys, fields, members and values given as strings are binary: one character per byte.
 */
import { AFTER_UNLINK, OP, RUN_LIMIT, type Expect } from "./apply-op.js";
import type { ElementsEdit } from "./list-edits.js";
import { streamEditArgs, type StreamEdit } from "./stream-edit.js";

/** A binary string or bytes. */
export type Bytes = string | Buffer;

/** Arguments of EVALSHA before the first operation: epoch, predecessor, sequence number, header of the mark. */
export const BATCH_HEAD_ARGS = 4;

/** Bytes that RESP adds to an argument, for {@link ApplyBatch.bytes}. */
const ARG_OVERHEAD_BYTES = 8;

/** All that a key must hold for it to be taken away. */
export interface ExactContent {
  /** The exact deadline, -1 for none. */
  readonly heldMs: number;
  /**
   * Each element with its content as a print (`=` and its bytes or `#` and their digest): a field, a list's element in its
   * order without a name, an entry of a stream by its id; a member of a set with nothing, one of a sorted set with `=` and
   * its score, a group of a stream with {@link GROUP_CONTENT}; of any other type one, without name, as `holds` of
   * `setExpiry` says it.
   */
  readonly elements: readonly (readonly [field: string, content: string])[];
}

/** Says of an element of a stream that it is a consumer group. */
export const GROUP_CONTENT = "g";

/** One batch, to be given to a target. */
export class ApplyBatch {
  readonly epoch: number;
  readonly prevSeq: number;
  readonly seq: number;
  readonly #args: Bytes[];
  #cells = 0;
  #bytes = 0;
  #db = 0;
  #runCode = "";
  #runPairs: Bytes[] = [];
  #runExpected: Bytes[] = [];
  #unlinked: Set<string> | undefined;
  #required: Set<string> | undefined;

  /** `header` is what `encodeMarkHeader` made for the same epoch and seq; `prevSeq` the batch before, 0 after a fence. */
  constructor(epoch: number, prevSeq: number, seq: number, header: Buffer) {
    this.epoch = epoch;
    this.prevSeq = prevSeq;
    this.seq = seq;
    this.#args = [];
    this.#push(String(epoch));
    this.#push(String(prevSeq));
    this.#push(String(seq));
    this.#push(header);
  }

  /** The arguments behind `EVALSHA <sha> 0`. Reading them closes the current run; more may be added afterwards. */
  get args(): readonly Bytes[] {
    this.#closeRun();
    return this.#args;
  }

  /** Cells added so far. */
  get cells(): number {
    return this.#cells;
  }

  /** About how many bytes the script call takes on the wire. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * SET: replaces the value and makes the expiry exactly `deadlineMs` (-1 none). A deadline already past deletes. With a
   * deadline, `heldMs` is the one that the key must have before; undefined: any.
   */
  setString(db: number, key: string, expect: Expect, expected: Bytes, value: Bytes, deadlineMs: number, heldMs?: number): void {
    const how = this.#expectation(db, key, expect);
    if (deadlineMs >= 0 || how === "%") {
      this.#begin(db, OP.setStringUntil + how, key);
      this.#push(expected);
      this.#push(value);
      this.#push(String(deadlineMs));
      this.#push(heldMs === undefined || deadlineMs < 0 ? "" : String(heldMs));
      return;
    }
    const code = OP.setStrings + how;
    if (this.#runCode !== code || this.#db !== db || this.#runPairs.length >= 2 * RUN_LIMIT) this.#openRun(db, code);
    this.#cells++;
    this.#bytes += key.length + value.length + 2 * ARG_OVERHEAD_BYTES;
    this.#runPairs.push(key, value);
    if (how === "=" || how === "#") {
      this.#bytes += expected.length + ARG_OVERHEAD_BYTES;
      this.#runExpected.push(expected);
    }
  }

  /** INCRBY, keeping the expiry. Skipped unless the key is absent or a canonical 64-bit integer and the sum is one too. */
  incrString(db: number, key: string, delta: string): void {
    this.#begin(db, OP.incrString + this.#expectation(db, key, "~"), key);
    this.#push(delta);
  }

  /**
   * Raises the registers of a sketch to those of `added`, keeping the expiry. Skipped unless the key is a sketch that is
   * at least `held`; both are sketches as the server stores them.
   */
  raiseSketch(db: number, key: string, held: Bytes, added: Bytes): void {
    this.#begin(db, OP.raiseSketch + this.#expectation(db, key, "~"), key);
    this.#push(held);
    this.#push(added);
  }

  /** DEL of a string. */
  delString(db: number, key: string, expect: Expect, expected: Bytes): void {
    this.#begin(db, OP.delString + this.#expectation(db, key, expect), key);
    this.#push(expected);
  }

  /** HSET of one field. */
  setField(db: number, key: string, field: string, expect: Expect, expected: Bytes, value: Bytes): void {
    this.#begin(db, OP.setField + this.#expectation(db, key, expect), key);
    this.#push(field);
    this.#push(expected);
    this.#push(value);
  }

  /** HINCRBY. Skipped unless the field is absent or a canonical 64-bit integer and the sum is one too. */
  incrField(db: number, key: string, field: string, delta: string): void {
    this.#begin(db, OP.incrField + this.#expectation(db, key, "~"), key);
    this.#push(field);
    this.#push(delta);
  }

  /**
   * Adds a decimal, keeping the expiry; exact, as the script adds digits. Of a string, or of a hash's field. Skipped unless that is absent
   * or a plain decimal (at most 25 digits before and 17 behind the point).
   */
  addDecimal(db: number, key: string, field: string | undefined, delta: string): void {
    this.#begin(db, (field === undefined ? OP.addDecimal : OP.addDecimalField) + this.#expectation(db, key, "~"), key);
    if (field !== undefined) this.#push(field);
    this.#push(delta);
  }

  /** HDEL of one field. */
  delField(db: number, key: string, field: string, expect: Expect, expected: Bytes): void {
    this.#begin(db, OP.delField + this.#expectation(db, key, expect), key);
    this.#push(field);
    this.#push(expected);
  }

  /** SADD of a member that is absent. */
  addMember(db: number, key: string, member: string): void {
    this.#begin(db, OP.addMember + this.#expectation(db, key, "-"), key);
    this.#push(member);
  }

  /** SREM of a member that is present. */
  removeMember(db: number, key: string, member: string): void {
    this.#begin(db, OP.removeMember + this.#expectation(db, key, "="), key);
    this.#push(member);
  }

  /** ZADD. Scores are texts of doubles and compared as numbers; `expected` is ignored for `-` and `~`. */
  setScore(db: number, key: string, member: string, expect: "-" | "=" | "~", expected: string, score: string): void {
    this.#begin(db, OP.setScore + this.#expectation(db, key, expect), key);
    this.#push(member);
    this.#push(expected);
    this.#push(score);
  }

  /** ZREM of a member that has the expected score. */
  removeScore(db: number, key: string, member: string, expected: string): void {
    this.#begin(db, OP.removeScore + this.#expectation(db, key, "="), key);
    this.#push(member);
    this.#push(expected);
  }

  /**
   * PEXPIREAT, or PERSIST for -1. `expectedMs` is the exact deadline now, -1 for none, -2 (`DEADLINE_NO_KEY`) for a key
   * that an earlier operation of this batch creates. `holds` says what else must be true (apply-op.ts). A deadline that
   * is past is laid 20 ms ahead: the server drops the key by itself, and what a client writes there first lives.
   */
  setExpiry(db: number, key: string, expectedMs: number, deadlineMs: number, holds = ""): void {
    this.#begin(db, OP.setExpiry + this.#expectation(db, key, "="), key);
    this.#push(String(expectedMs));
    this.#push(String(deadlineMs));
    this.#push(holds);
  }

  /**
   * RESTORE REPLACE of a DUMP payload, over whatever type the key has. `expect` is `-`, `~`, or `#` of the SHA-1 of DUMP.
   * With `note` the mark carries the digest of what DUMP says of the restored value. `heldMs` as in {@link setString}.
   */
  restoreWhole(db: number, key: string, expect: "-" | "#" | "~", expected: string, payload: Bytes, deadlineMs: number, note = false, heldMs?: number): void {
    this.#begin(db, OP.restoreWhole + this.#expectation(db, key, expect), key);
    this.#push(expected);
    this.#push(payload);
    this.#push(String(deadlineMs));
    this.#push(note ? "1" : "0");
    this.#push(heldMs === undefined ? "" : String(heldMs));
  }

  /** Everything that the batch does to one stream. Each cell's steps are taken together or the cell is skipped. */
  editStream(db: number, key: string, edit: StreamEdit): void {
    this.#begin(db, OP.editStream + this.#expectation(db, key, "~"), key);
    this.#cells += edit.cells.length + edit.groups.length - 1;
    for (const arg of streamEditArgs(edit)) this.#push(arg);
  }

  /** UNLINK of a whole value, of whatever type. */
  delWhole(db: number, key: string, expect: "-" | "#" | "~", expected: string): void {
    this.#begin(db, OP.delWhole + this.#expectation(db, key, expect), key);
    this.#push(expected);
  }

  /** Edits of a list; nothing of it is written where one of them does not match. What the mark says of removed values: libs/mark `mark`. */
  editList(db: number, key: string, edits: readonly ElementsEdit[]): void {
    this.#begin(db, OP.editList + this.#expectation(db, key, "="), key);
    this.#push(String(edits.length));
    for (const { side, offset, removed, values, left, right } of edits) {
      for (const part of [side, String(offset), String(removed.length), String(values.length), left]) this.#push(part);
      for (const print of removed) this.#push(print);
      this.#push(right);
      for (const value of values) this.#push(value);
    }
  }

  /**
   * UNLINK of whatever the key holds, if TYPE says `expectedType` ("any": anything, also nothing). Operations added
   * afterwards for the same key lose their own expectation: they happen exactly when this one does. With `exactly` only
   * where the key holds that and nothing else, under that deadline.
   */
  unlinkKey(db: number, key: string, expectedType: string, exactly?: ExactContent): void {
    this.#begin(db, `${OP.unlinkKey}=`, key);
    this.#push(expectedType);
    this.#push(exactly ? String(exactly.heldMs) : "");
    this.#push(String(exactly ? exactly.elements.length : 0));
    for (const [field, content] of exactly?.elements ?? []) {
      this.#push(field);
      this.#push(content);
    }
    this.#unlinked ??= new Set();
    this.#unlinked.add(`${db} ${key}`);
  }

  /**
   * What is added afterwards for the key happens only where the key is there, of whatever type: what comes with it is not made anew
   * behind its deadline. No cell, and one is enough. Strings that are set without a deadline do not ask.
   */
  requireKey(db: number, key: string): void {
    const name = `${db} ${key}`;
    if (this.#required?.has(name) === true) return;
    this.#required ??= new Set();
    this.#required.add(name);
    this.#closeRun();
    this.#select(db);
    this.#push(`${OP.requireKey}~`);
    this.#push(key);
  }

  /** PUBLISH: no cell. To be added behind everything that subscribers are to find when they hear it. */
  publish(channel: string, message: Bytes): void {
    this.#closeRun();
    for (const part of [`${OP.publish}~`, channel, message]) this.#push(part);
  }

  #expectation(db: number, key: string, expect: Expect): string {
    return this.#unlinked?.has(`${db} ${key}`) === true ? AFTER_UNLINK : expect;
  }

  #begin(db: number, code: string, key: string): void {
    this.#closeRun();
    this.#select(db);
    this.#cells++;
    this.#push(code);
    this.#push(key);
  }

  #openRun(db: number, code: string): void {
    this.#closeRun();
    this.#select(db);
    this.#runCode = code;
    this.#bytes += 3 * ARG_OVERHEAD_BYTES;
  }

  #closeRun(): void {
    if (this.#runCode === "") return;
    const args = this.#args;
    args.push(this.#runCode, String(this.#runPairs.length / 2));
    for (const bytes of this.#runPairs) args.push(bytes);
    for (const bytes of this.#runExpected) args.push(bytes);
    this.#runCode = "";
    this.#runPairs = [];
    this.#runExpected = [];
  }

  #select(db: number): void {
    if (db === this.#db) return;
    this.#db = db;
    this.#push(OP.select);
    this.#push(String(db));
  }

  #push(bytes: Bytes): void {
    this.#bytes += bytes.length + ARG_OVERHEAD_BYTES;
    this.#args.push(bytes);
  }
}
