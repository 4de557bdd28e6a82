/**
 * The agent: one pipeline for each captured server of a region, started together, stopped together.
 *
 * Pipelines fail apart. One that met something that starting again cannot heal (fenced, refused) ends alone, shows it in
 * the status and makes the agent unready; the others go on. The agent itself fails when the last one has ended, or at
 * once where starting again is what heals: a retryable error, or a mistake of our own after which its state is unknown.
 */
import type { ConflictPage, ConflictQuery } from "@meridian/region";
import type { Logger, ParentLogger, Part } from "@meridian/shell";
import { MeridianError } from "@meridian/words";
import type { Pipeline, PipelineFactory } from "./agent-pipeline.js";
import type { AgentOptions } from "./options.js";
import type { PolicyReply, PolicyRequest } from "./policy-requests.js";
import { boundedStatus, type AgentStatus, type PipelineState, type PipelineStatus } from "./status.js";

/** What an agent works with. */
export interface AgentDeps {
  readonly pipelines: PipelineFactory;
  readonly logger: ParentLogger;
  /** A clock that never goes back, in milliseconds; only differences matter. */
  readonly nowMs: () => number;
  readonly version: string;
}

interface Slot {
  readonly server: string;
  readonly pipeline: Pipeline;
  readonly logger: Logger;
  failure?: { readonly error: unknown };
  stopping?: Promise<void>;
}

/** An agent. It runs once: after `stop` make a new one. */
export class Agent implements Part {
  readonly name = "agent";
  readonly #options: AgentOptions;
  readonly #deps: AgentDeps;
  readonly #slots: Slot[];
  readonly #startedAtMs: number;
  #report: (error: unknown) => void = () => {};
  #fatal: { readonly error: unknown } | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: AgentOptions, deps: AgentDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#startedAtMs = deps.nowMs();
    this.#slots = options.servers.map((server) => {
      const logger = deps.logger.child({ server: server.name });
      return { server: server.name, logger, pipeline: deps.pipelines({ options, server, logger }) };
    });
  }

  /** Registers who is told, at most once, that the agent cannot go on. Call before `start`. */
  onFatal(report: (error: unknown) => void): void {
    this.#report = report;
  }

  /** Starts every pipeline. Rejects where the agent cannot go on. */
  async start(): Promise<void> {
    for (const slot of this.#slots) slot.pipeline.onFatal((error) => this.#failed(slot, error));
    await Promise.all(this.#slots.map((slot) => slot.pipeline.start().catch((error: unknown) => this.#failed(slot, error))));
    if (this.#fatal !== undefined) throw this.#fatal.error;
  }

  /** Drains and ends every pipeline; rejects with the first error after all have ended. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  status(): AgentStatus {
    return {
      region: this.#options.region,
      version: this.#deps.version,
      uptimeMs: Math.round(this.#deps.nowMs() - this.#startedAtMs),
      pipelines: this.#slots.map((slot) => withFailure(boundedStatus(slot.pipeline.status()), slot.failure)),
    };
  }

  /** Reads the conflict ledger of a server, of the first where none is named; undefined where it cannot be read now. */
  conflicts(server: string | undefined, query: ConflictQuery): ConflictPage | undefined {
    const slot = this.#slots.find((one) => server === undefined || one.server === server);
    return slot?.pipeline.conflicts?.(query);
  }

  /** Which of these keys a server has evicted; undefined where it is not there, or its store is not open. */
  evicted(server: string | undefined, db: number, keys: readonly string[]): readonly boolean[] | undefined {
    const slot = this.#slots.find((one) => server === undefined || one.server === server);
    return slot?.pipeline.evicted?.(db, keys);
  }

  /** Proposes, tries or takes back a change of the policies; undefined where the server is not there, or does not run now. */
  changePolicies(server: string | undefined, asked: PolicyRequest): PolicyReply | undefined {
    const slot = this.#slots.find((one) => server === undefined || one.server === server);
    return slot?.pipeline.changePolicies?.(asked);
  }

  async #stopAll(): Promise<void> {
    const ends = await Promise.allSettled(this.#slots.map((slot) => this.#stopSlot(slot)));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #stopSlot(slot: Slot): Promise<void> {
    slot.stopping ??= slot.pipeline.stop();
    return slot.stopping;
  }

  #failed(slot: Slot, error: unknown): void {
    // What ends because we stop it is no failure.
    if (this.#stopped !== undefined || slot.failure !== undefined) return;
    slot.failure = { error };
    slot.logger.error({ err: error }, "the pipeline of this server has ended");
    this.#stopSlot(slot).catch((late: unknown) => slot.logger.error({ err: late }, "and did not end cleanly"));
    const healsByRestart = !(error instanceof MeridianError) || error.retryable;
    if (!healsByRestart && this.#slots.some(({ failure }) => failure === undefined)) return;
    if (this.#fatal !== undefined) return;
    this.#fatal = { error };
    this.#report(error);
  }
}

function withFailure(status: PipelineStatus, failure: Slot["failure"]): PipelineStatus {
  if (failure === undefined) return status;
  const { error } = failure;
  if (!(error instanceof MeridianError)) return { ...status, state: "stopped", reason: "a mistake of the program; see the log" };
  return { ...status, state: stateAfter(error), reason: error.message, advice: error.advice };
}

function stateAfter(error: MeridianError): PipelineState {
  if (error.code === "FENCED") return "fenced";
  return error.code === "QUARANTINED" || error.code === "ABSENT_TOO_LONG" ? "quarantined" : "stopped";
}
