/**
 * Whether a Redis server may hold a log: refuses a server that would evict its streams and keys that are no streams or
 * expire; warns where nothing is written to disk. Servers that hide their configuration are taken at their word.
 */
import { MeridianError, type WriterId } from "@meridian/words";
import type { Redis } from "ioredis";
import type { LogLogger } from "./port.js";
import { streamKey } from "./redis-options.js";

/** Checks the server's memory policy. Throws `TOPIC_MISMATCH`. */
export async function checkServer(client: Redis, url: string, logger: LogLogger): Promise<void> {
  const memory = infoFields(await client.info("memory"));
  const policy = memory.get("maxmemory_policy") ?? "noeviction";
  if (memory.get("maxmemory") !== "0" && policy.startsWith("allkeys-")) {
    throw mismatch("maxmemory-policy", policy, "noeviction or volatile-*", "redis-cli CONFIG SET maxmemory-policy noeviction");
  }
  const persistence = infoFields(await client.info("persistence"));
  if (persistence.get("aof_enabled") === "0") {
    const advice = "the log server keeps no append-only file: what it acknowledged since its last snapshot is lost if it crashes";
    logger.warn({ setting: "appendonly", found: "no", wanted: "yes", server: url.replace(/\/\/[^@/]*@/, "//") }, advice);
  }
}

/** Checks that a writer's key is free or a lasting stream. Throws `TOPIC_MISMATCH`. */
export async function checkStream(client: Redis, writer: WriterId): Promise<void> {
  const key = streamKey(writer);
  const [type, ttlMs] = await Promise.all([client.type(key), client.pttl(key)]);
  if (type !== "none" && type !== "stream") {
    throw mismatch(`TYPE ${key}`, type, "stream", `redis-cli RENAME ${key} ${key}:old`);
  }
  if (ttlMs >= 0) throw mismatch(`PTTL ${key}`, String(ttlMs), "none", `redis-cli PERSIST ${key}`);
}

function mismatch(setting: string, found: string, wanted: string, remedy: string): MeridianError {
  return new MeridianError("TOPIC_MISMATCH", `the log would lose data: ${setting} is ${found}, wanted ${wanted}`, {
    advice: `run: ${remedy}`,
  });
}

function infoFields(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as const));
}
