/** What works on keys of any type: DEL, EXPIRE and its family, RENAME, DUMP and RESTORE, FLUSHALL. */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, NOT_AN_INTEGER, OK, SYNTAX, type CommandContext, type CommandTable } from "./command.js";
import { isInteger } from "./integer.js";
import { dumpEntry, restoreEntry } from "./payload.js";

/** The commands of this module by lower-case name. */
export const KEY_COMMANDS: CommandTable = {
  del: remove,
  unlink: remove,
  exists: (context, args) => args.slice(1).filter((key) => context.space.lookup(context.db, key) !== undefined).length,
  type: (context, args) => context.space.lookup(context.db, arg(args, 1))?.type ?? "none",
  expire: (context, args) => expire(context, args, 1000, context.space.nowMs),
  pexpire: (context, args) => expire(context, args, 1, context.space.nowMs),
  expireat: (context, args) => expire(context, args, 1000, 0),
  pexpireat: (context, args) => expire(context, args, 1, 0),
  persist(context, args) {
    const entry = context.space.lookup(context.db, arg(args, 1));
    if (entry === undefined || entry.deadlineMs < 0) return 0;
    entry.deadlineMs = -1;
    context.emit(args);
    return 1;
  },
  pttl: (context, args) => timeOf(context, arg(args, 1), (deadlineMs) => Math.max(0, deadlineMs - context.space.nowMs)),
  pexpiretime: (context, args) => timeOf(context, arg(args, 1), (deadlineMs) => deadlineMs),
  rename,
  dump(context, args) {
    const entry = context.space.lookup(context.db, arg(args, 1));
    return entry === undefined ? null : bulk(dumpEntry(entry));
  },
  restore,
  flushall(context, args) {
    context.space.flush();
    context.emit(args);
    return OK;
  },
  flushdb(context, args) {
    context.space.flush(context.db);
    context.emit(args);
    return OK;
  },
};

function remove(context: CommandContext, args: readonly string[]): Reply {
  let removed = 0;
  for (let i = 1; i < args.length; i++) {
    if (context.space.lookup(context.db, arg(args, i)) === undefined) continue;
    context.space.delete(context.db, arg(args, i));
    context.notify("del", arg(args, i));
    removed += 1;
  }
  if (removed > 0) context.emit(args);
  return removed;
}

function timeOf(context: CommandContext, key: string, from: (deadlineMs: number) => number): number {
  const entry = context.space.lookup(context.db, key);
  if (entry === undefined) return -2;
  return entry.deadlineMs < 0 ? -1 : from(entry.deadlineMs);
}

function expire(context: CommandContext, args: readonly string[], unitMs: number, baseMs: number): Reply {
  if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
  const flag = args[3]?.toUpperCase();
  if (flag !== undefined && !["NX", "XX", "GT", "LT"].includes(flag)) return new ReplyError(`ERR Unsupported option ${args[3]}`);
  const key = arg(args, 1);
  const deadlineMs = Number(arg(args, 2)) * unitMs + baseMs;
  const entry = context.space.lookup(context.db, key);
  if (entry === undefined) return 0;
  const now = entry.deadlineMs;
  if (flag === "NX" && now >= 0) return 0;
  if (flag === "XX" && now < 0) return 0;
  if (flag === "GT" && (now < 0 || deadlineMs <= now)) return 0;
  if (flag === "LT" && now >= 0 && deadlineMs >= now) return 0;
  if (deadlineMs <= context.space.nowMs) {
    context.space.delete(context.db, key);
    context.notify("del", key);
    context.emit(["DEL", key]);
    return 1;
  }
  entry.deadlineMs = deadlineMs;
  const absolute = baseMs === 0 && unitMs === 1;
  context.emit(absolute ? args : ["PEXPIREAT", key, String(deadlineMs), ...args.slice(3)]);
  return 1;
}

function rename(context: CommandContext, args: readonly string[]): Reply {
  const from = arg(args, 1);
  const to = arg(args, 2);
  const entry = context.space.lookup(context.db, from);
  if (entry === undefined) return new ReplyError("ERR no such key");
  if (from === to) return OK;
  context.space.lookup(context.db, to);
  context.space.delete(context.db, from);
  context.space.delete(context.db, to);
  context.space.put(context.db, to, entry);
  context.emit(args);
  return OK;
}

function restore(context: CommandContext, args: readonly string[]): Reply {
  const options = args.slice(4).map((word) => word.toUpperCase());
  if (options.some((word) => word !== "REPLACE" && word !== "ABSTTL")) return SYNTAX;
  const key = arg(args, 1);
  const absolute = options.includes("ABSTTL");
  const replace = options.includes("REPLACE");
  if (!replace && context.space.lookup(context.db, key) !== undefined) return new ReplyError("BUSYKEY Target key name already exists.");
  if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
  const ttlMs = Number(arg(args, 2));
  if (ttlMs < 0) return new ReplyError("ERR Invalid TTL value, must be >= 0");
  const deadlineMs = ttlMs === 0 ? -1 : absolute ? ttlMs : context.space.nowMs + ttlMs;
  const entry = restoreEntry(arg(args, 3), deadlineMs);
  if (entry === undefined) return new ReplyError("ERR DUMP payload version or checksum are wrong");
  const deleted = context.space.delete(context.db, key);
  if (deadlineMs >= 0 && deadlineMs <= context.space.nowMs) {
    if (!deleted) return OK;
    context.notify("del", key);
    context.emit(["DEL", key]);
    return OK;
  }
  context.space.put(context.db, key, entry);
  context.emit(deadlineMs < 0 || absolute ? args : [arg(args, 0), key, String(deadlineMs), ...args.slice(3), "ABSTTL"]);
  return OK;
}
