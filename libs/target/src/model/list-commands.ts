/** Lists, as far as whole values need them. */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, created, dropIfEmpty, NOT_AN_INTEGER, typed, type CommandContext, type CommandTable } from "./command.js";
import { isInteger } from "./integer.js";

/** The commands of this module by lower-case name. */
export const LIST_COMMANDS: CommandTable = {
  lpush: (context, args) => push(context, args, (items, item) => items.unshift(item)),
  rpush: (context, args) => push(context, args, (items, item) => items.push(item)),
  lpop: (context, args) => pop(context, args, (items) => items.shift()),
  rpop: (context, args) => pop(context, args, (items) => items.pop()),
  lrange(context, args) {
    if (!isInteger(arg(args, 2)) || !isInteger(arg(args, 3))) return NOT_AN_INTEGER;
    const entry = typed(context, arg(args, 1), "list");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    const index = (text: string): number => (Number(text) < 0 ? entry.value.length + Number(text) : Number(text));
    return entry.value.slice(Math.max(0, index(arg(args, 2))), Math.max(0, index(arg(args, 3)) + 1)).map(bulk);
  },
};

function push(context: CommandContext, args: readonly string[], add: (items: string[], item: string) => number): Reply {
  const key = arg(args, 1);
  const entry = typed(context, key, "list");
  if (entry instanceof ReplyError) return entry;
  const items = (entry ?? created(context, key, { type: "list", value: [] as string[], deadlineMs: -1 })).value;
  for (let i = 2; i < args.length; i++) add(items, arg(args, i));
  context.emit(args);
  return items.length;
}

function pop(context: CommandContext, args: readonly string[], take: (items: string[]) => string | undefined): Reply {
  const key = arg(args, 1);
  const entry = typed(context, key, "list");
  if (entry === undefined || entry instanceof ReplyError) return entry ?? null;
  const item = take(entry.value);
  dropIfEmpty(context, key, entry.value.length);
  context.emit(args);
  return item === undefined ? null : bulk(item);
}
