/**
 * The demonstration: conflicting traffic in all regions at once, then the proof that all regions are equal.
 *
 * Promises a report of what was really seen: every figure comes from acknowledged replies, from the agents' /status or
 * from comparing all values of all regions. Starts a mesh of its own and leaves nothing of it behind.
 */
import { MeridianError } from "@meridian/words";
import { Redis } from "ioredis";
import { compareServers } from "../diff/compare-servers.js";
import type { CompareReport } from "../diff/compare-report.js";
import type { MeshLogKind } from "../mesh/mesh-log.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import { waitForQuiet } from "../mesh/quiet.js";
import { fetchStatus, pollAgents, type AgentAnswer } from "../status/agent-poll.js";
import type { AgentStatus } from "../status/agent-status.js";
import { writeConflicts } from "./conflict-writer.js";
import { Ledger, type Inexact } from "./ledger.js";
import { Pace } from "./pace.js";
import { hasRedisBenchmark, runRedisBenchmark } from "./redis-benchmark.js";

/** What to demonstrate. */
export interface DemoOptions {
  readonly regions: readonly string[];
  readonly log: MeshLogKind;
  /** How long clients write. */
  readonly seconds: number;
  /** Conflict operations per second and region. */
  readonly operationsPerSecond: number;
  /** Another agent program than this checkout's. */
  readonly agentMain?: string;
  /** Told what is going on: lines that stay, and the state right now. */
  readonly onMilestone: (text: string) => void;
  readonly onProgress: (progress: DemoProgress) => void;
  readonly signal: AbortSignal;
}

/** While clients write, and after. */
export interface DemoProgress {
  readonly phase: "writing" | "settling" | "comparing";
  readonly acknowledged: number;
  readonly secondsLeft?: number;
  readonly detail?: string;
}

/** What was seen. Plain data: it is what `--json` prints. */
export interface DemoReport {
  readonly regions: readonly string[];
  readonly log: MeshLogKind;
  readonly equal: boolean;
  readonly countersExact: boolean;
  /** True where the mesh became quiet, all regions are equal, all counters exact and every write was answered. */
  readonly passed: boolean;
  readonly writes: { readonly conflict: number; readonly redisBenchmark: number; readonly refused: number; readonly unanswered: number };
  readonly writingMs: number;
  /** Of it: how long clients waited for the slowest region. */
  readonly waitedMs: number;
  readonly writesPerSecond: number;
  readonly quietAfterMs: number;
  /** What was still going on when waiting for quiet was given up; undefined where it became quiet. */
  readonly unrest: string | undefined;
  readonly exactCells: number;
  readonly inexact: readonly Inexact[];
  readonly conflicts: number;
  readonly agents: readonly DemoAgent[];
  readonly comparison: CompareReport;
}

/** One region's agent at the end. */
export interface DemoAgent {
  readonly region: string;
  readonly mutationsPublished: number;
  readonly mutationsReceived: number;
  readonly cellsApplied: number;
  readonly conflicts: number;
  readonly lagMs: readonly { readonly from: string; readonly p50: number; readonly p99: number }[];
}

/** In short rounds, so that the machine is not redis-benchmark's alone. */
const BENCHMARK_ROUNDS_MAX = 1_000;
const PROGRESS_INTERVAL_MS = 200;

/** Runs it. Throws what {@link startMesh}, {@link waitForQuiet} and {@link compareServers} throw. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { regions, log, signal, onMilestone } = options;
  const startedMs = performance.now();
  const mesh = await startMesh({
    regions,
    log,
    signal,
    ...(options.agentMain === undefined ? {} : { agentMain: options.agentMain }),
    onStep: (detail) => options.onProgress({ phase: "writing", acknowledged: 0, detail: `starting ${detail}` }),
  });
  const clients = mesh.regions.map(({ region, url }) => ({ region, client: quietClient(url) }));
  try {
    onMilestone(`${regions.length} regions on the ${log} log are ready after ${seconds(performance.now() - startedMs)}`);
    const died = mesh.failure.then((reason) => Promise.reject(new Error(reason)));
    return await Promise.race([died, drive(mesh, clients, options)]);
  } finally {
    for (const { client } of clients) client.disconnect();
    await mesh.stop();
  }
}

type Clients = readonly { readonly region: string; readonly client: Redis }[];

async function drive(mesh: Mesh, clients: Clients, options: DemoOptions): Promise<DemoReport> {
  const { signal, onMilestone, onProgress } = options;
  const ledger = new Ledger();
  const { writingMs, waitedMs, requests, increments } = await writeEverywhere(mesh, clients, ledger, options);
  const acknowledged = ledger.acknowledged + requests;
  // lag is measured over a sliding window: now it still holds the time under load
  const loaded = await pollAgents(mesh.regions.map(({ agentUrl }) => agentUrl));
  onMilestone(`clients have stopped after ${count(acknowledged)} acknowledged writes`);
  const settlingFromMs = performance.now();
  const unrest = await settle(mesh, signal, (detail) => onProgress({ phase: "settling", acknowledged, detail }));
  const quietAfterMs = Math.round(performance.now() - settlingFromMs);
  const outcome = unrest === undefined ? `quiet after ${seconds(quietAfterMs)}` : `not quiet after ${seconds(quietAfterMs)} (${unrest})`;
  onMilestone(`${outcome}; comparing every value of every region`);
  const comparison = await compareServers(
    mesh.regions.map(({ region, url }) => ({ name: region, url })),
    { signal, onProgress: ({ keysScanned }) => onProgress({ phase: "comparing", acknowledged, detail: `${count(keysScanned)} keys` }) },
  );
  const inexact = [...(await ledger.check(clients)), ...(await checkBenchmark(clients, increments))];
  const statuses = await Promise.all(mesh.regions.map(({ agentUrl }) => fetchStatus(agentUrl)));
  const agents = statuses.map((status, index) => agentOf(status, loaded[index]));
  const equal = comparison.verdict === "equal";
  const countersExact = inexact.length === 0 && ledger.unanswered === 0;
  return {
    regions: options.regions,
    log: options.log,
    equal,
    countersExact,
    passed: equal && countersExact && unrest === undefined,
    writes: { conflict: ledger.acknowledged, redisBenchmark: requests, refused: ledger.refused, unanswered: ledger.unanswered },
    writingMs: Math.round(writingMs),
    waitedMs: Math.round(waitedMs),
    writesPerSecond: Math.round((acknowledged * 1_000) / writingMs),
    quietAfterMs,
    unrest,
    exactCells: ledger.cells + (increments > 0 ? 1 : 0),
    inexact,
    conflicts: agents.reduce((sum, agent) => sum + agent.conflicts, 0),
    agents,
    comparison,
  };
}

/** Waits for quiet; gives back what prevented it, because the comparison is worth having then too. */
async function settle(mesh: Mesh, signal: AbortSignal, onWait: (missing: string) => void): Promise<string | undefined> {
  try {
    await waitForQuiet(mesh.regions, { signal, onWait });
    return undefined;
  } catch (error) {
    if (error instanceof MeridianError && error.code === "AGENT_UNAVAILABLE") return error.message;
    throw error;
  }
}

async function writeEverywhere(
  mesh: Mesh,
  clients: Clients,
  ledger: Ledger,
  options: DemoOptions,
): Promise<{ writingMs: number; waitedMs: number; requests: number; increments: number }> {
  const { signal, onMilestone, onProgress } = options;
  const withBenchmark = await hasRedisBenchmark();
  const driver = withBenchmark ? "redis-benchmark and a conflict workload" : "a conflict workload (redis-benchmark is not installed)";
  onMilestone(`writing to all of ${options.regions.join(", ")} at once for ${options.seconds} s: ${driver}`);
  const startedMs = performance.now();
  // not AbortSignal.any with AbortSignal.timeout: Node 20 may collect those as garbage before they fire
  const ending = new AbortController();
  const end = ending.signal;
  const stop = (): void => ending.abort(signal.reason);
  const timer = setTimeout(stop, options.seconds * 1_000);
  signal.addEventListener("abort", stop, { once: true });
  const ticker = setInterval(() => {
    const secondsLeft = Math.max(0, options.seconds - (performance.now() - startedMs) / 1_000);
    onProgress({ phase: "writing", acknowledged: ledger.acknowledged, secondsLeft });
  }, PROGRESS_INTERVAL_MS);
  try {
    const pace = new Pace(clients);
    const turn = (): Promise<void> | undefined => pace.turn();
    const watching = pace.watch(end);
    const rate = options.operationsPerSecond;
    const conflicts = clients.map(({ region, client }) => writeConflicts(region, client, rate, ledger, end, Math.random, turn));
    const benchmarks = withBenchmark ? mesh.regions.map(({ url }) => runRedisBenchmark(url, BENCHMARK_ROUNDS_MAX, end, turn)) : [];
    const traffic = await Promise.all(benchmarks);
    await Promise.all([...conflicts, watching]);
    ledger.acknowledged += pace.acknowledged;
    signal.throwIfAborted();
    const requests = traffic.reduce((sum, of) => sum + of.requests, 0);
    const increments = traffic.reduce((sum, of) => sum + of.increments, 0);
    return { writingMs: performance.now() - startedMs, waitedMs: pace.waitedMs, requests, increments };
  } finally {
    clearInterval(ticker);
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** The sum of redis-benchmark's counters is the number of its INCRs in all regions together. */
async function checkBenchmark(clients: Clients, increments: number): Promise<Inexact[]> {
  if (increments === 0) return [];
  const found = await Promise.all(clients.map(async ({ region, client }) => [region, await sumOfCounters(client)] as const));
  if (found.every(([, sum]) => sum === increments)) return [];
  return [{ what: "sum of redis-benchmark's counter:*", expected: increments, found: Object.fromEntries(found) }];
}

async function sumOfCounters(client: Redis): Promise<number> {
  let sum = 0;
  for await (const keys of client.scanStream({ match: "counter:*", count: 1_000 }) as AsyncIterable<string[]>) {
    if (keys.length === 0) continue;
    for (const value of await client.mget(keys)) sum += Number(value ?? 0);
  }
  return sum;
}

function agentOf({ region, pipelines }: AgentStatus, loaded: AgentAnswer | undefined): DemoAgent {
  const underLoad = loaded !== undefined && "status" in loaded ? loaded.status.pipelines : pipelines;
  const total = (read: (pipeline: AgentStatus["pipelines"][number]) => number): number => pipelines.reduce((sum, each) => sum + read(each), 0);
  return {
    region,
    mutationsPublished: total(({ publish }) => publish.mutations),
    mutationsReceived: total(({ receive }) => receive.mutations),
    cellsApplied: total(({ apply }) => apply.cells),
    conflicts: total(({ apply }) => apply.conflicts),
    lagMs: underLoad
      .flatMap(({ peers }) => peers)
      .filter(({ lagSamples }) => lagSamples > 0)
      .map(({ writer, lagMsP50, lagMsP99 }) => ({ from: writer, p50: lagMsP50, p99: lagMsP99 })),
  };
}

/** A lost connection is not papered over: what was not answered is counted. */
function quietClient(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on("error", () => undefined);
  return client;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
