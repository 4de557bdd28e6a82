/**
 * The command table: every write command of Redis 7.0, and the later ones of Redis and Valkey that we know, with what
 * Meridian does with it. One row per command or subcommand; a test compares the table with `COMMAND` of a running
 * server, another one sends every command and compares what the stream carries with the row.
 *
 * Refuses nothing and decides nothing: whoever reads the stream dispatches on {@link CommandRow.treatment} or `id`.
 */
import type { CommandRow } from "./command-row.js";
import { GENERIC_ROWS } from "./rows-generic.js";
import { HASH_ROWS } from "./rows-hash.js";
import { LIST_ROWS } from "./rows-list.js";
import { SERVER_ROWS } from "./rows-server.js";
import { SET_ROWS } from "./rows-set.js";
import { SORTED_SET_ROWS } from "./rows-sorted-set.js";
import { STRING_ROWS } from "./rows-string.js";
import { STREAM_ROWS } from "./rows-stream.js";
import { SKETCH_ROWS } from "./rows-whole.js";
import { compareVersions } from "./server-version.js";
import { carriesOwnName } from "./stream-form.js";

const DRAFTS = [
  ...STRING_ROWS,
  ...GENERIC_ROWS,
  ...HASH_ROWS,
  ...SET_ROWS,
  ...SORTED_SET_ROWS,
  ...LIST_ROWS,
  ...STREAM_ROWS,
  ...SKETCH_ROWS,
  ...SERVER_ROWS,
] as const;

/** The name of a row. */
export type CommandName = (typeof DRAFTS)[number]["name"];

/** Every row, `COMMAND_TABLE[row.id] === row`. */
export const COMMAND_TABLE: readonly CommandRow<CommandName>[] = DRAFTS.map((draft, id) => ({
  ...draft,
  id,
  inStream: carriesOwnName(draft.name, draft.stream),
}));

/** Whether a server of this kind and version ("7.0.15") should know the command. */
export function existsIn(row: CommandRow, kind: "redis" | "valkey", version: string): boolean {
  const since = typeof row.since === "string" ? row.since : row.since[kind];
  return since !== undefined && compareVersions(since, version) <= 0;
}

/** Versions, without their last number, on which the test of the `stream` column has passed. */
const OBSERVED = { redis: ["7.0", "8.0"], valkey: ["8.0", "8.1"] } as const;

/** Whether the rewrites of such a version were observed. */
export function isObserved(kind: "redis" | "valkey", version: string): boolean {
  return OBSERVED[kind].some((known) => version.startsWith(`${known}.`));
}
