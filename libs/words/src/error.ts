/**
 * Errors for the world outside: each has a code from a closed list, says what happened in one sentence, what to do
 * about it, and whether trying again can help. Mistakes of our own are assertions, not these.
 */

/** Every code that an operator can meet, with what it means. */
export const ERROR_CODES = {
  BAD_NAME: "a region, server or writer name is malformed",
  BAD_OPTION: "an option is missing, unknown or out of range",
  CLOCK_DRIFT: "a remote version is further ahead of the local clock than allowed",
  CLOCK_EXHAUSTED: "the physical clock stands outside of the range that versions can hold",
  BAD_RECORD: "a record in the log cannot be decoded",
  BAD_MARK: "the mark or a read result in the server cannot be decoded",
  RECORD_GAP: "a writer's log has lost records that were never received",
  TOPIC_MISMATCH: "the log exists with settings that would lose data",
  LOG_UNAVAILABLE: "the log cannot be reached",
  STORE_CORRUPT: "the agent's store holds something that cannot be read",
  STORE_FOREIGN: "the agent's store belongs to another region or server",
  STORE_LOST: "the agent's store is empty although this writer has published before",
  STORE_BEHIND: "the agent's store is older than what it has published or applied",
  STORE_LOCKED: "another process holds the agent's store",
  STORE_FULL: "the agent's store cannot be written",
  SERVER_UNAVAILABLE: "the region's server cannot be reached",
  SERVER_REFUSED: "the region's server refused a command that the agent needs",
  SERVER_UNSUPPORTED: "the region's server is of a kind or version that cannot be captured faithfully",
  UNKNOWN_REWRITE: "the region's server rewrites commands in its stream in a way that the agent does not know",
  STREAM_PROTOCOL: "the replication stream contains something that is not valid RESP",
  LINEAGE_BROKEN: "the server's history is not the one that the agent followed",
  FENCED: "another agent has taken over this server",
  ABSENT_TOO_LONG: "the other regions went on without this one, which was away for longer than their limit",
  QUARANTINED: "the region is quarantined until an operator decides",
  ADDRESS_UNAVAILABLE: "the address to listen on cannot be had",
  AGENT_FAILED: "an agent did not start, or ended when nobody asked it to",
  AGENT_UNAVAILABLE: "an agent does not answer over HTTP",
} as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What accompanies a {@link MeridianError}: advice for the operator and whether a retry can help. */
export interface ErrorDetail {
  readonly advice: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An error that an operator can act upon. */
export class MeridianError extends Error {
  override readonly name = "MeridianError";
  readonly code: ErrorCode;
  readonly advice: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.advice = detail.advice;
    this.retryable = detail.retryable ?? false;
  }
}
