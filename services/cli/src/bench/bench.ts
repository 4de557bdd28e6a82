/**
 * The benchmark: the same traffic from one region to one peer through Meridian and through native replication.
 *
 * Promises that each workload begins with fresh servers and agents, that every command was acknowledged and became
 * visible at the other end (otherwise it fails), and that CPU counts all work until the mesh is quiet again. Everything,
 * the load process included, runs on this one machine and competes for its cores.
 */
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { Redis } from "ioredis";
import type { MeshLogKind } from "../mesh/mesh-log.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import { waitForQuiet } from "../mesh/quiet.js";
import type { BenchReport, BenchSettings, RunReport, WayReport, WorkloadReport } from "./bench-report.js";
import { LoadProcess } from "./load-process.js";
import type { LoadPlan } from "./load-run.js";
import { machineFacts } from "./machine-facts.js";
import { measuredRun, type RunSubjects } from "./measured-run.js";
import type { WorkloadName } from "./workload.js";

/** What to measure, and whom to tell. */
export interface BenchOptions extends BenchSettings {
  /** Folder for CPU profiles of the agents. */
  readonly profileDir?: string;
  /** Another agent program than this checkout's. */
  readonly agentMain?: string;
  readonly onStep: (step: string) => void;
  readonly signal: AbortSignal;
}

/** Before the measured time: caches fill. */
const WARM_UP_SECONDS = 1.5;
/**
 * Commands before the first measured run: until a JavaScript engine has compiled what is used often, the first 20,000 cost two to
 * three times as much as later ones, and on a slow machine they would be a quarter of all.
 */
const COMPILING_COMMANDS = 200_000;
const COMPILING_SECONDS_MAX = 30;
const SYNC_TIMEOUT_MS = 60_000;
const SOURCE = "eu";
const TARGET = "us";
/** A server that holds its whole stream for a slow reader measures the reader, not its own limits. */
const SERVER_ARGS = ["--client-output-buffer-limit", "replica", "0", "0", "0"];

/** Runs everything. Throws what {@link startMesh} and {@link waitForQuiet} throw, and where load fails. */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const load = new LoadProcess();
  try {
    const workloads: WorkloadReport[] = [];
    const version = await serverVersion();
    for (const workload of options.workloads) workloads.push(await new WorkloadBench(workload, options, load).run());
    const { logs, seconds, keys, valueBytes, windowCommands, agentArgs } = options;
    return {
      machine: machineFacts(version, new Date()),
      settings: { logs, workloads: options.workloads, seconds, keys, valueBytes, windowCommands, agentArgs },
      workloads,
    };
  } finally {
    load.stop();
  }
}

async function serverVersion(): Promise<TestRedis["version"]> {
  const server = await startRedis();
  await server.stop();
  return server.version;
}

/** One workload on all ways. */
class WorkloadBench {
  readonly #workload: WorkloadName;
  readonly #options: BenchOptions;
  readonly #load: LoadProcess;
  #seed = 1;

  constructor(workload: WorkloadName, options: BenchOptions, load: LoadProcess) {
    this.#workload = workload;
    this.#options = options;
    this.#load = load;
  }

  async run(): Promise<WorkloadReport> {
    const meridian: WayReport[] = [];
    for (const log of this.#options.logs) meridian.push(await this.#throughMeridian(log));
    const rate = Math.max(...meridian.map(({ half }) => half.commandsPerSecond ?? 0));
    return { workload: this.#workload, meridian, native: await this.#throughReplica(rate) };
  }

  async #throughMeridian(log: MeshLogKind): Promise<WayReport> {
    const { profileDir, agentMain, agentArgs, signal } = this.#options;
    const mesh = await startMesh({
      regions: [SOURCE, TARGET],
      log,
      signal,
      serverArgs: SERVER_ARGS,
      agentArgs,
      ...(agentMain === undefined ? {} : { agentMain }),
      ...(profileDir === undefined ? {} : { agentNodeArgs: ["--cpu-prof", `--cpu-prof-dir=${profileDir}`] }),
    });
    const died = mesh.failure.then((reason) => Promise.reject(new Error(reason)));
    try {
      const subjects = meshSubjects(mesh, this.#load.pid, signal);
      const runs = this.#runs(`Meridian, ${log} log`, mesh.region(SOURCE).url, mesh.region(TARGET).url, subjects);
      return await Promise.race([died, runs]);
    } finally {
      await mesh.stop();
    }
  }

  async #throughReplica(halfRate: number): Promise<WayReport> {
    const source = await startRedis({ args: SERVER_ARGS });
    const target = await startRedis({ args: [...SERVER_ARGS, "--replicaof", source.host, String(source.port)] });
    try {
      await waitFor(async () => /master_link_status:up/.test(await infoOf(target)), {
        timeoutMs: SYNC_TIMEOUT_MS,
        what: "the native replica to follow its master",
      });
      const processes = [
        { name: "master", pid: source.pid },
        { name: "replica", pid: target.pid },
        { name: "load", pid: this.#load.pid },
      ];
      const subjects = { processes, agents: [], untilQuiet: () => Promise.resolve() };
      return await this.#runs("native replica", source.url, target.url, subjects, halfRate);
    } finally {
      await Promise.all([source.stop(), target.stop()]);
    }
  }

  async #runs(name: string, source: string, target: string, subjects: RunSubjects, halfRate?: number): Promise<WayReport> {
    const { keys, seconds, onStep } = this.#options;
    if (this.#workload === "set") {
      onStep(`${name}: writing ${keys.toLocaleString("en-US")} keys`);
      await this.#run({ source, target, fill: true, commandsMax: keys, seconds: Infinity }, subjects);
    } else {
      onStep(`${name}: ${this.#workload}, until it is compiled`);
      await this.#run({ source, target, warmUpSeconds: 0, commandsMax: COMPILING_COMMANDS, seconds: COMPILING_SECONDS_MAX }, subjects);
    }
    onStep(`${name}: ${this.#workload} at full rate, ${seconds} s`);
    const full = await this.#run({ source, target }, subjects);
    const rate = halfRate ?? Math.max(1, Math.floor(full.visiblePerSecond / 2));
    onStep(`${name}: ${this.#workload} at ${rate.toLocaleString("en-US")}/s, ${seconds} s`);
    const half = await this.#run({ source, target, commandsPerSecond: rate }, subjects);
    return { name, full, half };
  }

  #run(plan: Pick<LoadPlan, "source" | "target"> & Partial<LoadPlan>, subjects: RunSubjects): Promise<RunReport> {
    const { keys, valueBytes, windowCommands, seconds, signal } = this.#options;
    const whole: LoadPlan = {
      workload: this.#workload,
      fill: false,
      keys,
      valueBytes,
      seed: (this.#seed += 2),
      windowCommands,
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: seconds + WARM_UP_SECONDS,
      commandsMax: Infinity,
      ...plan,
    };
    return measuredRun(this.#load, whole, subjects, signal);
  }
}

function meshSubjects(mesh: Mesh, loadPid: number | undefined, signal: AbortSignal): RunSubjects {
  const processes = [
    ...mesh.regions.map(({ region, agent }) => ({ name: `agent ${region}`, pid: agent.pid })),
    ...mesh.regions.map(({ region, server }) => ({ name: `server ${region}`, pid: server?.pid })),
    { name: `log`, pid: mesh.log.pid },
    { name: "load", pid: loadPid },
  ];
  return { processes, agents: mesh.regions, untilQuiet: () => waitForQuiet(mesh.regions, { signal }) };
}

async function infoOf(server: TestRedis): Promise<string> {
  const client = new Redis(server.url, { retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    return await client.info("replication");
  } finally {
    client.disconnect();
  }
}
