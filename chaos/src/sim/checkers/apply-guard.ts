/**
 * A live checker: an apply script must not change a cell that a client has written since the script was decided, unless
 * it increments it. The server model is asked before and after the script, so that nothing of the agent is believed.
 */
import { MARK_KEY, OP, type ApplyBatch } from "@meridian/mark";
import { PRINT_INLINE_BYTES_MAX } from "@meridian/merge";
import { readBatch, type BatchCell } from "@meridian/target";
import { cellName, type ServerCells } from "./cells-of-server.js";
import { SWITCHED_PREFIX } from "../mesh/policies.js";
import type { LocalChange, ServerHost } from "../mesh/server-host.js";
import { scaledDigits, textOfDigits } from "./oracle.js";
import { includesSketch, isSketchContent } from "./sketch-content.js";

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
  const before = server.cells(serverMs);
  const from = server.streamEnd;
  return () => {
    const after = server.cells(serverMs);
    const commands = server.commandsFrom(from);
    const allowed = namesOf(commands);
    const cells = readBatch(batch.args).flat();
    const added = additionsOf(cells);
    const anew = putsAnew(cells);
    for (const name of timedUnseen(commands, unseen, after)) report(`batch ${batch.epoch}/${batch.seq} gave a deadline to ${name}, which a client had written, unseen`);
    for (const [name, seen] of unseen) {
      const was = before.get(name);
      if (was === seen || was === after.get(name) || allowed(name) || isRaised(was, after.get(name))) continue;
      if (was === undefined && anew.has(name)) continue;
      if (isSum(after.get(name), was, added.get(name)) || isOtherEntry(name, seen, was, after.get(name))) continue;
      if (name.split("|")[2] === "l") {
        for (const value of lostElements(seen, was, after.get(name))) report(`batch ${batch.epoch}/${batch.seq} took ${value} from ${name}: a client had put it there, unseen`);
        continue;
      }
      report(`batch ${batch.epoch}/${batch.seq} overwrote ${name}: a client had written ${String(was)}, unseen; now ${String(after.get(name))}`);
    }
  };
}

/** Decimals that the batch adds, by the cell's name. */
function additionsOf(cells: readonly BatchCell[]): Map<string, string> {
  const added = cells.filter(({ op }) => op === OP.addDecimal || op === OP.addDecimalField);
  return new Map(added.map(({ db, key, kind, field, rest }) => [cellName(db, key, kind, field), rest[0] ?? ""]));
}

/**
 * Cells of which the region had expected that nothing is there, and that is so, of keys that were local until their policy was changed:
 * what a client had put there then the region never knew, and when it goes it takes nothing of what the script brings.
 */
function putsAnew(cells: readonly BatchCell[]): ReadonlySet<string> {
  const anew = cells.filter(({ how, key }) => how === "-" && key.startsWith(SWITCHED_PREFIX));
  return new Set(anew.map(({ db, key, kind, field }) => cellName(db, key, kind, field)));
}

function isSum(now: string | undefined, was: string | undefined, added: string | undefined): boolean {
  const [before, more] = [scaledDigits(was ?? "0"), added === undefined ? undefined : scaledDigits(added)];
  return before !== undefined && more !== undefined && now === textOfDigits(before + more);
}

/** An entry of a stream comes under an id that a client has made free, unseen: it is not the one that this had removed. */
function isOtherEntry(name: string, removed: string | undefined, was: string | undefined, now: string | undefined): boolean {
  return name.split("|")[2] === "x" && removed !== undefined && was === undefined && now !== removed;
}

/** A sketch may be raised beside what a client has added to it, unseen: it keeps all of that. */
function isRaised(was: string | undefined, now: string | undefined): boolean {
  return was !== undefined && now !== undefined && isSketchContent(was) && isSketchContent(now) && includesSketch(now, was);
}

/** Values of their own kind that a client has put into a list, unseen, and that the script took away. A list is changed by index. */
function lostElements(seen = "[]", was = "[]", after = "[]"): string[] {
  const [known, written, left] = [seen, was, after].map((text) => JSON.parse(text) as string[]) as [string[], string[], string[]];
  return written.filter((value) => /^v\d+/.test(value) && !known.includes(value) && !left.includes(value));
}

/** Cells that clients have written behind `seenOffset`, with what was there before. */
function unseenContents(server: ServerHost, seenOffset: number): Map<string, string | undefined> {
  const contents = new Map<string, string | undefined>();
  for (let at = server.changes.length - 1; at >= 0; at -= 1) {
    const { endOffset, before } = server.changes[at] as LocalChange;
    if (endOffset <= seenOffset) break;
    for (const [name, content] of before) contents.set(name, content);
  }
  return contents;
}

/**
 * What a script may change all the same: what it increments, and a deadline that goes with the value that is written or
 * removed; one that is set by name, or beside a value, is compared like everything else.
 */
function namesOf(commands: readonly (readonly string[])[]): (name: string) => boolean {
  const increments = new Set<string>();
  const deadlines = new Set<string>();
  let db = 0;
  for (const [command = "", key = "", field = "", option = ""] of commands) {
    if (key === MARK_KEY) db = 0;
    else if (command === "SELECT") db = Number(key);
    else if (command === "INCRBY") increments.add(cellName(db, key, "s"));
    else if (command === "HINCRBY") increments.add(cellName(db, key, "h", field));
    else if (command === "PEXPIREAT" || command === "PERSIST" || option === "PXAT") deadlines.add(cellName(db, key, "t"));
  }
  return (name) => increments.has(name) || isOfNoValue(name) || (name.split("|")[2] === "t" && !deadlines.has(name));
}

/** That a stream or a group of it exists is no value: of concurrent writes one is as good as the other, or removing wins. */
function isOfNoValue(name: string): boolean {
  const [, , kind, field] = name.split("|");
  return kind === "g" || (kind === "x" && field === "");
}

/** A deadline must not be laid upon a value that its client has written without one: what is short can be brought back. */
function timedUnseen(
  commands: readonly (readonly string[])[],
  unseen: ReadonlyMap<string, string | undefined>,
  after: ServerCells,
): string[] {
  const found: string[] = [];
  let db = 0;
  for (const [command = "", key = ""] of commands) {
    if (key === MARK_KEY) db = 0;
    else if (command === "SELECT") db = Number(key);
    else if (command === "PEXPIREAT") {
      for (const kind of ["s", "w"]) {
        const name = cellName(db, key, kind);
        const content = after.get(name);
        const isLong = content !== undefined && (kind === "w" || content.length > PRINT_INLINE_BYTES_MAX);
        if (isLong && unseen.has(name) && unseen.get(name) !== content) found.push(name);
      }
    }
  }
  return found;
}
