/**
 * Random traffic for holding the model against a real server: client commands, transactions, batches, reads and fences
 * over few keys and few values, so that they meet; and the comparison of what both gave.
 */
import { decodeMark, decodeReadResult, MARK_KEY, READ_KEY, type Expect } from "@meridian/mark";
import fc from "fast-check";
import { streamCommand, streamEdit, type ParityStreamEdit } from "./parity-streams.js";
import type { StreamCommand } from "./stream-tail.js";

/** Absolute deadlines far enough in the future to stay there. */
export const DEADLINES = [4_000_000_000_000, 4_000_000_000_001, 4_100_000_000_000] as const;
/** Relative times carry the clocks of both sides: this much difference is none. */
const CLOCK_TOLERANCE_MS = 1000;

const KEYS = ["a", "b", "c", "\xff\0key"];
const FIELDS = ["f", "g", "\r\n"];
const VALUES = ["1", "7", "0.1", "-12.50", "200.09999999999999999", "-3", "9223372036854775807", "text", "", "bin\0\xff\r\n"];
const SCORES = ["1", "2.5", "-0.1", "inf", "-inf", "1e300", "3.0", "0"];

/** An operation of a batch, by the name of the builder's method. Digests are taken when it is built. */
export interface ParityOp {
  readonly op: "setString" | "incrString" | "addDecimal" | "addDecimalField" | "delString" | "setField" | "incrField" | "delField" | "addMember" | "removeMember" | "setScore" | "removeScore" | "setExpiry" | "restoreWhole" | "delWhole" | "editList" | "editStream" | "unlinkKey" | "requireKey";
  readonly db: number;
  readonly key: string;
  readonly field: string;
  readonly expect: Exclude<Expect, "%">;
  /** Expected value; hashed where the expectation asks for that. */
  readonly held: string;
  readonly value: string;
  readonly score: string;
  readonly heldScore: string;
  readonly deadlineMs: number;
  readonly heldDeadlineMs: number;
  readonly type: string;
  /** Of unlinks: all that the key holds is compared. */
  readonly exactly: boolean;
  /** What the key must hold for its deadline to be set: a tag of apply-op.ts; `=` and `#` of `held`. */
  readonly holds: string;
  /** Whole values and lists: expect what is there now. */
  readonly right: boolean;
  /** Of lists: what the edits are made of. */
  readonly edits: readonly ParityEdit[];
  readonly stream: ParityStreamEdit;
}

/** An edit of a list. Numbers are reduced to what there is. */
export interface ParityEdit {
  readonly gap: number;
  readonly removed: number;
  readonly values: readonly string[];
  readonly tail: boolean;
  readonly loose: boolean;
}

/** One step on both sides. */
export type ParityStep =
  | { readonly step: "command"; readonly db: number; readonly args: readonly string[] }
  | { readonly step: "transaction"; readonly db: number; readonly commands: readonly (readonly string[])[] }
  | { readonly step: "apply"; readonly ops: readonly ParityOp[]; readonly again: boolean }
  | { readonly step: "read"; readonly byteLimit: number }
  | { readonly step: "fence" }
  | { readonly step: "gap" };

const key = fc.constantFrom(...KEYS);
const field = fc.constantFrom(...FIELDS);
const value = fc.constantFrom(...VALUES);
const score = fc.constantFrom(...SCORES);
const db = fc.constantFrom(0, 0, 0, 1);
const delta = fc.constantFrom("1", "-1", "5", "9223372036854775807", "-9223372036854775808", "0");
const decimal = fc.constantFrom("0.1", "-0.1", "200", "3.0e3", "-7.25", "12345678.9", "0.00000000000000001", "text", "1e-30");
const deadline = fc.constantFrom(...DEADLINES).map(String);

function words(...parts: (string | fc.Arbitrary<string | readonly string[]>)[]): fc.Arbitrary<string[]> {
  const arbitraries = parts.map((part) => (typeof part === "string" ? fc.constant(part) : part));
  return fc.tuple(...arbitraries).map((found) => (found).flat());
}

const index = fc.constantFrom("0", "-1", "1", "-2", "2", "40", "-40");
const fieldValues = fc.array(fc.tuple(field, value), { minLength: 1, maxLength: 3 }).map((pairs) => pairs.flat());
const members = fc.array(field, { minLength: 1, maxLength: 3 });
const scored = fc.array(fc.tuple(score, field), { minLength: 1, maxLength: 2 }).map((pairs) => pairs.flat());
const setTail = fc.oneof(
  fc.constant<string[]>([]),
  fc.constantFrom(["NX"], ["xx"], ["PXAT", "1000"], ["nx", "GET", "PXAT", "4000000000000"], ["KEEPTTL"], ["GET"], ["get", "NX"], ["EX", "1000"], ["PX", "500000"], ["PX", "1"], ["XX", "PX", "1"], ["EX", "0"], ["NX", "XX"], ["EX", "x"]),
  deadline.map((at) => ["PXAT", at]),
  deadline.map((at) => ["GET", "PXAT", at]),
);
const zaddFlags = fc.constantFrom<string[]>([], [], ["NX"], ["XX"], ["GT"], ["lt"], ["CH"], ["XX", "CH"], ["INCR"], ["NX", "INCR"], ["GT", "INCR"], ["NX", "GT"]);

const command: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 4, arbitrary: words("SET", key, value, setTail) },
  words("MSET", key, value, key, value),
  words("get", key),
  words("MGET", key, key, key),
  words(fc.constantFrom("INCR", "decr"), key),
  words(fc.constantFrom("INCRBY", "DECRBY"), key, delta),
  words("INCRBYFLOAT", key, decimal),
  words("HINCRBYFLOAT", key, field, decimal),
  words("APPEND", key, value),
  { weight: 2, arbitrary: words(fc.constantFrom("DEL", "UNLINK", "EXISTS"), key, key) },
  words("TYPE", key),
  words(fc.constantFrom("EXPIRE", "PEXPIRE"), key, fc.constantFrom("1000000", "2000000", "-1", "0"), fc.constantFrom<string[]>([], ["NX"], ["XX"], ["GT"], ["LT"], ["ZZ"])),
  words("PEXPIREAT", key, deadline, fc.constantFrom<string[]>([], ["NX"], ["gt"])),
  words(fc.constantFrom("PERSIST", "PTTL", "PEXPIRETIME"), key),
  { weight: 3, arbitrary: words("HSET", key, fieldValues) },
  words("HDEL", key, members),
  words("HGET", key, field),
  words("HGETALL", key),
  words("HINCRBY", key, field, delta),
  { weight: 3, arbitrary: words("SADD", key, members) },
  words("SREM", key, members),
  words("SMEMBERS", key),
  { weight: 3, arbitrary: words("ZADD", key, zaddFlags, scored) },
  words("ZINCRBY", key, score, field),
  words("ZREM", key, members),
  words("ZSCORE", key, field),
  words("ZRANGE", key, fc.constantFrom("0", "-2", "1"), fc.constantFrom("-1", "1", "0"), fc.constantFrom<string[]>([], ["WITHSCORES"])),
  words("RENAME", key, key),
  words(fc.constantFrom("LPUSH", "RPUSH"), key, members),
  words(fc.constantFrom("LPUSH", "RPUSH"), key, fc.array(value, { minLength: 1, maxLength: 90 })),
  words(fc.constantFrom("LPUSHX", "RPUSHX"), key, members),
  words(fc.constantFrom("LPOP", "RPOP"), key),
  words(fc.constantFrom("LPOP", "RPOP"), key, fc.constantFrom("0", "1", "3", "-1")),
  words("LRANGE", key, index, index),
  words("LLEN", key),
  words("LINDEX", key, index),
  words("LSET", key, index, value),
  words("LINSERT", key, fc.constantFrom("BEFORE", "after"), value, value),
  words("LREM", key, index, value),
  words("LTRIM", key, index, index),
  words("LMOVE", key, key, fc.constantFrom("LEFT", "right"), fc.constantFrom("left", "RIGHT")),
  words("RPOPLPUSH", key, key),
  { weight: 6, arbitrary: streamCommand(key) },
  words("RESTORE", key, fc.constantFrom("0", "1000000", "-1"), "no payload", fc.constantFrom<string[]>([], ["REPLACE"])),
);

const someDeadline = fc.constantFrom(-1, -1, 1000, ...DEADLINES);
const op: fc.Arbitrary<ParityOp> = fc.record({
  op: fc.constantFrom<ParityOp["op"][]>("setString", "setString", "setString", "incrString", "addDecimal", "addDecimalField", "delString", "setField", "incrField", "delField", "addMember", "removeMember", "setScore", "removeScore", "setExpiry", "restoreWhole", "delWhole", "editList", "editList", "editStream", "editStream", "unlinkKey", "unlinkKey", "requireKey"),
  db,
  key,
  field,
  expect: fc.constantFrom<ParityOp["expect"][]>("-", "=", "#", "~"),
  held: value,
  value,
  score,
  heldScore: score,
  deadlineMs: someDeadline,
  heldDeadlineMs: fc.constantFrom(-1, -1, -2, ...DEADLINES),
  holds: fc.constantFrom("", "", "=", "#", "i1", "i3", "thash", "tstring", "tset", "tnone", "d"),
  type: fc.constantFrom("any", "string", "hash", "set", "zset", "list", "stream", "none"),
  exactly: fc.boolean(),
  right: fc.boolean(),
  edits: fc.array(
    fc.record<ParityEdit>({
      gap: fc.nat({ max: 60 }),
      removed: fc.constantFrom(0, 0, 1, 1, 2, 5, 100),
      values: fc.array(fc.constantFrom(...VALUES, "a value of more than thirty-two bytes"), { maxLength: 3 }),
      tail: fc.boolean(),
      loose: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  stream: streamEdit,
});

const FAMILY: Readonly<Record<ParityOp["op"], string>> = {
  setString: "s", incrString: "s", addDecimal: "s", addDecimalField: "h", delString: "s", setField: "h", incrField: "h", delField: "h", addMember: "e", removeMember: "e",
  setScore: "z", removeScore: "z", setExpiry: "t", restoreWhole: "w", delWhole: "w", editList: "l", editStream: "x", unlinkKey: "k", requireKey: "v",
};

/** What a batch may hold: every cell once, one type per key, an unlink before the others of its key. */
function consistent(ops: readonly ParityOp[]): ParityOp[] {
  const cells = new Set<string>();
  const types = new Map<string, string>();
  return ops.filter((one) => {
    const name = `${one.db} ${one.key}`;
    const family = FAMILY[one.op];
    const cell = `${name} ${family} ${"hez".includes(family) ? one.field : ""}`;
    if (family === "v") return true;
    if (cells.has(cell) || (family === "k" && types.has(name))) return false;
    const type = types.get(name);
    if (family !== "t" && type !== undefined && type !== "k" && type !== "t" && type !== family) return false;
    cells.add(cell);
    if (family !== "t" || type === undefined) types.set(name, family);
    return true;
  });
}

/** Sequences of steps. */
export const paritySteps: fc.Arbitrary<ParityStep[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ step: fc.constant("command" as const), db, args: command }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant("transaction" as const), db, commands: fc.array(fc.oneof({ weight: 6, arbitrary: command }, fc.constantFrom(["SELECT", "0"], ["SELECT", "1"])), { maxLength: 4 }) }) },
    { weight: 6, arbitrary: fc.record({ step: fc.constant("apply" as const), ops: fc.array(op, { maxLength: 8 }).map(consistent), again: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant("read" as const), byteLimit: fc.constantFrom(3, 1000) }) },
    { weight: 1, arbitrary: fc.constantFrom<ParityStep[]>({ step: "fence" }, { step: "gap" }, { step: "command", db: 1, args: ["FLUSHDB"] }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Every key, for reads and for the comparison at the end. */
export const parityKeys = [0, 1].flatMap((number) => KEYS.map((name) => ({ db: number, key: name })));

/** A stream in a form that is equal on both sides: payloads opaque, marks and reads decoded, times rounded. */
export function comparable(commands: readonly StreamCommand[]): unknown[] {
  return commands.map((args) => {
    if (args[1] === MARK_KEY) {
      const mark = decodeMark(Buffer.from(args[2] as string, "latin1"));
      return { ...mark, vector: mark.vector.toString(), notes: mark.notes.map((note) => note.cell) };
    }
    if (args[1] === READ_KEY && args.length > 2) return comparableRead(args[2] as string);
    if (args[0] === "RESTORE") return args.map((text, i) => (i === 3 ? "payload" : text));
    return args.map(rounded);
  });
}

/** Replies: order of collections and the clocks' difference aside. */
export function comparableReply(args: readonly string[], reply: unknown): unknown {
  const name = args[0]?.toLowerCase();
  if (name === "pttl" || name === "pexpiretime") return rounded(String(reply));
  if (!Array.isArray(reply) || (name !== "hgetall" && name !== "smembers")) return reply;
  const texts = (reply as Buffer[]).map((item) => item.toString("latin1"));
  return sortedItems(texts, name === "hgetall" ? 2 : 1);
}

function comparableRead(payload: string): unknown {
  const { id, epoch, values } = decodeReadResult(Buffer.from(payload, "latin1"));
  const plain = values.map(({ items, payload: bytes, refused, deadlineMs, ...rest }) => ({
    ...rest,
    deadlineMs: rounded(String(deadlineMs)),
    items: items && (rest.type === "list" ? items.map(String) : sortedItems(items.map((item) => item.toString("latin1")), rest.type === "set" ? 1 : 2)),
    payload: rest.type === "whole" ? "payload" : bytes,
    refused: refused !== undefined,
  }));
  return { id, epoch, plain };
}

function sortedItems(texts: readonly string[], width: number): string[] {
  const groups: string[] = [];
  for (let i = 0; i < texts.length; i += width) groups.push(JSON.stringify(texts.slice(i, i + width)));
  return groups.sort();
}

/** Times that hang on the clock are rounded; the fixed ones are not. */
function rounded(text: string): string {
  if (!/^\d{6,14}$/.test(text) || (DEADLINES as readonly number[]).includes(Number(text))) return text;
  return `about ${Math.round(Number(text) / (100 * CLOCK_TOLERANCE_MS))}`;
}
