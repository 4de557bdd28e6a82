/** Sets. SPOP takes the oldest member instead of a random one, because a simulation must be repeatable. */
import { ReplyError } from "@meridian/resp";
import { arg, bulk, created, dropIfEmpty, typed, type CommandTable } from "./command.js";

/** The commands of this module by lower-case name. */
export const SET_COMMANDS: CommandTable = {
  sadd(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "set");
    if (entry instanceof ReplyError) return entry;
    const members = (entry ?? created(context, key, { type: "set", value: new Set<string>(), deadlineMs: -1 })).value;
    const before = members.size;
    for (let i = 2; i < args.length; i++) members.add(arg(args, i));
    if (members.size > before) context.emit(args);
    return members.size - before;
  },
  srem(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "set");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const removed = args.slice(2).filter((member) => entry.value.delete(member)).length;
    dropIfEmpty(context, key, entry.value.size);
    if (removed > 0) context.emit(args);
    return removed;
  },
  spop(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "set");
    if (entry instanceof ReplyError) return entry;
    const [member] = entry?.value ?? [];
    if (entry === undefined || member === undefined) return null;
    entry.value.delete(member);
    dropIfEmpty(context, key, entry.value.size);
    context.emit(["SREM", key, member]);
    return bulk(member);
  },
  smembers(context, args) {
    const entry = typed(context, arg(args, 1), "set");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    return [...entry.value].map(bulk);
  },
  sismember(context, args) {
    const entry = typed(context, arg(args, 1), "set");
    if (entry instanceof ReplyError) return entry;
    return entry?.value.has(arg(args, 2)) === true ? 1 : 0;
  },
};
