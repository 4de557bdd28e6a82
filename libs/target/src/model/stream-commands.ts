/**
 * Streams: adding, deleting, trimming to an exact length or id, and groups as far as they are made, removed and told of
 * entries. Consumers read with XREADGROUP, which the stream carries as XCLAIM.
 */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, created, OK, SYNTAX, typed, wrongArity, type CommandContext, type CommandTable } from "./command.js";
import { compareIds, emptyStream, type StreamEntry, type StreamValue } from "./stream-value.js";

const BAD_ID = new ReplyError("ERR Invalid stream ID specified as stream command argument");
const NOT_GREATER = new ReplyError("ERR The ID specified in XADD is equal or smaller than the target stream top item");
const NO_KEY = new ReplyError("ERR no such key");
const MUST_EXIST = new ReplyError(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);

/** The commands of this module by lower-case name. */
export const STREAM_COMMANDS: CommandTable = {
  xadd,
  xdel(context, args) {
    const entry = typed(context, arg(args, 1), "stream");
    const ids = args.slice(2).map(idOf);
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    if (ids.includes(undefined)) return BAD_ID;
    const stream = entry.value;
    let removed = 0;
    for (const id of ids as string[]) {
      const at = stream.entries.findIndex((known) => known.id === id);
      if (at < 0) continue;
      stream.entries.splice(at, 1);
      if (compareIds(id, stream.maxDeleted) > 0) stream.maxDeleted = id;
      removed += 1;
    }
    if (removed > 0) context.emit(args);
    return removed;
  },
  xtrim(context, args) {
    const entry = typed(context, arg(args, 1), "stream");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const trim = trimAt(args, 2);
    if (trim === undefined) return SYNTAX;
    const removed = trimmed(entry.value, trim);
    if (removed > 0) context.emit(args);
    return removed;
  },
  xlen(context, args) {
    const entry = typed(context, arg(args, 1), "stream");
    return entry === undefined ? 0 : entry instanceof ReplyError ? entry : entry.value.entries.length;
  },
  xrange(context, args) {
    const entry = typed(context, arg(args, 1), "stream");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    return entry.value.entries.map(({ id, pairs }) => [bulk(id), pairs.map(bulk)]);
  },
  xsetid,
  xgroup,
  xclaim,
  xack(context, args) {
    const entry = typed(context, arg(args, 1), "stream");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const group = entry.value.groups.get(arg(args, 2));
    const acknowledged = args.slice(3).filter((id) => group?.pending.delete(id)).length;
    if (acknowledged > 0) context.emit(args);
    return acknowledged;
  },
};

function idOf(text: string): string | undefined {
  const match = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text);
  return match ? `${BigInt(match[1] as string)}-${BigInt(match[2] ?? "0")}` : undefined;
}

interface Trim {
  readonly by: "MAXLEN" | "MINID";
  readonly threshold: string;
  readonly end: number;
}

function trimAt(args: readonly string[], at: number): Trim | undefined {
  const by = args[at]?.toUpperCase();
  if (by !== "MAXLEN" && by !== "MINID") return undefined;
  const valueAt = args[at + 1] === "=" ? at + 2 : at + 1;
  const threshold = by === "MINID" ? idOf(args[valueAt] ?? "") : /^\d+$/.exec(args[valueAt] ?? "")?.[0];
  return threshold === undefined ? undefined : { by, threshold, end: valueAt + 1 };
}

function trimmed(stream: StreamValue, { by, threshold }: Trim): number {
  const before = stream.entries.length;
  const isKept = ({ id }: StreamEntry, at: number): boolean => (by === "MAXLEN" ? before - at <= Number(threshold) : compareIds(id, threshold) >= 0);
  stream.entries = stream.entries.filter(isKept);
  return before - stream.entries.length;
}

function xadd(context: CommandContext, args: readonly string[]): Reply {
  const key = arg(args, 1);
  let at = 2;
  const makes = args[at]?.toUpperCase() !== "NOMKSTREAM";
  if (!makes) at += 1;
  const trim = trimAt(args, at);
  if (trim) at = trim.end;
  const idAt = at;
  const pairs = args.slice(idAt + 1);
  if (pairs.length === 0 || pairs.length % 2 === 1) return wrongArity(arg(args, 0));
  const entry = typed(context, key, "stream");
  if (entry instanceof ReplyError) return entry;
  if (entry === undefined && !makes) return null;
  const last = entry?.value.lastId ?? "0-0";
  const id = args[idAt] === "*" ? nextId(last, context.space.nowMs) : idOf(args[idAt] ?? "");
  if (id === undefined) return BAD_ID;
  if (id === "0-0") return new ReplyError("ERR The ID specified in XADD must be greater than 0-0");
  if (compareIds(id, last) <= 0) return NOT_GREATER;
  const stream = (entry ?? created(context, key, { type: "stream", value: emptyStream(), deadlineMs: -1 })).value;
  stream.entries.push({ id, pairs });
  stream.lastId = id;
  stream.added += 1;
  if (trim) trimmed(stream, trim);
  context.emit(args[idAt] === "*" ? [...args.slice(0, idAt), id, ...pairs] : args);
  return bulk(id);
}

function nextId(last: string, nowMs: number): string {
  const [ms = 0n, seq = 0n] = last.split("-").map(BigInt);
  return BigInt(nowMs) > ms ? `${nowMs}-0` : `${ms}-${seq + 1n}`;
}

function xsetid(context: CommandContext, args: readonly string[]): Reply {
  const id = idOf(arg(args, 2));
  const option = (name: string): string | undefined => {
    const at = args.findIndex((word, i) => i > 2 && word.toUpperCase() === name);
    return at < 0 ? undefined : args[at + 1];
  };
  if (id === undefined) return BAD_ID;
  const deleted = option("MAXDELETEDID");
  const added = option("ENTRIESADDED");
  if (deleted !== undefined && compareIds(id, deleted) < 0) return new ReplyError("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
  const entry = typed(context, arg(args, 1), "stream");
  if (entry === undefined || entry instanceof ReplyError) return entry ?? NO_KEY;
  const stream = entry.value;
  if (compareIds(id, stream.maxDeleted) < 0) return new ReplyError("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  const top = stream.entries.at(-1);
  if (top && compareIds(id, top.id) < 0) return new ReplyError("ERR The ID specified in XSETID is smaller than the target stream top item");
  stream.lastId = id;
  if (added !== undefined) stream.added = Number(added);
  if (deleted !== undefined && deleted !== "0-0") stream.maxDeleted = deleted;
  context.emit(args);
  return OK;
}

function xgroup(context: CommandContext, args: readonly string[]): Reply {
  const action = arg(args, 1).toUpperCase();
  const key = arg(args, 2);
  const name = arg(args, 3);
  const entry = typed(context, key, "stream");
  if (entry instanceof ReplyError) return entry;
  if (action === "DESTROY") {
    if (entry === undefined) return MUST_EXIST;
    if (!entry.value.groups.delete(name)) return 0;
    context.emit(args);
    return 1;
  }
  if (action !== "CREATE") throw new Error(`the model does not know xgroup ${action}`);
  if (entry === undefined && args[5]?.toUpperCase() !== "MKSTREAM") return MUST_EXIST;
  const start = args[4] === "$" ? (entry?.value.lastId ?? "0-0") : idOf(arg(args, 4));
  if (start === undefined) return BAD_ID;
  const stream = (entry ?? created(context, key, { type: "stream", value: emptyStream(), deadlineMs: -1 })).value;
  if (stream.groups.has(name)) return new ReplyError("BUSYGROUP Consumer Group name already exists");
  stream.groups.set(name, { last: start, pending: new Map() });
  context.emit(args);
  return OK;
}

/** `XCLAIM key group consumer 0 id ... FORCE JUSTID [LASTID id]`, which is also how reading from a group is replicated. */
function xclaim(context: CommandContext, args: readonly string[]): Reply {
  const entry = typed(context, arg(args, 1), "stream");
  if (entry instanceof ReplyError) return entry;
  const group = entry?.value.groups.get(arg(args, 2));
  if (!entry || !group) return new ReplyError(`NOGROUP No such key '${args[1]}' or consumer group '${args[2]}'`);
  const id = idOf(arg(args, 5));
  if (id === undefined) return BAD_ID;
  if (!entry.value.entries.some((known) => known.id === id)) return [];
  group.pending.set(id, arg(args, 3));
  const time = ["TIME", String(context.space.nowMs), "RETRYCOUNT", "1", "FORCE", "JUSTID", "LASTID", group.last];
  context.emit(["XCLAIM", arg(args, 1), arg(args, 2), arg(args, 3), "0", id, ...time]);
  return [bulk(id)];
}
