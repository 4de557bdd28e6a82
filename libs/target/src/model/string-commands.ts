/** Strings: SET with its options, counters, APPEND, MSET and MGET. */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, created, NOT_A_FLOAT, NOT_AN_INTEGER, OK, OVERFLOW, SYNTAX, typed, wrongArity, type CommandContext, type CommandTable } from "./command.js";
import { integerReply, isInteger, negated, sumOf } from "./integer.js";
import { floatSum } from "./long-double.js";

interface SetOptions {
  nx: boolean;
  xx: boolean;
  get: boolean;
  keepTtl: boolean;
  /** EX, PX, EXAT or PXAT in upper case. */
  unit: string;
  amount: string;
}

/** The commands of this module by lower-case name. */
export const STRING_COMMANDS: CommandTable = {
  set,
  mset(context, args) {
    if (args.length < 3 || args.length % 2 === 0) return wrongArity(arg(args, 0));
    for (let i = 1; i < args.length; i += 2) {
      context.space.lookup(context.db, arg(args, i));
      created(context, arg(args, i), { type: "string", value: arg(args, i + 1), deadlineMs: -1 });
      context.notify("set", arg(args, i));
    }
    context.emit(args);
    return OK;
  },
  get(context, args) {
    const entry = typed(context, arg(args, 1), "string");
    if (entry instanceof ReplyError) return entry;
    return entry === undefined ? null : bulk(entry.value);
  },
  mget(context, args) {
    return args.slice(1).map((key) => {
      const entry = context.space.lookup(context.db, key);
      return entry?.type === "string" ? bulk(entry.value) : null;
    });
  },
  append(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "string");
    if (entry instanceof ReplyError) return entry;
    const held = entry ?? created(context, key, { type: "string", value: "", deadlineMs: -1 });
    held.value += arg(args, 2);
    context.emit(args);
    return held.value.length;
  },
  incr: (context, args) => increment(context, args, "1"),
  decr: (context, args) => increment(context, args, "-1"),
  incrbyfloat: incrementFloat,
  incrby: (context, args) => (isInteger(arg(args, 2)) ? increment(context, args, arg(args, 2)) : NOT_AN_INTEGER),
  decrby(context, args) {
    if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
    const delta = negated(arg(args, 2));
    return delta === undefined ? new ReplyError("ERR decrement would overflow") : increment(context, args, delta);
  },
};

function incrementFloat(context: CommandContext, args: readonly string[]): Reply {
  const key = arg(args, 1);
  const entry = typed(context, key, "string");
  if (entry instanceof ReplyError) return entry;
  const sum = floatSum(entry?.value ?? "0", arg(args, 2));
  if (sum === undefined) return NOT_A_FLOAT;
  if (entry === undefined) created(context, key, { type: "string", value: sum, deadlineMs: -1 });
  else entry.value = sum;
  context.emit(["SET", key, sum, "KEEPTTL"]);
  context.notify("incrbyfloat", key);
  return bulk(sum);
}

function increment(context: CommandContext, args: readonly string[], delta: string): Reply {
  const key = arg(args, 1);
  const entry = typed(context, key, "string");
  if (entry instanceof ReplyError) return entry;
  if (entry !== undefined && !isInteger(entry.value)) return NOT_AN_INTEGER;
  const sum = sumOf(entry?.value ?? "0", delta);
  if (sum === undefined) return OVERFLOW;
  if (entry === undefined) created(context, key, { type: "string", value: sum, deadlineMs: -1 });
  else entry.value = sum;
  context.emit(args);
  return integerReply(sum);
}

function set(context: CommandContext, args: readonly string[]): Reply {
  const options = parseSet(args);
  if (options instanceof ReplyError) return options;
  const key = arg(args, 1);
  const deadlineMs = deadlineOf(options, context.space.nowMs);
  if (deadlineMs instanceof ReplyError) return deadlineMs;
  const held = context.space.lookup(context.db, key);
  let before: Reply = null;
  if (options.get && held !== undefined) {
    const entry = typed(context, key, "string");
    if (entry instanceof ReplyError) return entry;
    if (entry !== undefined) before = bulk(entry.value);
  }
  if ((options.nx && held !== undefined) || (options.xx && held === undefined)) return before;
  const kept = options.keepTtl ? (held?.deadlineMs ?? -1) : -1;
  created(context, key, { type: "string", value: arg(args, 2), deadlineMs: deadlineMs ?? kept });
  context.emit(propagated(args, options, deadlineMs));
  context.notify("set", key);
  return options.get ? before : OK;
}

/** With a time: always the absolute one, without the other options. Otherwise only GET is left out. */
function propagated(args: readonly string[], options: SetOptions, deadlineMs: number | undefined): readonly string[] {
  if (deadlineMs !== undefined) return ["SET", arg(args, 1), arg(args, 2), "PXAT", String(deadlineMs)];
  return options.get ? args.filter((text, i) => i < 3 || text.toUpperCase() !== "GET") : args;
}

function parseSet(args: readonly string[]): SetOptions | ReplyError {
  if (args.length < 3) return wrongArity("set");
  const options: SetOptions = { nx: false, xx: false, get: false, keepTtl: false, unit: "", amount: "" };
  for (let i = 3; i < args.length; i++) {
    const word = arg(args, i).toUpperCase();
    if (word === "NX" && !options.xx) options.nx = true;
    else if (word === "XX" && !options.nx) options.xx = true;
    else if (word === "GET") options.get = true;
    else if (word === "KEEPTTL" && options.unit === "") options.keepTtl = true;
    else if (["EX", "PX", "EXAT", "PXAT"].includes(word) && options.unit === "" && !options.keepTtl && i + 1 < args.length) {
      options.unit = word;
      options.amount = arg(args, ++i);
    } else return SYNTAX;
  }
  return options;
}

function deadlineOf(options: SetOptions, nowMs: number): number | undefined | ReplyError {
  if (options.unit === "") return undefined;
  if (!isInteger(options.amount)) return NOT_AN_INTEGER;
  const amount = Number(options.amount) * (options.unit.startsWith("EX") ? 1000 : 1);
  if (amount <= 0) return new ReplyError("ERR invalid expire time in 'set' command");
  return options.unit.endsWith("AT") ? amount : nowMs + amount;
}
