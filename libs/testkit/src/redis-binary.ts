/**
 * Finding a redis-server or valkey-server to start.
 *
 * Order: what the caller names, then `$REDIS_SERVER`, then `redis-server` and `valkey-server` on the PATH. A missing
 * binary is an error with the remedy, never a skipped test.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MeridianError } from "@meridian/words";

/** What kind of server a binary is, from its own `--version`. */
export interface ServerVersion {
  readonly kind: "redis" | "valkey";
  /** For example "7.0.15". */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** A binary that answered `--version`. */
export interface RedisBinary {
  readonly path: string;
  readonly version: ServerVersion;
}

const run = promisify(execFile);
const known = new Map<string, Promise<RedisBinary>>();

/** Finds the binary (see the module's comment) and asks its version once per process. */
export async function findRedisBinary(named?: string): Promise<RedisBinary> {
  const given = named ?? process.env["REDIS_SERVER"];
  const candidates = given ? [given] : ["redis-server", "valkey-server"];
  const failures: string[] = [];
  for (const path of candidates) {
    try {
      return await probe(path);
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message.split("\n")[0] ?? ""}`);
    }
  }
  throw new MeridianError("SERVER_UNAVAILABLE", `there is no Redis server to start (${failures.join("; ")})`, {
    advice:
      "install one (Debian: apt-get install redis-server; macOS: brew install redis) or set REDIS_SERVER to the path of a " +
      "redis-server or valkey-server binary",
  });
}

function probe(path: string): Promise<RedisBinary> {
  let found = known.get(path);
  if (found === undefined) {
    found = run(path, ["--version"]).then(({ stdout }) => ({ path, version: parseVersion(stdout) }));
    found.catch(() => known.delete(path));
    known.set(path, found);
  }
  return found;
}

/** Reads "Redis server v=7.0.15 sha=..." or "Valkey server v=8.0.1 ...". */
export function parseVersion(output: string): ServerVersion {
  const match = /^(\w+) server v=((\d+)\.(\d+)\S*)/i.exec(output);
  if (match === null) throw new Error(`not a Redis or Valkey server: its --version says ${JSON.stringify(output)}`);
  const [, name = "", text = "", major, minor] = match;
  return { kind: /valkey/i.test(name) ? "valkey" : "redis", text, major: Number(major), minor: Number(minor) };
}
