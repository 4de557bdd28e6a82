/** What a key of the model holds, as an agent names it where it takes the whole key away. */
import { GROUP_CONTENT, PRINT_LIMIT_BYTES, type ExactContent } from "@meridian/mark";
import { createHash } from "node:crypto";
import type { SnapshotEntry } from "../model/server-model.js";
import { packed } from "../model/stream-value.js";

/** Each element with its content. */
export function exactElements({ type, value }: SnapshotEntry): ExactContent["elements"] {
  if (type === "string") return [["", printOf(value as unknown as string)]];
  const items = value as unknown as readonly (string & readonly [string, string & number])[];
  if (type === "set") return items.map((member) => [member, ""]);
  if (type === "zset") return items.map(([member, score]) => [member, `=${scoreText(score)}`]);
  if (type === "hash") return items.map(([field, held]) => [field, printOf(held)]);
  if (type === "list") return items.map((held) => ["", printOf(held)]);
  const stream = items as readonly (readonly [string, string])[];
  return stream.filter(([name]) => name !== "last").map(([name, text]) => (name === "group" ? [text, GROUP_CONTENT] : [name, printOf(packed(JSON.parse(text) as string[]))]));
}

function scoreText(score: number): string {
  return Number.isFinite(score) ? String(score) : score > 0 ? "inf" : "-inf";
}

function printOf(held: string): string {
  return held.length <= PRINT_LIMIT_BYTES ? `=${held}` : `#${createHash("sha1").update(held, "latin1").digest("hex").slice(0, 16)}`;
}
