/** What a probe found: plain data, and what `meridian probe --json` prints. */
import type { Treatment } from "@meridian/commands";

/** A rewrite that the table does not know. */
export interface UnknownForm {
  /** The row's name. */
  readonly command: string;
  /** What was sent, and what the stream carried for it; commands divided by "; ", without the probe's prefix. */
  readonly sent: string;
  readonly carried: string;
  /** The row's `stream` column. */
  readonly expected: string;
  /** What it would do to replication. */
  readonly meaning: string;
}

/** Something that was not tried, and why. */
export interface NotTried {
  readonly command: string;
  readonly reason: string;
}

/** See the module's comment. */
export interface ProbeReport {
  readonly kind: "redis" | "valkey";
  /** For example `7.0.15`. */
  readonly version: string;
  /** Rows of the table with an example that was sent, and examples in all. */
  readonly commands: number;
  readonly examples: number;
  readonly unknown: readonly UnknownForm[];
  /** Write commands of this server that have no row in the table. */
  readonly unlisted: readonly string[];
  readonly notTried: readonly NotTried[];
}

/** True where the agent can follow this server's stream as the table says. */
export function isConforming(report: ProbeReport): boolean {
  return report.unknown.length === 0;
}

/** What an unknown form of a row means for replication. */
export function meaningOf(treatment: Treatment, carried: readonly (readonly string[])[], unlisted: readonly string[]): string {
  if (unlisted.length > 0) return `the agent does not know ${unlisted.join(", ")} in the stream: it is counted as not replicated`;
  if (carried.length === 0) return "the write leaves no trace in the stream: peers do not get it";
  if (treatment === "captured") return "its effect would be read from the stream wrongly: peers may get another value";
  if (treatment === "readback" || treatment === "whole") return "the keys that it wrote may not be found: peers may keep the old value";
  return "it may reach peers though it should stay in its region";
}
