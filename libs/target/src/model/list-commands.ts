/** Lists. */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, created, dropIfEmpty, NOT_AN_INTEGER, OK, SYNTAX, typed, wrongArity, type CommandContext, type CommandTable } from "./command.js";
import { isInteger } from "./integer.js";

const NO_KEY = new ReplyError("ERR no such key");
const NO_INDEX = new ReplyError("ERR index out of range");
const NOT_POSITIVE = new ReplyError("ERR value is out of range, must be positive");

type End = "left" | "right";

/** The commands of this module by lower-case name. */
export const LIST_COMMANDS: CommandTable = {
  lpush: (context, args) => push(context, args, "left", false),
  rpush: (context, args) => push(context, args, "right", false),
  lpushx: (context, args) => push(context, args, "left", true),
  rpushx: (context, args) => push(context, args, "right", true),
  lpop: (context, args) => pop(context, args, "left"),
  rpop: (context, args) => pop(context, args, "right"),
  lmove: (context, args) => move(context, args, endOf(arg(args, 3)), endOf(arg(args, 4))),
  rpoplpush: (context, args) => move(context, args, "right", "left"),
  llen(context, args) {
    const entry = typed(context, arg(args, 1), "list");
    return entry instanceof ReplyError ? entry : (entry?.value.length ?? 0);
  },
  lindex(context, args) {
    if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
    const entry = typed(context, arg(args, 1), "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? null;
    const item = entry.value.at(Number(arg(args, 2)));
    return item === undefined ? null : bulk(item);
  },
  lrange(context, args) {
    if (!isInteger(arg(args, 2)) || !isInteger(arg(args, 3))) return NOT_AN_INTEGER;
    const entry = typed(context, arg(args, 1), "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    const { from, to } = range(entry.value.length, args);
    return entry.value.slice(from, to).map(bulk);
  },
  lset(context, args) {
    const entry = typed(context, arg(args, 1), "list");
    if (entry === undefined) return NO_KEY;
    if (entry instanceof ReplyError) return entry;
    if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
    const index = Number(arg(args, 2));
    const at = index < 0 ? entry.value.length + index : index;
    if (at < 0 || at >= entry.value.length) return NO_INDEX;
    entry.value[at] = arg(args, 3);
    context.emit(args);
    return OK;
  },
  linsert(context, args) {
    const where = arg(args, 2).toLowerCase();
    if (where !== "before" && where !== "after") return SYNTAX;
    const entry = typed(context, arg(args, 1), "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const at = entry.value.indexOf(arg(args, 3));
    if (at < 0) return -1;
    entry.value.splice(where === "before" ? at : at + 1, 0, arg(args, 4));
    context.emit(args);
    return entry.value.length;
  },
  lrem(context, args) {
    if (!isInteger(arg(args, 2))) return NOT_AN_INTEGER;
    const key = arg(args, 1);
    const entry = typed(context, key, "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const removed = removeEqual(entry.value, Number(arg(args, 2)), arg(args, 3));
    dropIfEmpty(context, key, entry.value.length);
    if (removed > 0) context.emit(args);
    return removed;
  },
  ltrim(context, args) {
    if (!isInteger(arg(args, 2)) || !isInteger(arg(args, 3))) return NOT_AN_INTEGER;
    const key = arg(args, 1);
    const entry = typed(context, key, "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? OK;
    const { from, to } = range(entry.value.length, args);
    const kept = entry.value.slice(from, Math.max(from, to));
    const changed = kept.length < entry.value.length;
    entry.value.splice(0, entry.value.length, ...kept);
    dropIfEmpty(context, key, entry.value.length);
    if (changed) context.emit(args);
    return OK;
  },
};

/** The half-open range that arguments 2 and 3 name. */
function range(length: number, args: readonly string[]): { from: number; to: number } {
  const index = (text: string): number => (Number(text) < 0 ? length + Number(text) : Number(text));
  return { from: Math.max(0, index(arg(args, 2))), to: Math.max(0, index(arg(args, 3)) + 1) };
}

function removeEqual(items: string[], count: number, value: string): number {
  let left = count === 0 ? items.length : Math.abs(count);
  const before = items.length;
  const step = count < 0 ? -1 : 1;
  for (let at = step < 0 ? items.length - 1 : 0; at >= 0 && at < items.length && left > 0; ) {
    if (items[at] !== value) {
      at += step;
      continue;
    }
    items.splice(at, 1);
    left -= 1;
    if (step < 0) at -= 1;
  }
  return before - items.length;
}

function endOf(text: string): End | undefined {
  const lower = text.toLowerCase();
  return lower === "left" || lower === "right" ? lower : undefined;
}

function add(items: string[], item: string, end: End): void {
  if (end === "left") items.unshift(item);
  else items.push(item);
}

function push(context: CommandContext, args: readonly string[], end: End, onlyExisting: boolean): Reply {
  const key = arg(args, 1);
  const entry = typed(context, key, "list");
  if (entry instanceof ReplyError) return entry;
  if (onlyExisting && entry === undefined) return 0;
  const items = (entry ?? created(context, key, { type: "list", value: [] as string[], deadlineMs: -1 })).value;
  for (let i = 2; i < args.length; i++) add(items, arg(args, i), end);
  context.emit(args);
  return items.length;
}

function pop(context: CommandContext, args: readonly string[], end: End): Reply {
  if (args.length > 3) return wrongArity(arg(args, 0));
  const counts = args.length === 3;
  if (counts && (!isInteger(arg(args, 2)) || Number(arg(args, 2)) < 0)) return NOT_POSITIVE;
  const key = arg(args, 1);
  const entry = typed(context, key, "list");
  if (entry === undefined || entry instanceof ReplyError) return entry ?? null;
  const count = counts ? Math.min(Number(arg(args, 2)), entry.value.length) : 1;
  if (counts && count === 0) return [];
  const items = end === "left" ? entry.value.splice(0, count) : entry.value.splice(entry.value.length - count).reverse();
  dropIfEmpty(context, key, entry.value.length);
  context.emit(args);
  return counts ? items.map(bulk) : bulk(items[0] as string);
}

function move(context: CommandContext, args: readonly string[], from: End | undefined, to: End | undefined): Reply {
  if (!from || !to) return SYNTAX;
  const source = typed(context, arg(args, 1), "list");
  if (source === undefined || source instanceof ReplyError) return source ?? null;
  const target = typed(context, arg(args, 2), "list");
  if (target instanceof ReplyError) return target;
  const item = (from === "left" ? source.value.shift() : source.value.pop()) as string;
  const into = target ?? created(context, arg(args, 2), { type: "list", value: [] as string[], deadlineMs: -1 });
  add(into.value, item, to);
  dropIfEmpty(context, arg(args, 1), source.value.length);
  context.emit(args);
  return bulk(item);
}
