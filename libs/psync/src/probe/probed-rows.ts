/**
 * Which rows of the command table a probe may try on a server that is in use: those whose examples write only keys under
 * its prefix. What would touch the whole server, or another one, is left out by name.
 */
import { COMMAND_TABLE, existsIn, STREAM_EXAMPLES, type CommandName, type CommandRow, type Example } from "@meridian/commands";
import type { NotTried } from "./probe-report.js";

const NEVER: readonly (readonly [RegExp, string])[] = [
  [/^(flushall|flushdb|swapdb)$/, "it would empty or exchange the dataset"],
  [/^(script|function)\||^(fcall|evalsha)$/, "scripts and functions belong to the whole server"],
  [/^migrate$/, "it needs a second server"],
  [/^s?publish$/, "channels belong to everybody"],
  [/^move$/, "it needs a second database"],
  [/^pfdebug$/, "it is for debugging the server itself"],
];

/** What the agent tries before its first attach: the forms on which capture depends most. */
export const SHORT_PROBE: readonly CommandName[] = [
  ...(["set", "setex", "getset", "getdel", "getex", "mset", "incrby", "incrbyfloat", "append", "del"] as const),
  ...(["expire", "pexpireat", "persist", "rename", "hset", "hincrby", "hincrbyfloat", "hdel", "sadd", "srem", "spop"] as const),
  ...(["zadd", "zincrby", "zpopmin", "zrem", "rpush", "lpop", "lmove", "xadd", "xtrim", "pfadd", "eval"] as const),
];

/** A row with the examples that are tried. */
export interface ProbedRow {
  readonly row: CommandRow<CommandName>;
  readonly examples: readonly Example[];
}

/** The rows to try on a server of this kind and version, and those that are left out. `names`: only these. */
export function probedRows(
  kind: "redis" | "valkey",
  version: string,
  names?: readonly CommandName[],
): { rows: readonly ProbedRow[]; notTried: readonly NotTried[] } {
  const rows: ProbedRow[] = [];
  const notTried: NotTried[] = [];
  for (const row of COMMAND_TABLE) {
    const examples = STREAM_EXAMPLES[row.name] ?? [];
    if (examples.length === 0 || !existsIn(row, kind, version) || (names && !names.includes(row.name))) continue;
    const reason = NEVER.find(([pattern]) => pattern.test(row.name))?.[1];
    if (reason !== undefined) notTried.push({ command: row.name, reason });
    else rows.push({ row, examples: examples.filter((example) => !example.some(namesDatabase)) });
  }
  return { rows, notTried };
}

function namesDatabase(command: Example[number]): boolean {
  return typeof command === "string" && / DB [1-9]/.test(command);
}
