/**
 * DUMP of the model: opaque to everybody else, equal for equal values, refused when damaged. A real server's payload
 * differs in every byte, but is used in the same ways.
 */
import type { Entry } from "./keyspace.js";
import { dumpStream, restoreStream } from "./stream-value.js";

const MAGIC = "MODEL-DUMP ";

/** The value without its deadline. */
export function dumpEntry(entry: Entry): string {
  const { type, value } = entry;
  if (type === "stream") return MAGIC + JSON.stringify([type, dumpStream(value)]);
  let content: unknown = value;
  if (type === "hash" || type === "zset") content = [...(value as Map<string, string | number>)].sort(byFirst).map(([k, v]) => [k, String(v)]);
  else if (type === "set") content = [...value].sort();
  return MAGIC + JSON.stringify([type, content]);
}

/** The entry of a payload, or undefined where it is none of ours. */
export function restoreEntry(payload: string, deadlineMs: number): Entry | undefined {
  if (!payload.startsWith(MAGIC)) return undefined;
  const [type, content] = JSON.parse(payload.slice(MAGIC.length)) as [Entry["type"], never];
  switch (type) {
    case "string":
      return { type, value: content, deadlineMs };
    case "list":
      return { type, value: content, deadlineMs };
    case "stream":
      return { type, value: restoreStream(content), deadlineMs };
    case "set":
      return { type, value: new Set<string>(content), deadlineMs };
    case "hash":
      return { type, value: new Map<string, string>(content), deadlineMs };
    case "zset":
      return { type, value: new Map((content as [string, string][]).map(([m, s]) => [m, Number(s)])), deadlineMs };
  }
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
