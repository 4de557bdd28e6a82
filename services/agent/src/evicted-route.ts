/**
 * `POST /evicted`: which of some keys a captured server has evicted, so that whoever compares regions can tell them from lost ones.
 *
 * The body is JSON: `{"db", "keys", "server"}`; keys in base64, {@link KEYS_MAX} at most; `server` may be left out where there is
 * one. Answers 200 with `{"evicted": [true, false, ...]}` in the order of the keys, as of the agent's last commit; 400 for what
 * cannot be read, 503 where the server is not there or its store is not open.
 */
import { jsonReply, type HttpReply } from "@meridian/shell";

/** Keys of one question. */
export const KEYS_MAX = 1_000;
const DATABASES_MAX = 2 ** 16;

/** Tells it of keys (binary strings) of one database; undefined: the server is not there, or its store is not open. */
export type TellEvicted = (server: string | undefined, db: number, keys: readonly string[]) => readonly boolean[] | undefined;

/** Answers one request. */
export function evictedReply(body: unknown, tell: TellEvicted): HttpReply {
  const { db, keys, server } = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  if (server !== undefined && typeof server !== "string") return refused("server", "the name of a captured server");
  if (typeof db !== "number" || !Number.isInteger(db) || db < 0 || db >= DATABASES_MAX) return refused("db", "the number of a database");
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return refused("keys", `a list of at most ${KEYS_MAX} keys in base64`);
  if (!keys.every((key): key is string => typeof key === "string")) return refused("a key that is no text", "base64");
  const evicted = tell(server, db, keys.map((key) => Buffer.from(key, "base64").toString("latin1")));
  return evicted ? jsonReply(200, { evicted }) : jsonReply(503, { error: "no such server, or its store is not open" });
}

function refused(found: string, allowed: string): HttpReply {
  return jsonReply(400, { error: found, allowed });
}
