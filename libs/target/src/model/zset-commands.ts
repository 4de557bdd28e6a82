/** Sorted sets: ZADD with its options, ZINCRBY, ZREM, ZSCORE, ZRANGE by index. */
import { ReplyError, type Reply } from "@meridian/resp";
import { arg, bulk, created, dropIfEmpty, NOT_A_FLOAT, NOT_AN_INTEGER, SYNTAX, typed, type CommandContext, type CommandTable } from "./command.js";
import { isInteger } from "./integer.js";
import { parseScore, printScore } from "./score.js";

interface ZaddOptions {
  readonly nx: boolean;
  readonly xx: boolean;
  readonly gt: boolean;
  readonly lt: boolean;
  readonly ch: boolean;
  readonly incr: boolean;
}

const NO_OPTIONS: ZaddOptions = { nx: false, xx: false, gt: false, lt: false, ch: false, incr: false };

/** The commands of this module by lower-case name. */
export const ZSET_COMMANDS: CommandTable = {
  zadd,
  zincrby: (context, args) => addScores(context, args, { ...NO_OPTIONS, incr: true }, args.slice(2)),
  zrem(context, args) {
    const key = arg(args, 1);
    const entry = typed(context, key, "zset");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? 0;
    const removed = args.slice(2).filter((member) => entry.value.delete(member)).length;
    dropIfEmpty(context, key, entry.value.size);
    if (removed > 0) context.emit(args);
    return removed;
  },
  zscore(context, args) {
    const entry = typed(context, arg(args, 1), "zset");
    if (entry instanceof ReplyError) return entry;
    const score = entry?.value.get(arg(args, 2));
    return score === undefined ? null : bulk(printScore(score));
  },
  zrange(context, args) {
    if (!isInteger(arg(args, 2)) || !isInteger(arg(args, 3))) return NOT_AN_INTEGER;
    const entry = typed(context, arg(args, 1), "zset");
    if (entry === undefined || entry instanceof ReplyError) return entry ?? [];
    const withScores = args[4]?.toUpperCase() === "WITHSCORES";
    const ordered = inOrder(entry.value);
    const index = (text: string): number => (Number(text) < 0 ? ordered.length + Number(text) : Number(text));
    const found = ordered.slice(Math.max(0, index(arg(args, 2))), Math.max(0, index(arg(args, 3)) + 1));
    return found.flatMap(([member, score]) => (withScores ? [bulk(member), bulk(printScore(score))] : [bulk(member)]));
  },
};

/** Members by score, then by bytes. */
export function inOrder(scores: ReadonlyMap<string, number>): [string, number][] {
  return [...scores].sort(([a, x], [b, y]) => (x !== y ? (x < y ? -1 : 1) : a < b ? -1 : 1));
}

function zadd(context: CommandContext, args: readonly string[]): Reply {
  const found = new Set<string>();
  let first = 2;
  for (; first < args.length; first++) {
    const word = arg(args, first).toUpperCase();
    if (!["NX", "XX", "GT", "LT", "CH", "INCR"].includes(word)) break;
    found.add(word);
  }
  const [nx, xx, gt, lt] = ["NX", "XX", "GT", "LT"].map((word) => found.has(word)) as [boolean, boolean, boolean, boolean];
  const options = { nx, xx, gt, lt, ch: found.has("CH"), incr: found.has("INCR") };
  const pairs = args.slice(first);
  if (pairs.length === 0 || pairs.length % 2 === 1) return SYNTAX;
  if (nx && xx) return new ReplyError("ERR XX and NX options at the same time are not compatible");
  if ((gt && nx) || (lt && nx) || (gt && lt)) return new ReplyError("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (options.incr && pairs.length > 2) return new ReplyError("ERR INCR option supports a single increment-element pair");
  return addScores(context, args, options, pairs);
}

function addScores(context: CommandContext, args: readonly string[], options: ZaddOptions, pairs: readonly string[]): Reply {
  const scores: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const score = parseScore(arg(pairs, i));
    if (score === undefined) return NOT_A_FLOAT;
    scores.push(score);
  }
  const key = arg(args, 1);
  const entry = typed(context, key, "zset");
  if (entry instanceof ReplyError) return entry;
  if (entry === undefined && options.xx) return options.incr ? null : 0;
  const members = (entry ?? created(context, key, { type: "zset", value: new Map<string, number>(), deadlineMs: -1 })).value;
  const before = members.size;
  let updated = 0;
  let last: number | undefined;
  for (const [i, given] of scores.entries()) {
    const member = arg(pairs, 2 * i + 1);
    const held = members.get(member);
    const score = held !== undefined && options.incr ? held + given : given;
    if (Number.isNaN(score)) return new ReplyError("ERR resulting score is not a number (NaN)");
    last = undefined;
    if (held === undefined ? options.xx : options.nx || (options.gt && score <= held) || (options.lt && score >= held)) continue;
    last = score;
    if (held === score) continue;
    members.set(member, score);
    if (held !== undefined) updated += 1;
  }
  const added = members.size - before;
  if (added + updated > 0) context.emit(args);
  if (options.incr) return last === undefined ? null : bulk(printScore(last));
  return options.ch ? added + updated : added;
}
