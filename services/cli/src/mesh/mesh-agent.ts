/**
 * One agent as a child process.
 *
 * Promises that it is ready when {@link MeshAgent.start} returns, that its end is reported when nobody asked for it,
 * and that it does not outlive this process. Its log goes to a file beside its configuration; signals of the terminal
 * do not reach it, so that a Ctrl-C lets the owner stop everything in good order.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guardChild, waitFor } from "@meridian/testkit";
import { MeridianError } from "@meridian/words";
import { fetchStatus } from "../status/agent-poll.js";

/**
 * glibc gives every thread a heap of its own and keeps what was freed: for a process whose native memory comes and goes
 * with batches that is some 40 MB that nobody uses. deploy/Dockerfile sets the same.
 */
const SMALL_HEAPS = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "1000000" };
/** The young generation stays small: 30 MB less under load at the same speed. deploy/Dockerfile sets the same. */
const SMALL_YOUNG_GENERATION = "--max-semi-space-size=8";

/** The agent's program, as it is built in this checkout. */
export const AGENT_MAIN = fileURLToPath(new URL("../../../agent/dist/main.js", import.meta.url));

/** Until /readyz says yes: the agent attaches, fences and reads its store. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 20;
/** A graceful stop drains; after this the agent is killed. */
const STOP_TIMEOUT_MS = 15_000;
/** Of the log, shown when an agent ends. */
const LOG_TAIL_BYTES = 3_000;

/** What an agent is started with. */
export interface MeshAgentOptions {
  readonly region: string;
  /** Folder for configuration, log and store. */
  readonly dir: string;
  readonly port: number;
  /** The agent's configuration without `region`, `store.path` and `http`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Path of the agent's main.js; {@link AGENT_MAIN} by default. */
  readonly main?: string;
  /** A folder to remove where this process ends without having stopped the agent. */
  readonly temporaryDir?: string;
  /** Flags of the agent, over its configuration. */
  readonly args?: readonly string[];
  /** More arguments of node itself, for example `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  /** Told when the process ends and nobody asked for it. */
  readonly onDeath: (reason: string) => void;
}

/** "ready", "not yet", or why it never will be. */
type AgentReadiness = string;
/** Only an operator ends these. */
const HOPELESS_STATES = new Set(["quarantined", "fenced"]);

/** A running agent, or one that can be started again. */
export class MeshAgent {
  readonly region: string;
  readonly url: string;
  readonly #options: MeshAgentOptions;
  #child: ChildProcess | undefined;
  /** Until its process is there, for whoever wants to end it meanwhile. */
  #spawning: Promise<ChildProcess> | undefined;
  #expected = false;

  constructor(options: MeshAgentOptions) {
    this.#options = options;
    this.region = options.region;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The file that holds the agent's log. */
  get logFile(): string {
    return join(this.#options.dir, "agent.log");
  }

  /** Starts the process and waits until it is ready. Throws `AGENT_FAILED` with the end of its log. */
  async start(): Promise<void> {
    if (this.#child !== undefined || this.#spawning) throw new Error(`the agent of ${this.region} runs already`);
    const main = this.#options.main ?? AGENT_MAIN;
    if (!existsSync(main)) {
      throw new MeridianError("AGENT_FAILED", `the agent is not built: there is no ${main}`, { advice: "run `npm run build` first" });
    }
    this.#expected = false;
    const child = await (this.#spawning = this.#launch(main));
    let ended: string | undefined;
    child.once("exit", (code, signal) => (ended = signal ?? `code ${code}`));
    child.once("error", (error) => (ended ??= error.message));
    let readiness: AgentReadiness = "not yet";
    try {
      await waitFor(async () => ended !== undefined || (readiness = await this.#readiness()) !== "not yet", {
        timeoutMs: READY_TIMEOUT_MS,
        pollMs: READY_POLL_MS,
        what: `the agent of ${this.region} to become ready`,
      });
      if (ended !== undefined) throw new Error(`it ended with ${ended}`);
      if (readiness !== "ready") throw new Error(readiness);
    } catch (error) {
      const tail = await this.logTail();
      await this.kill();
      const reason = error instanceof Error ? error.message : String(error);
      throw new MeridianError("AGENT_FAILED", `the agent of ${this.region} did not start: ${reason}\n${tail}`, {
        advice: "read the end of its log above",
        cause: error,
      });
    }
    if (ended === undefined) child.once("exit", (code, signal) => this.#died(signal ?? `code ${code}`));
  }

  /** Sends `signal` and waits until the process has ended; for SIGSTOP and SIGCONT only sends. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#spawning?.catch(() => undefined);
    const child = this.#child;
    if (child === undefined) return;
    if (signal === "SIGSTOP" || signal === "SIGCONT") {
      child.kill(signal);
      return;
    }
    this.#expected = true;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
    child.kill(signal);
    if (signal !== "SIGKILL") child.kill("SIGCONT"); // a frozen process would never see the signal
    const forced = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(forced);
    this.#child = undefined;
  }

  /** Ends the process gracefully (SIGTERM), by force when it does not obey. */
  stop(): Promise<void> {
    return this.kill("SIGTERM");
  }

  /** The end of the agent's log. */
  async logTail(): Promise<string> {
    return (await readFile(this.logFile, "utf8").catch(() => "")).slice(-LOG_TAIL_BYTES);
  }

  async #launch(main: string): Promise<ChildProcess> {
    try {
      const configFile = await this.#writeConfig();
      const { nodeArgs = [], args = [] } = this.#options;
      this.#child = this.#spawn([SMALL_YOUNG_GENERATION, ...nodeArgs, main, "--config", configFile, ...args]);
      return this.#child;
    } finally {
      this.#spawning = undefined;
    }
  }

  #spawn(args: readonly string[]): ChildProcess {
    const log = openSync(this.logFile, "a");
    try {
      const child = spawn(process.execPath, args, {
        stdio: ["ignore", log, log],
        detached: true,
        cwd: this.#options.dir,
        env: { ...SMALL_HEAPS, ...withoutMeridian(process.env) },
      });
      if (child.pid !== undefined) {
        const release = guardChild(child, this.#options.temporaryDir);
        child.once("exit", release);
      }
      return child;
    } finally {
      closeSync(log);
    }
  }

  async #writeConfig(): Promise<string> {
    const { dir, port, region, config } = this.#options;
    await mkdir(join(dir, "store"), { recursive: true });
    const file = join(dir, "agent.yaml");
    const store = { ...(config["store"] as object | undefined), path: join(dir, "store") };
    const whole = { region, ...config, store, http: { host: "127.0.0.1", port } };
    await writeFile(file, `${JSON.stringify(whole, undefined, 2)}\n`); // JSON is YAML
    return file;
  }

  async #readiness(): Promise<AgentReadiness> {
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    if (answer.ok) return "ready";
    const { pipelines } = await fetchStatus(this.url);
    const hopeless = pipelines.find(({ state }) => HOPELESS_STATES.has(state));
    if (hopeless === undefined) return "not yet";
    return [`it is ${hopeless.state}`, hopeless.reason, hopeless.advice].filter((part) => part !== undefined).join(": ");
  }

  #died(how: string): void {
    this.#child = undefined;
    if (!this.#expected) this.#options.onDeath(`the agent of ${this.region} ended with ${how}`);
  }
}

/** A `MERIDIAN_*` setting of the shell would reach every agent of the mesh alike and make them one region. */
function withoutMeridian(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("MERIDIAN_")));
}
