/**
 * From the bytes of a command's name to its row, in any case, without allocating: the stream has one of these per
 * command. A name that has no row answers undefined, which is never "ignore it": the reader counts it by name.
 */
import { isWord, type ArgumentView } from "./argument-view.js";
import type { CommandRow } from "./command-row.js";
import { COMMAND_TABLE, type CommandName } from "./command-table.js";

/** Slots of the hash table; several times the number of rows, a power of two. */
const SLOT_COUNT = 1024;
/** Names longer than this are not in the table. */
const NAME_BYTES_MAX = 32;

const slots = new Int16Array(SLOT_COUNT).fill(-1);
const names: string[] = COMMAND_TABLE.map((row) => row.name);
const byName = new Map<string, CommandRow<CommandName>>();
/** For the row of a container: its subcommands. */
const subcommands: (readonly CommandRow<CommandName>[] | undefined)[] = [];

for (const row of COMMAND_TABLE) {
  byName.set(row.name, row);
  if (!row.name.includes("|")) insert(row);
  const below = COMMAND_TABLE.filter((other) => other.name.startsWith(`${row.name}|`));
  subcommands.push(below.length === 0 ? undefined : below);
}

function insert(row: CommandRow): void {
  const name = Buffer.from(row.name, "latin1");
  let slot = hashOf(name, 0, name.length);
  while (slots[slot] !== -1) slot = (slot + 1) & (SLOT_COUNT - 1);
  slots[slot] = row.id;
}

/** Bit 0x20 set in every byte makes letters lower case and lets other bytes collide, which the comparison sorts out. */
function hashOf(buffer: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + ((buffer[i] ?? 0) | 0x20);
  return (hash ^ (hash >>> 10)) & (SLOT_COUNT - 1);
}

/** The row of the command whose name is `buffer[start, end)`. For a container (XGROUP) the container's row. */
export function commandOf(buffer: Buffer, start: number, end: number): CommandRow<CommandName> | undefined {
  if (end - start > NAME_BYTES_MAX) return undefined;
  let slot = hashOf(buffer, start, end);
  for (;;) {
    const id = slots[slot] ?? -1;
    if (id === -1) return undefined;
    if (isWord(buffer, start, end, names[id] ?? "")) return COMMAND_TABLE[id];
    slot = (slot + 1) & (SLOT_COUNT - 1);
  }
}

/** The row of a whole command: as {@link commandOf}, and for a container the subcommand's row where it has one. */
export function commandIn(view: ArgumentView): CommandRow<CommandName> | undefined {
  const row = commandOf(view.buffer, view.starts[0] ?? 0, view.ends[0] ?? 0);
  if (row === undefined || view.argc < 2) return row;
  const below = subcommands[row.id];
  if (below === undefined) return row;
  const prefix = row.name.length + 1;
  const start = view.starts[1] ?? 0;
  const end = view.ends[1] ?? 0;
  return below.find((candidate) => isWord(view.buffer, start, end, candidate.name.slice(prefix))) ?? row;
}

/** The row with this name (lower case, `container|subcommand`). */
export function commandNamed(name: CommandName): CommandRow<CommandName>;
export function commandNamed(name: string): CommandRow<CommandName> | undefined;
export function commandNamed(name: string): CommandRow<CommandName> | undefined {
  return byName.get(name);
}
