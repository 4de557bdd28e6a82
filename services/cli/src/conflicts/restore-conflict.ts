/**
 * Writes a losing value back: an ordinary client's write to one region's server, which that region's agent captures as
 * new and every region takes for the latest.
 *
 * Refuses, with `BAD_OPTION`, what was not kept, what has no value of its own (a removal, increments that still count),
 * and a key that holds another type by now. Between the look at the type and the write nothing can come (WATCH).
 */
import { MeridianError } from "@meridian/words";
import type { Redis } from "ioredis";
import { bytesTold, type Conflict } from "./conflict-source.js";
import { cellText } from "./conflict-text.js";

/** Which type a kind of cell needs; whole values have any but these. */
const TYPES: Readonly<Record<string, string>> = { s: "string", h: "hash", e: "set", z: "zset" };

/** How often a write is tried again because the key changed between look and write. */
const ATTEMPTS_MAX = 5;

/** Restores a conflict's losing value; returns the command that was run, for people. */
export async function restoreConflict(client: Redis, conflict: Conflict): Promise<string> {
  const { db, kind, key } = conflict;
  const value = valueToRestore(conflict);
  await client.select(db);
  const name = bytesTold(key);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    await client.watch(name);
    try {
      const type = await client.type(name);
      const deadlineMs = kind === "w" ? Math.max(0, Number(await client.call("PEXPIRETIME", name))) : 0;
      const command = commandOf(conflict, value, type, deadlineMs);
      const [verb, ...words] = command;
      const replies = await client.multi().call(String(verb), ...words).exec();
      if (replies === null) continue;
      const [error] = replies[0] ?? [];
      if (error) throw refusal(conflict, error.message, "see what the server holds");
      return `${String(verb)} ${cellText(conflict)}`;
    } finally {
      await client.unwatch();
    }
  }
  throw refusal(conflict, "the key changes all the time", "try again when it is written less often");
}

const NOTHING = Buffer.alloc(0);

function valueToRestore(conflict: Conflict): Buffer {
  const { rule, kind, value, valueBytes } = conflict;
  if (rule === "remove") throw refusal(conflict, "what lost is a removal, which has no value", "remove it again if that is what is wanted");
  if (rule === "home") throw refusal(conflict, "nothing was lost: the write is kept", "see that this region's clients leave the key to its home");
  if (rule === "hidden") throw refusal(conflict, "these increments are not lost", "they count again as soon as a number stands there: SET the key to 0");
  if (rule === "moved") throw refusal(conflict, "nothing was lost: the entry stands under another id", `read it there: ${bytesTold(value ?? "").toString()}`);
  if (rule === "element") throw refusal(conflict, "where the element stands by now only its list tells", "LSET it at its index, if the losing value is the right one");
  if (rule === "clamped") throw refusal(conflict, "the sum does not fit into 64 bits", "lower the counter, or SET it");
  if (rule === "lww" && conflict.isRemoval === true) throw refusal(conflict, "what lost is a removal, which has no value", "remove it again if that is what is wanted");
  if (rule === "type" && (kind === "l" || kind === "x" || kind === "g")) {
    throw refusal(conflict, "what lost is part of a list or stream, which is kept and hidden", "it comes back whole when what hides it is removed, element by element");
  }
  // A member is its own value.
  if (kind === "e") return NOTHING;
  if (value !== undefined) return bytesTold(value);
  const length = valueBytes === undefined ? "was not at hand" : `of ${valueBytes} bytes was longer than conflicts.valueBytesMax`;
  throw refusal(conflict, `the losing value ${length} and was not kept`, "nothing can be written back");
}

function commandOf(conflict: Conflict, value: Buffer, type: string, deadlineMs: number): (string | Buffer)[] {
  const { kind } = conflict;
  const key = bytesTold(conflict.key);
  const field = bytesTold(conflict.field);
  if (kind === "t") {
    if (type === "none") throw refusal(conflict, "the key is not there any more", "a deadline needs a key");
    const deadline = value.toString();
    if (deadline === "none") return ["PERSIST", key];
    if (Number(deadline) <= Date.now()) throw refusal(conflict, "the losing deadline is past", "writing it back would delete the key; DEL it if that is wanted");
    return ["PEXPIREAT", key, deadline];
  }
  // A register has had any type.
  if (conflict.rule === "lww") return ["RESTORE", key, String(deadlineMs), value, "REPLACE", "ABSTTL"];
  const needed = TYPES[kind];
  const fits = type === "none" || (needed === undefined ? !Object.values(TYPES).includes(type) : type === needed);
  if (!fits) throw refusal(conflict, `the key holds a ${type} now`, "delete it first if the old value is to come back");
  if (kind === "s") return ["SET", key, value, "KEEPTTL"];
  if (kind === "h") return ["HSET", key, field, value];
  if (kind === "e") return ["SADD", key, field];
  if (kind === "z") return ["ZADD", key, scoreText(value.toString()), field];
  return ["RESTORE", key, String(deadlineMs), value, "REPLACE", "ABSTTL"];
}

function scoreText(score: string): string {
  return score === "Infinity" ? "+inf" : score === "-Infinity" ? "-inf" : score;
}

function refusal(conflict: Conflict, reason: string, advice: string): MeridianError {
  return new MeridianError("BAD_OPTION", `conflict ${conflict.id} (${cellText(conflict)}) is not restored: ${reason}`, { advice });
}
