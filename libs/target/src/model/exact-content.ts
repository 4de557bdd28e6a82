/** Whether a key of the model holds what an unlink names, all of it and nothing else (script/holding.ts). */
import { GROUP_CONTENT } from "@meridian/mark";
import { createHash } from "node:crypto";
import type { Entry, EntryOf } from "./keyspace.js";
import { parseScore } from "./score.js";
import { packed } from "./stream-value.js";

/** Elements with their contents, as `ExactContent` of libs/mark says them. */
export type ExactElements = readonly (readonly [field: string, content: string])[];

/** The elements that stand flat in an operation's arguments. */
export function readElements(flat: readonly string[]): ExactElements {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""] as const);
}

/** True where `entry` holds these and nothing else. `holds` answers for types without elements. */
export function holdsExactly(entry: Entry | undefined, elements: ExactElements, holds: (content: string) => boolean): boolean {
  const count = elements.length;
  if (elements[0]?.[1].startsWith("d") === true) return holds(elements[0][1]);
  switch (entry?.type) {
    case "set":
      return entry.value.size === count && elements.every(([member]) => entry.value.has(member));
    case "zset":
      return entry.value.size === count && elements.every(([member, held]) => entry.value.get(member) === parseScore(held.slice(1)));
    case "hash":
      return entry.value.size === count && elements.every(([field, content]) => isOf(entry.value.get(field), content));
    case "list":
      return entry.value.length === count && elements.every(([, content], at) => isOf(entry.value[at], content));
    case "stream":
      return holdsStream(entry, elements);
    default:
      return elements.every(([, content]) => holds(content));
  }
}

function holdsStream({ value }: EntryOf<"stream">, elements: ExactElements): boolean {
  const groups = elements.filter(([, content]) => content === GROUP_CONTENT);
  const entries = elements.filter(([, content]) => content !== GROUP_CONTENT);
  if (entries.length !== value.entries.length || groups.length !== value.groups.size) return false;
  const held = new Map(value.entries.map(({ id, pairs }) => [id, packed(pairs)]));
  return groups.every(([name]) => value.groups.has(name)) && entries.every(([id, content]) => isOf(held.get(id), content));
}

function isOf(held: string | undefined, content: string): boolean {
  if (held === undefined) return false;
  return content.startsWith("#") ? digest(held) === content.slice(1) : held === content.slice(1);
}

function digest(text: string): string {
  return createHash("sha1").update(text, "latin1").digest("hex").slice(0, 16);
}
