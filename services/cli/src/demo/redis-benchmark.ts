/**
 * Drives `redis-benchmark` against a region in short rounds, where it is installed.
 *
 * Promises that the number of requests that it reports were all executed: rounds are multiples of connections times
 * pipeline, because redis-benchmark sends whole pipelines.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { guardChild } from "@meridian/testkit";

const TESTS = ["set", "incr", "sadd", "hset", "zadd"];
const CONNECTIONS = 4;
const PIPELINE = 8;
/** Per test and round. */
const REQUESTS = CONNECTIONS * PIPELINE * 10;
/** Random keys and members: few, so that regions meet. */
const KEYSPACE = 2_000;
const PAUSE_MS = 400;
/** redis-benchmark never ends by itself where its server goes away. */
const ROUND_TIMEOUT_MS = 30_000;

/** What was done to one region. */
export interface BenchmarkTraffic {
  readonly requests: number;
  /** INCRs among them, all on keys `counter:*`. */
  readonly increments: number;
}

/** True where redis-benchmark can be started. */
export async function hasRedisBenchmark(): Promise<boolean> {
  const child = spawn("redis-benchmark", ["--version"], { stdio: "ignore" });
  const ended = await Promise.race([once(child, "exit"), once(child, "error")]).catch(() => undefined);
  return ended?.[0] === 0;
}

/** Rounds until `signal` fires or `roundsMax` are done, each when it is its `turn`. Rejects where redis-benchmark reports a failure. */
export async function runRedisBenchmark(
  url: string,
  roundsMax: number,
  signal: AbortSignal,
  turn: () => Promise<void> | undefined = () => undefined,
): Promise<BenchmarkTraffic> {
  const { hostname, port } = new URL(url);
  const target = ["-h", hostname, "-p", port, "-t", TESTS.join(","), "-c", String(CONNECTIONS), "-P", String(PIPELINE)];
  const size = ["-n", String(REQUESTS), "-r", String(KEYSPACE), "-q"];
  let rounds = 0;
  while (rounds < roundsMax && !signal.aborted) {
    await turn();
    if (signal.aborted) break;
    const child = spawn("redis-benchmark", [...target, ...size], { stdio: ["ignore", "ignore", "pipe"], timeout: ROUND_TIMEOUT_MS });
    const release = guardChild(child);
    let complaint = "";
    child.stderr.on("data", (data: Buffer) => (complaint += data.toString()));
    const [code, killedBy] = (await once(child, "exit")) as [number | null, string | null];
    release();
    if (code !== 0) throw new Error(`redis-benchmark ended with ${killedBy ?? code}: ${complaint}`);
    rounds += 1;
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return { requests: rounds * REQUESTS * TESTS.length, increments: rounds * REQUESTS };
}
