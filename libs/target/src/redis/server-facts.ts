/**
 * Reads INFO. Fields that a server does not know stay at their neutral value; a text that is no INFO is refused.
 */
import { MeridianError } from "@meridian/words";
import type { ServerFacts } from "../port.js";

/** The first version with PEXPIRETIME, without which an expiry cannot be compared exactly. */
const OLDEST_MAJOR = 7;

/** Parses the text of INFO. Throws `SERVER_UNSUPPORTED` where it names no version. */
export function parseServerFacts(info: string): ServerFacts {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const valkey = field("valkey_version");
  const version = valkey || field("redis_version");
  if (version === "") throw unsupported("it does not name its version in INFO");
  return {
    kind: valkey === "" ? "redis" : "valkey",
    version,
    runId: field("run_id"),
    role: field("role") === "slave" ? "replica" : "master",
    clusterEnabled: field("cluster_enabled") === "1",
    replicationId: field("master_replid"),
    replicationOffset: Number(field("master_repl_offset")),
    usedMemoryBytes: Number(field("used_memory")),
    maxMemoryBytes: Number(field("maxmemory")),
    maxMemoryPolicy: field("maxmemory_policy") || "noeviction",
    evictedKeys: Number(field("evicted_keys")),
    modules: [...info.matchAll(/^module:name=([^,\r\n]+)/gm)].map(([, name]) => name ?? ""),
    keysWithFieldDeadlines: sumOf(info, /^db\d+:.*\b(?:subexpiry|keys_with_volatile_items)=(\d+)/gm),
    databases: [...info.matchAll(/^db(\d+):keys=/gm)].map(([, db]) => Number(db)),
  };
}

function sumOf(info: string, pattern: RegExp): number {
  return [...info.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Throws `SERVER_UNSUPPORTED` where the scripts cannot work. */
export function refuseUnsupported(facts: ServerFacts): void {
  if (Number.parseInt(facts.version, 10) < OLDEST_MAJOR) {
    throw unsupported(`${facts.kind} ${facts.version} has no PEXPIRETIME, so expiries cannot be compared`);
  }
  if (facts.clusterEnabled) throw unsupported("it runs in cluster mode, where one script cannot reach all keys");
}

function unsupported(reason: string): MeridianError {
  return new MeridianError("SERVER_UNSUPPORTED", `this server cannot be written to: ${reason}`, {
    advice: "use Redis 7.0 or newer, or Valkey, without cluster mode",
  });
}
