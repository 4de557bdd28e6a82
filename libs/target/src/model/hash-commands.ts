/** Hashes. */
import { ReplyError } from "@meridian/resp";
import { arg, bulk, created, dropIfEmpty, NOT_A_FLOAT, NOT_AN_INTEGER, OVERFLOW, typed, wrongArity, type CommandTable } from "./command.js";
import { integerReply, isInteger, sumOf } from "./integer.js";
import { floatSum } from "./long-double.js";

/** The commands of this module by lower-case name. */
export const HASH_COMMANDS: CommandTable = {
  hset(context, args) {
    if (args.length < 4 || args.length % 2 === 1) return wrongArity(arg(args, 0));
    const key = arg(args, 1);
    const entry = typed(context, key, "hash");
    if (entry instanceof ReplyError) return entry;
    const fields = (entry ?? created(context, key, { type: "hash", value: new Map<string, string>(), deadlineMs: -1 })).value;
    const before = fields.size;
    for (let i = 2; i < args.length; i += 2) fields.set(arg(args, i), arg(args, i + 1));
    context.emit(args);
    context.notify("hset", key);
    return fields.size - before;
  },
  hdel(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "hash");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const removed = args.slice(2).filter((field) => entry.value.delete(field)).length;
    dropIfEmpty(context, key, entry.value.size);
    if (removed > 0) context.emit(args);
    return removed;
  },
  hget(context, args) {
    const entry = typed(context, arg(args, 1), "hash");
    if (entry instanceof ReplyError) return entry;
    const value = entry?.value.get(arg(args, 2));
    return value === undefined ? null : bulk(value);
  },
  hgetall(context, args) {
    const entry = typed(context, arg(args, 1), "hash");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    return [...entry.value].flatMap(([field, value]) => [bulk(field), bulk(value)]);
  },
  hincrbyfloat(context, args) {
    const key = arg(args, 1);
    const field = arg(args, 2);
    if (floatSum("0", arg(args, 3)) === undefined) return NOT_A_FLOAT;
    const entry = typed(context, key, "hash");
    if (entry instanceof ReplyError) return entry;
    const sum = floatSum(entry?.value.get(field) ?? "0", arg(args, 3));
    if (sum === undefined) return new ReplyError("ERR hash value is not a float");
    (entry ?? created(context, key, { type: "hash", value: new Map<string, string>(), deadlineMs: -1 })).value.set(field, sum);
    context.emit(["HSET", key, field, sum]);
    context.notify("hincrbyfloat", key);
    return bulk(sum);
  },
  hincrby(context, args) {
    const key = arg(args, 1);
    const field = arg(args, 2);
    if (!isInteger(arg(args, 3))) return NOT_AN_INTEGER;
    const entry = typed(context, key, "hash");
    if (entry instanceof ReplyError) return entry;
    const held = entry?.value.get(field) ?? "0";
    if (!isInteger(held)) return new ReplyError("ERR hash value is not an integer");
    const sum = sumOf(held, arg(args, 3));
    if (sum === undefined) return OVERFLOW;
    (entry ?? created(context, key, { type: "hash", value: new Map<string, string>(), deadlineMs: -1 })).value.set(field, sum);
    context.emit(args);
    return integerReply(sum);
  },
};
