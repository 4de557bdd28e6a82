/**
 * A live checker: an apply script must not change a cell that a client has written since the script was decided, unless
 * it increments it. The server model is asked before and after the script, so that nothing of the agent is believed.
 */
import { MARK_KEY, OP, type ApplyBatch } from "@meridian/mark";
import { cellName, cellsOfServer, type ServerCells } from "./cells-of-server.js";
import type { ServerHost } from "./server-host.js";

/** Returns the second half of the check, to be called after the script, or undefined where nothing can go wrong. */
export function guardApply(
  server: ServerHost,
  batch: ApplyBatch,
  seenOffset: number,
  serverMs: number,
  report: (problem: string) => void,
): (() => void) | undefined {
  const unseen = unseenContents(server, seenOffset);
  if (unseen.size === 0) return undefined;
  const before = cellsOfServer(server.model, serverMs);
  const from = server.streamEnd;
  return () => {
    const after = cellsOfServer(server.model, serverMs);
    const allowed = namesOf(server.commandsFrom(from), batch);
    for (const [name, seen] of unseen) {
      const was = before.get(name);
      if (was === seen || was === after.get(name) || allowed(name, after)) continue;
      report(`batch ${batch.epoch}/${batch.seq} overwrote ${name}: a client had written ${String(was)}, unseen; now ${String(after.get(name))}`);
    }
  };
}

/** Cells that clients have written behind `seenOffset`, with what was there before. */
function unseenContents(server: ServerHost, seenOffset: number): Map<string, string | undefined> {
  const contents = new Map<string, string | undefined>();
  for (const change of server.changes.toReversed()) {
    if (change.endOffset <= seenOffset) break;
    for (const [name, before] of change.before) contents.set(name, before);
  }
  return contents;
}

/**
 * What a script may change all the same: what it increments; deadlines that follow from writing or removing the value
 * itself, for a deadline that is set by name is compared like everything else; and members of a key that goes as a whole,
 * which only a deadline that is past does. Known gap: a deadline that passes between plan and script takes a string too,
 * without comparing it.
 */
function namesOf(commands: readonly (readonly string[])[], { args }: ApplyBatch): (name: string, after: ServerCells) => boolean {
  const increments = new Set<string>();
  const deadlines = new Set<string>();
  const gone = new Set<string>();
  let db = 0;
  for (const [command = "", key = "", field = ""] of commands) {
    if (key === MARK_KEY) db = 0;
    else if (command === "SELECT") db = Number(key);
    else if (command === "INCRBY") increments.add(cellName(db, key, "s"));
    else if (command === "HINCRBY") increments.add(cellName(db, key, "h", field));
    else if (command === "DEL") gone.add(`${db}|${key}`);
    else if (command === "PEXPIREAT" || command === "PERSIST") deadlines.add(cellName(db, key, "t"));
  }
  return (name) => {
    const [database, key, kind = ""] = name.split("|");
    if (increments.has(name) || (kind === "t" && !deadlines.has(name))) return true;
    const isTimed = args.some((arg, at) => arg === `${OP.setExpiry}=` && args[at + 1] === key);
    return ("hez".includes(kind) || isTimed) && gone.has(`${database}|${key}`);
  };
}
