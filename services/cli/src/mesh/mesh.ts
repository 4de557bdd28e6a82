/**
 * A whole mesh on this machine: a server, an agent and a port per region, and one log server.
 *
 * Promises that everything is ready when {@link startMesh} returns, that nothing of it is left after
 * {@link Mesh.stop} (no process, no port, no temporary folder), also when the start fails half-way or this process is
 * killed, and that a part that ends by itself is reported once through {@link Mesh.failure}. Servers given by URL are
 * used as they are and never stopped. Refuses more than {@link REGIONS_MAX} regions.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort, startRedis, type TestRedis } from "@meridian/testkit";
import { MeridianError, regionId } from "@meridian/words";
import { MeshAgent } from "./mesh-agent.js";
import { startMeshLog, type MeshLog, type MeshLogKind } from "./mesh-log.js";

/** What a mesh is made of. */
export interface MeshOptions {
  /** Region names, two or more. */
  readonly regions: readonly string[];
  /** The embedded log ("redis") by default. */
  readonly log?: MeshLogKind;
  /** redis:// URLs of servers that run already, one per region in the same order. Started here by default. */
  readonly servers?: readonly string[];
  /** Ports in order from here: one per region's server, the log, one per agent. Free ports by default. */
  readonly portBase?: number;
  /** Keeps data, stores and logs of all parts here for a next run. A temporary folder by default. */
  readonly dataDir?: string;
  /** More arguments for our redis-servers. */
  readonly serverArgs?: readonly string[];
  /** More configuration for every agent, or for one. */
  readonly agentConfig?: (region: string) => Readonly<Record<string, unknown>>;
  /** Flags for every agent, over its configuration. */
  readonly agentArgs?: readonly string[];
  /** Path of the agent's main.js, where it is not the one of this checkout. */
  readonly agentMain?: string;
  /** More arguments of node for the agents, for example a profiler's. */
  readonly agentNodeArgs?: readonly string[];
  /** Told what is being started, for progress. */
  readonly onStep?: (step: string) => void;
  /** Gives up a start that is under way; what was started is stopped. */
  readonly signal?: AbortSignal;
}

/** One region of a running mesh. */
export interface MeshRegion {
  readonly region: string;
  /** The region's server, a redis:// URL. */
  readonly url: string;
  /** The region's agent, a http:// URL. */
  readonly agentUrl: string;
  /** The server's process, where it is ours. */
  readonly server: TestRedis | undefined;
  readonly agent: MeshAgent;
}

/** A running mesh. */
export interface Mesh {
  readonly regions: readonly MeshRegion[];
  readonly log: MeshLog;
  /** Configurations, agents' logs and stores. */
  readonly dir: string;
  /** Resolves, once, with what happened when a part has ended by itself. Never rejects. */
  readonly failure: Promise<string>;
  /** The region of that name. Throws `BAD_NAME`. */
  region(name: string): MeshRegion;
  /** Sends a signal to an agent (SIGKILL by default) and waits until it has ended. */
  killAgent(region: string, signal?: NodeJS.Signals): Promise<void>;
  /** Starts an agent again, after stopping it where it runs; resolves when it is ready. */
  restartAgent(region: string): Promise<void>;
  /** Stops everything, agents first. May be called twice. */
  stop(): Promise<void>;
}

/** More would not fit a machine. */
export const REGIONS_MAX = 16;
/** How often servers are looked after; agents report their end by themselves. */
const WATCH_INTERVAL_MS = 200;
/** A server keeps this much of its stream, so that an agent may be away for a while. Redis allocates it as needed. */
const BACKLOG_ARGS = ["--repl-backlog-size", "64mb"];

/** Starts a mesh. Throws `BAD_NAME`, `BAD_OPTION`, `AGENT_FAILED`; what was started before the mistake is stopped. */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options);
  const kept = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  if (kept !== undefined) await mkdir(kept, { recursive: true });
  const dir = kept ?? (await mkdtemp(join(tmpdir(), "meridian-mesh-")));
  const mesh = new LocalMesh(options, dir, kept);
  const giveUp = (): void => void mesh.stop();
  options.signal?.addEventListener("abort", giveUp, { once: true });
  try {
    await mesh.start();
    return mesh;
  } catch (error) {
    await mesh.stop();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", giveUp);
  }
}

function checkOptions({ regions, servers, agentArgs: [first = "--"] = [] }: MeshOptions): void {
  for (const region of regions) regionId(region);
  const refuse = (message: string, advice: string): never => {
    throw new MeridianError("BAD_OPTION", message, { advice });
  };
  if (!first.startsWith("--")) refuse(`${JSON.stringify(first)} is no flag of the agent`, "regions are named by --regions; flags for the agents stand behind --, for example: -- --messages-channels 'news.*'");
  if (regions.length < 2) refuse("a mesh needs two regions at least", "for example --regions eu,us,ap");
  if (regions.length > REGIONS_MAX) refuse(`a local mesh has ${REGIONS_MAX} regions at most`, "name fewer regions");
  if (new Set(regions).size !== regions.length) refuse("a region is named twice", "give every region a name of its own");
  if (servers !== undefined && servers.length !== regions.length) {
    refuse(`${regions.length} regions but ${servers.length} servers`, "give one server URL per region, in the same order");
  }
}

class LocalMesh implements Mesh {
  readonly regions: MeshRegion[] = [];
  readonly dir: string;
  readonly failure: Promise<string>;
  readonly #options: MeshOptions;
  readonly #keptIn: string | undefined;
  readonly #started: TestRedis[] = [];
  #log: MeshLog | undefined;
  #watch: NodeJS.Timeout | undefined;
  #fail: (reason: string) => void = () => undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: MeshOptions, dir: string, keptIn: string | undefined) {
    this.#options = options;
    this.dir = dir;
    this.#keptIn = keptIn;
    this.failure = new Promise((resolveFailure) => (this.#fail = resolveFailure));
  }

  get log(): MeshLog {
    if (this.#log === undefined) throw new Error("the mesh has not started");
    return this.#log;
  }

  async start(): Promise<void> {
    const { regions, servers, log = "redis" } = this.#options;
    this.#step(`log (${log})`);
    this.#log = await startMeshLog(log, { ...this.#portOption(regions.length), ...(this.#keptIn ? { keepIn: this.#keptIn } : {}) });
    if (this.#stopping !== undefined) await this.#log.stop();
    for (const [index, region] of regions.entries()) {
      const given = servers?.[index];
      if (given === undefined) this.#step(`server of ${region}`);
      const server = given === undefined ? await this.#startServer(region, index) : undefined;
      const agent = await this.#prepareAgent(region, index, given ?? server!.url);
      this.regions.push({ region, url: given ?? server!.url, agentUrl: agent.url, server, agent });
    }
    this.#step(`${regions.length} agents`);
    await Promise.all(this.regions.map(({ agent }) => agent.start()));
    this.#watch = setInterval(() => this.#lookAfterServers(), WATCH_INTERVAL_MS);
    this.#watch.unref();
  }

  region(name: string): MeshRegion {
    const found = this.regions.find(({ region }) => region === name);
    if (found !== undefined) return found;
    throw new MeridianError("BAD_NAME", `the mesh has no region ${JSON.stringify(name)}`, {
      advice: `its regions are ${this.regions.map(({ region }) => region).join(", ")}`,
    });
  }

  async killAgent(region: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.region(region).agent.kill(signal);
  }

  async restartAgent(region: string): Promise<void> {
    const { agent } = this.region(region);
    await agent.stop();
    await agent.start();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#watch);
    // a part may be between its start and its entry in our lists: whoever started it checks #stopping and stops it
    await Promise.all(this.regions.map(({ agent }) => agent.stop()));
    const keeps = this.#keptIn !== undefined;
    await Promise.all(
      this.#started.map(async (server) => {
        await server.shutdown(keeps);
        await server.stop();
      }),
    );
    await this.#log?.stop();
    if (!keeps) await rm(this.dir, { recursive: true, force: true });
  }

  async #startServer(region: string, index: number): Promise<TestRedis> {
    const dir = this.#keptIn === undefined ? undefined : join(this.#keptIn, region, "server");
    if (dir !== undefined) await mkdir(dir, { recursive: true });
    const server = await startRedis({
      ...this.#portOption(index),
      ...(dir === undefined ? {} : { dir }),
      args: [...BACKLOG_ARGS, ...(this.#options.serverArgs ?? [])],
    });
    this.#started.push(server);
    if (this.#stopping !== undefined) await server.stop();
    return server;
  }

  async #prepareAgent(region: string, index: number, url: string): Promise<MeshAgent> {
    const { regions, agentMain, agentArgs, agentNodeArgs, agentConfig, portBase } = this.#options;
    const dir = join(this.dir, region);
    await mkdir(dir, { recursive: true });
    return new MeshAgent({
      region,
      dir,
      port: portBase === undefined ? await freePort() : portBase + regions.length + 1 + index,
      config: {
        peers: regions.filter((peer) => peer !== region),
        servers: [{ name: "0", url }],
        log: this.log.config,
        ...agentConfig?.(region),
      },
      ...(this.#keptIn === undefined ? { temporaryDir: this.dir } : {}),
      ...(agentMain === undefined ? {} : { main: agentMain }),
      ...(agentArgs === undefined ? {} : { args: agentArgs }),
      ...(agentNodeArgs === undefined ? {} : { nodeArgs: agentNodeArgs }),
      onDeath: (reason) => this.#fail(reason),
    });
  }

  #portOption(index: number): { port?: number } {
    const { portBase } = this.#options;
    return portBase === undefined ? {} : { port: portBase + index };
  }

  #lookAfterServers(): void {
    if (this.#stopping !== undefined) return;
    if (this.#log?.running === false) this.#fail(`the log server at ${this.#log.address} has ended`);
    for (const { region, server } of this.regions) {
      if (server?.running === false) this.#fail(`the server of ${region} has ended`);
    }
  }

  #step(step: string): void {
    if (this.#stopping !== undefined || this.#options.signal?.aborted === true) throw new Error("the start was given up");
    this.#options.onStep?.(step);
  }
}
