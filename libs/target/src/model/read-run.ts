/** The read script as the model runs it: looks every key up in order and encodes what it holds. */
import { encodeReadResult, type ReadKey, type ReadRequest, type ReadValue } from "@meridian/mark";
import { bulk } from "./command.js";
import type { Keyspace } from "./keyspace.js";
import { dumpEntry } from "./payload.js";
import { printScore } from "./score.js";
import { packed, type StreamValue } from "./stream-value.js";
import { inOrder } from "./zset-commands.js";

/** The payload of one read. Sizes are exact: the model has no estimate that could come before. */
export function readPayload(space: Keyspace, request: ReadRequest, epoch: number, byteLimit: number): Buffer {
  const values = request.keys.map((wanted) => (wanted.first ? readFirst(space, wanted.db, wanted.key) : readKey(space, wanted, byteLimit)));
  return encodeReadResult({ epoch, id: request.id, values });
}

function readFirst(space: Keyspace, db: number, key: string): ReadValue {
  const entry = space.lookup(db, key);
  if (entry?.type !== "stream") return { db, key, type: "none", deadlineMs: -1 };
  return { db, key, type: "first", deadlineMs: -1, payload: bulk(entry.value.entries[0]?.id ?? "") };
}

function readKey(space: Keyspace, { db, key, whole: asOne }: ReadKey, byteLimit: number): ReadValue {
  const entry = space.lookup(db, key);
  if (entry === undefined) return { db, key, type: "none", deadlineMs: -1 };
  const { deadlineMs } = entry;
  const whole = (type: "string" | "whole", text: string): ReadValue =>
    text.length > byteLimit ? refused(text.length) : { db, key, type, deadlineMs, payload: bulk(text) };
  const list = (type: "hash" | "set" | "zset" | "stream" | "list", texts: string[]): ReadValue => {
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    return bytes > byteLimit ? refused(bytes) : { db, key, type, deadlineMs, items: texts.map(bulk) };
  };
  const refused = (bytes: number): ReadValue => ({ db, key, type: "none", deadlineMs, refused: `too large: ${bytes} bytes` });
  if (asOne) return whole("whole", dumpEntry(entry));
  switch (entry.type) {
    case "string":
      return whole("string", entry.value);
    case "hash":
      return list("hash", [...entry.value].flat());
    case "set":
      return list("set", [...entry.value]);
    case "zset":
      return list("zset", inOrder(entry.value).flatMap(([member, score]) => [member, printScore(score)]));
    case "stream":
      return list("stream", streamItems(entry.value));
    case "list":
      return list("list", entry.value);
  }
}

function streamItems({ entries, groups, lastId }: StreamValue): string[] {
  const ofGroups = [...groups].flatMap(([name, { last }]) => [name, last]);
  return [lastId, String(groups.size), ...ofGroups, ...entries.flatMap(({ id, pairs }) => [id, packed(pairs)])];
}
