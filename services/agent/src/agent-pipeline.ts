/**
 * The seam between an agent and the pipeline of one captured server.
 *
 * A pipeline that meets something that passes (a server or log that is away) waits, says so in its status and tries
 * again: that is no failure. It reports a failure once, when it cannot go on by itself.
 */
import type { ConflictPage, ConflictQuery } from "@meridian/region";
import type { Logger } from "@meridian/shell";
import type { AgentOptions, ServerOptions } from "./options.js";
import type { PolicyReply, PolicyRequest } from "./policy-requests.js";
import type { PipelineStatus } from "./status.js";

/** Capture, publish, receive and apply for one server. */
export interface Pipeline {
  /** Resolves once it works or waits; rejects where it cannot begin. */
  start(): Promise<void>;
  /** Drains and ends. May be called while `start` is pending, and after a failure. */
  stop(): Promise<void>;
  status(): PipelineStatus;
  /** Reads the conflict ledger; undefined while its store is not open. */
  conflicts?(query: ConflictQuery): ConflictPage | undefined;
  /** Which of these keys (binary strings) the server has evicted; undefined while its store is not open. */
  evicted?(db: number, keys: readonly string[]): readonly boolean[] | undefined;
  /** Changes the policies while it runs; undefined while it does not. */
  changePolicies?(asked: PolicyRequest): PolicyReply | undefined;
  /** Registers who is told, at most once, of what ended the pipeline. Called before `start`. */
  onFatal(report: (error: unknown) => void): void;
}

/** What a pipeline is made from. */
export interface PipelineContext {
  readonly options: AgentOptions;
  /** The one of `options.servers` that it serves. */
  readonly server: ServerOptions;
  /** Adds the server's name to every line. */
  readonly logger: Logger;
}

/** Makes a pipeline; does nothing else before its `start`. */
export type PipelineFactory = (context: PipelineContext) => Pipeline;
