/**
 * The life of a service: start parts in order, run until asked or failed, stop parts in reverse order, exit with a code
 * that tells a supervisor what to do.
 *
 * SIGTERM or SIGINT stops within the stop deadline; a second signal ends the process at once. A part's failure stops
 * the whole service the same way. What nothing caught is a crash: the state of the program is unknown then, so nothing
 * is drained and the process ends at once; whatever must survive that is already on disk.
 */
import { constants } from "node:os";
import { MeridianError } from "@meridian/words";
import { EXIT_CODES, exitReasonOf, type ExitReason } from "./exit-code.js";
import type { ServiceLogger } from "./logger.js";
import { processHost, type ServiceHost, type StopSignal } from "./service-host.js";

/** Time that stopping may take unless configured, in milliseconds. Below the 30 s that orchestrators usually grant. */
export const STOP_MS_MAX = 20_000;

/** A part of a service. `stop` may be called while `start` is pending, and must then make it end. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Drains, then ends. */
  stop(): Promise<void>;
}

/** What a service's start function works with. */
export interface Service {
  /** Aborted when the service begins to stop. */
  readonly stopping: AbortSignal;
  /** Sets the logger and the deadline as soon as options are known. Until then failures go to standard error. */
  configure(settings: { readonly logger: ServiceLogger; readonly stopMsMax?: number }): void;
  /** Starts a part; it is stopped when the service is. Rejects where the service is stopping already. */
  use(part: Part): Promise<void>;
  /** Stops the service because of `error`; the first one decides the exit code. */
  fail(error: unknown): void;
  /** Ends with code 0 after printing, for `--help` and its like; start nothing before it. */
  print(text: string): void;
}

/**
 * Runs a service until it ends, then exits the process. Resolves with the exit code (seen only where `host` does not
 * really exit).
 */
export function runService(name: string, start: (service: Service) => Promise<void>, host: ServiceHost = processHost()): Promise<number> {
  return new ServiceRun(name, host).run(start);
}

class ServiceRun implements Service {
  readonly #name: string;
  readonly #host: ServiceHost;
  readonly #parts: Part[] = [];
  readonly #stopper = new AbortController();
  readonly #ended: Promise<number>;
  #resolveEnded!: (code: number) => void;
  #logger: ServiceLogger | undefined;
  #stopMsMax = STOP_MS_MAX;
  #reason: ExitReason = "STOPPED";
  #over = false;

  constructor(name: string, host: ServiceHost) {
    this.#name = name;
    this.#host = host;
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  get stopping(): AbortSignal {
    return this.#stopper.signal;
  }

  async run(start: (service: Service) => Promise<void>): Promise<number> {
    const unlisten = this.#host.listen({ onSignal: (signal) => this.#signalled(signal), onCrash: (error) => this.#crashed(error) });
    // Without a handle of its own a service whose parts only wait on promises would end silently.
    const alive = setInterval(() => {}, 2 ** 30);
    // Not awaited: a start that hangs must not keep a stop from ending.
    start(this).catch((error: unknown) => this.fail(error));
    const code = await this.#ended;
    clearInterval(alive);
    unlisten();
    return code;
  }

  configure(settings: { readonly logger: ServiceLogger; readonly stopMsMax?: number }): void {
    this.#logger = settings.logger;
    this.#stopMsMax = settings.stopMsMax ?? this.#stopMsMax;
  }

  async use(part: Part): Promise<void> {
    this.stopping.throwIfAborted();
    this.#parts.push(part);
    await part.start();
    this.stopping.throwIfAborted();
    this.#logger?.debug({ part: part.name }, "part started");
  }

  fail(error: unknown): void {
    // What fails because we stop is no reason of its own.
    if (this.stopping.aborted) return;
    this.#reason = exitReasonOf(error);
    this.#report(error, "failed; stopping");
    this.#stop();
  }

  print(text: string): void {
    this.#host.print(text);
    this.#end(EXIT_CODES.STOPPED.code);
  }

  #signalled(signal: StopSignal): void {
    if (this.stopping.aborted) {
      this.#logger?.warn({ signal }, "second signal: ending at once");
      this.#end(128 + constants.signals[signal]);
      return;
    }
    this.#logger?.info({ signal, stopMsMax: this.#stopMsMax }, "stopping");
    this.#stop();
  }

  #crashed(error: unknown): void {
    this.#report(error, "crashed");
    this.#end(EXIT_CODES.CRASHED.code);
  }

  #stop(): void {
    this.#stopper.abort(new Error("the service is stopping"));
    void this.#stopParts().then(() => this.#end(EXIT_CODES[this.#reason].code));
  }

  async #stopParts(): Promise<void> {
    const left = new Set([...this.#parts].reverse());
    let expire: (late: boolean) => void = () => {};
    const deadline = new Promise<boolean>((resolve) => (expire = resolve));
    const timer = setTimeout(() => expire(true), this.#stopMsMax);
    for (const part of left) {
      const late = await Promise.race([this.#stopPart(part).then(() => false), deadline]);
      if (late) break;
      left.delete(part);
    }
    clearTimeout(timer);
    if (left.size === 0) return;
    this.#logger?.error({ parts: [...left].map((part) => part.name), stopMsMax: this.#stopMsMax }, "not stopped in time");
    if (this.#reason === "STOPPED") this.#reason = "UNDRAINED";
  }

  async #stopPart(part: Part): Promise<void> {
    try {
      await part.stop();
      this.#logger?.debug({ part: part.name }, "part stopped");
    } catch (error) {
      this.#report(error, `${part.name} failed while stopping`);
      if (this.#reason === "STOPPED") this.#reason = exitReasonOf(error);
    }
  }

  #report(error: unknown, message: string): void {
    if (this.#logger !== undefined) {
      this.#logger.error({ err: error }, message);
      return;
    }
    const text = error instanceof MeridianError ? `${error.message}\n${error.advice}` : error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#host.printError(`${this.#name}: ${text}\n`);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#logger?.info({ exitCode: code }, "ended");
    void (this.#logger?.flush() ?? Promise.resolve(true)).then((flushed) => {
      this.#resolveEnded(code);
      // An exit waits for writes under way, for ever where the reader of the log has stalled.
      if (flushed) this.#host.exit(code);
      else this.#host.kill();
    });
  }
}
