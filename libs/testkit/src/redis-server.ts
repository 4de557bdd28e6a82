/**
 * A real Redis or Valkey server for a test, a local mesh or a benchmark.
 *
 * Promises a server on 127.0.0.1 that answers PING when {@link startRedis} returns, with nothing persisted unless asked
 * for, attach without delay, and an end with this process however that ends. Signals of the terminal do not reach it,
 * so a Ctrl-C lets the owner stop it in good order. Refuses to go on without a binary.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { Redis, type RedisOptions } from "ioredis";
import { guardChild } from "./child-guard.js";
import { freePort } from "./free-port.js";
import { findRedisBinary, type RedisBinary, type ServerVersion } from "./redis-binary.js";
import { waitFor } from "./wait-for.js";

/** How to start a server. */
export interface StartRedisOptions {
  /** More arguments, as on the command line; they come last and win over ours. */
  readonly args?: readonly string[];
  /** Path of the binary; see redis-binary.ts for what is tried otherwise. */
  readonly binary?: string;
  /** A free port by default. */
  readonly port?: number;
  /** Working folder; by default a temporary one, removed at {@link TestRedis.stop}. */
  readonly dir?: string;
}

/** Options of a client; how replies are mapped stays ioredis's default, whose decoder is the right one. */
export type TestClientOptions = Omit<RedisOptions, "replyMapping">;

/** Until PING answers; loading a large RDB needs no longer on the machines that run tests. */
const READY_TIMEOUT_MS = 20_000;
/** After SIGTERM, before SIGKILL. */
const STOP_TIMEOUT_MS = 5_000;
/** Somebody may take a free port before the server does. */
const PORT_ATTEMPTS_MAX = 5;

/** Starts a server and waits until it answers. Throws `SERVER_UNAVAILABLE`, with the server's own log, where it does not. */
export async function startRedis(options: StartRedisOptions = {}): Promise<TestRedis> {
  const binary = await findRedisBinary(options.binary);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "meridian-redis-")));
  const temporary = options.dir === undefined;
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const server = new TestRedis(binary, port, dir, temporary, options.args ?? []);
    try {
      await server.start();
      return server;
    } catch (error) {
      const taken = /Address already in use/i.test(String(error));
      if (taken && options.port === undefined && attempt < PORT_ATTEMPTS_MAX) continue;
      if (temporary) await rm(dir, { recursive: true, force: true });
      throw error;
    }
  }
}

/** A running server. Made by {@link startRedis}. */
export class TestRedis {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly dir: string;
  readonly version: ServerVersion;
  readonly #binary: RedisBinary;
  readonly #temporary: boolean;
  readonly #args: readonly string[];
  readonly #clients = new Set<Redis>();
  #child: ChildProcess | undefined;
  #releaseGuard: () => void = () => undefined;

  constructor(binary: RedisBinary, port: number, dir: string, temporary: boolean, args: readonly string[]) {
    this.#binary = binary;
    this.version = binary.version;
    this.port = port;
    this.dir = dir;
    this.#temporary = temporary;
    this.#args = args;
  }

  /** `redis://127.0.0.1:<port>`. */
  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the process on the same port and folder. For use after {@link kill} or {@link shutdown}. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`the server on port ${this.port} runs already`);
    const child = spawn(this.#binary.path, this.#commandLine(), { stdio: "ignore", detached: true, cwd: this.dir });
    let failure: string | undefined;
    child.once("error", (error) => (failure = error.message));
    child.once("exit", (code, signal) => {
      failure ??= `it ended with ${signal ?? `code ${code}`}`;
      if (this.#child === child) this.#ended();
    });
    if (child.pid === undefined) {
      await once(child, "error").catch(() => undefined);
      throw new Error(`cannot start ${this.#binary.path}: ${failure ?? "no process"}`);
    }
    this.#child = child;
    this.#releaseGuard = guardChild(child, this.#temporary ? this.dir : undefined);
    child.unref();
    try {
      await waitFor(() => failure !== undefined || this.#ready(child.pid), {
        timeoutMs: READY_TIMEOUT_MS,
        what: `an answer of ${this.#binary.path} on port ${this.port}`,
      });
      if (failure !== undefined) throw new Error(failure);
    } catch (error) {
      await this.kill();
      const message = `${this.#binary.path} on port ${this.port} did not start: ${String(error)}\n${await this.log()}`;
      throw new MeridianError("SERVER_UNAVAILABLE", message, { advice: "see the server's own words above", cause: error });
    }
  }

  /** A client of this server, closed by {@link stop}. Connection errors are not thrown: commands reject. */
  client(options: TestClientOptions = {}): Redis {
    const client = new Redis({ host: this.host, port: this.port, retryStrategy: () => 20, ...options });
    client.on("error", () => undefined);
    client.once("end", () => this.#clients.delete(client));
    this.#clients.add(client);
    return client;
  }

  /** The server's own log, last 4 KB. */
  async log(): Promise<string> {
    return (await readFile(join(this.dir, this.#logFile()), "utf8").catch(() => "")).slice(-4096);
  }

  /** Freezes the process (SIGSTOP): connections stay, nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets a frozen process go on (SIGCONT). */
  continue(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the process at once (SIGKILL by default); clients stay and reconnect after {@link start}. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGKILL") child.kill("SIGCONT"); // a frozen process would never see it
    const forced = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(forced);
  }

  /** Ends the process in good order; with `save` the dataset and the replication id go to dump.rdb in `dir`. */
  async shutdown(save = false): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (!save) return this.kill("SIGTERM");
    child.ref();
    const ended = once(child, "exit");
    const client = new Redis({ host: this.host, port: this.port, retryStrategy: () => null });
    client.on("error", () => undefined);
    // A planned restart as a server's defaults make it: replicas get what clients have written to the last.
    if (this.version.major >= 7) await client.config("SET", "shutdown-timeout", "10");
    await client.call("SHUTDOWN", "SAVE").catch(() => undefined);
    client.disconnect();
    await ended;
  }

  /** Ends the process ({@link shutdown}) and starts it on the same port and folder. */
  async restart(options: { readonly save?: boolean; readonly kill?: boolean } = {}): Promise<void> {
    await (options.kill === true ? this.kill() : this.shutdown(options.save));
    await this.start();
  }

  /** Closes the clients, ends the process and removes the temporary folder. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    this.#clients.clear();
    await this.kill("SIGTERM");
    if (this.#temporary) await rm(this.dir, { recursive: true, force: true });
  }

  /** Another server on the same port answers too, so the answer must come from our process. */
  async #ready(pid: number | undefined): Promise<boolean> {
    const answer = await askInfo(this.host, this.port);
    if (/^-(NOAUTH|NOPERM|DENIED)/.test(answer)) return (await this.log()).includes("Ready to accept connections");
    return new RegExp(`^process_id:${pid}\\r$`, "m").test(answer) && /^loading:0\r$/m.test(answer);
  }

  #ended(): void {
    this.#child = undefined;
    this.#releaseGuard();
  }

  #logFile(): string {
    return `redis-${this.port}.log`;
  }

  #commandLine(): string[] {
    // a replica that lags would hold a shutdown up for 10 s, and the option is unknown before version 7
    const patience = this.version.major >= 7 ? ["--shutdown-timeout", "0"] : [];
    return [
      ...["--bind", this.host, "--port", String(this.port), "--dir", this.dir, "--logfile", this.#logFile()],
      ...["--daemonize", "no", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"],
      ...patience,
      ...this.#args,
    ];
  }
}

/** What the server says to INFO: a bulk, an error, or nothing. */
function askInfo(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host, port });
    const done = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, done);
    socket.once("error", done);
    socket.once("close", done);
    socket.once("connect", () => socket.write("INFO\r\n"));
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const length = /^\$(\d+)\r\n/.exec(answer);
      if (answer.startsWith("-") || (length !== null && answer.length >= length[0].length + Number(length[1]))) done();
    });
  });
}
