/**
 * Exit codes: what a supervisor should do when a service ends.
 *
 * The question that a code answers is "does starting it again help?". A failure without an error code is a crash.
 */
import { MeridianError, type ErrorCode } from "@meridian/words";

/** Every exit code with its meaning. Above 128: forced by a second signal, 128 + its number. */
export const EXIT_CODES = {
  STOPPED: { code: 0, restart: false, means: "stopped as asked, everything drained" },
  CRASHED: { code: 1, restart: true, means: "a mistake of the program; state on disk is safe" },
  BAD_OPTIONS: { code: 2, restart: false, means: "options are wrong; nothing was started" },
  FENCED: { code: 3, restart: false, means: "another process has taken over; starting again would take it back" },
  REFUSED: { code: 4, restart: false, means: "something outside must be put right first; the last log line says what" },
  UNAVAILABLE: { code: 5, restart: true, means: "something needed cannot be reached or is still held" },
  UNDRAINED: { code: 6, restart: true, means: "asked to stop, but not everything was drained in time; nothing is lost" },
} as const;

/** A key of {@link EXIT_CODES}. */
export type ExitReason = keyof typeof EXIT_CODES;

/** Codes that do not follow the rule "retryable: unavailable, otherwise: refused". */
const REASON_OF: Partial<Record<ErrorCode, ExitReason>> = {
  BAD_NAME: "BAD_OPTIONS",
  BAD_OPTION: "BAD_OPTIONS",
  FENCED: "FENCED",
  ADDRESS_UNAVAILABLE: "UNAVAILABLE",
  LOG_UNAVAILABLE: "UNAVAILABLE",
  SERVER_UNAVAILABLE: "UNAVAILABLE",
  STORE_LOCKED: "UNAVAILABLE",
};

/** Why a service that met `error` ends. */
export function exitReasonOf(error: unknown): ExitReason {
  if (!(error instanceof MeridianError)) return "CRASHED";
  return REASON_OF[error.code] ?? (error.retryable ? "UNAVAILABLE" : "REFUSED");
}

/** Lines for `--help`. */
export function exitCodesText(): string {
  const lines = Object.values(EXIT_CODES).map(({ code, restart, means }) => `  ${code}  ${means}${restart ? " (restart)" : ""}`);
  return ["Exit codes:", ...lines, "  128+n  forced by a second signal n while stopping", "  137  killed itself because the reader of its log had stalled (restart)"].join("\n");
}
