/**
 * Rows for commands that have none: those of modules, by what the server itself says of them. Nothing is known of such a
 * command but its keys, so they are read back, and a value of a type of the module's own is replicated whole.
 */
import type { CommandRow } from "./command-row.js";

/** What a server says of a write command: its keys are every `step`-th argument from `first` to `last` (negative: from the end). */
export interface ForeignCommand {
  /** Lower case. */
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** A row for it. Its `id` is none of the table's. */
export function foreignRow({ name, first, last, step }: ForeignCommand): CommandRow {
  const keys = { find: "range", first, last, step } as const;
  const why = "a command of a module: its keys are read back";
  return { name, id: -1, treatment: "whole", holds: "any", stream: "not observed", inStream: true, keys, since: "0", counted: false, why };
}
