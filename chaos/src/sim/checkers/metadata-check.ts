/**
 * Compares what the agents remember: the same cells with the same siblings and sums in every region's store, and each
 * region's server holding what its own cells say. What only concerns one region (how it numbers writers, what it holds
 * for itself) is left out.
 */
import {
  deadlineContent,
  digestPrintOf,
  entriesOf,
  groupStart,
  isLive,
  isSketchPrint,
  knownUnion,
  printOf,
  registerContent,
  scoreContent,
  stringPrintOf,
  valueOfPrint,
  type Cell,
  type CellSum,
  type Sibling,
} from "@meridian/merge";
import { readUnfinished, type StoredCell } from "@meridian/region";
import { cellName, type ServerCells } from "./cells-of-server.js";
import type { ServerHost } from "../mesh/server-host.js";
import type { AgentHost } from "../mesh/agent-host.js";
import { isHiddenCell, typesIn, type TypesOfKeys } from "./visible-types.js";

/** Kinds of cells with values that the agent need not hold. */
const HELD_BY_SERVERS: ReadonlySet<string> = new Set(["s", "h", "w", "x", "l"]);

/** Cells of one region, by name. */
export type Metadata = ReadonlyMap<string, StoredCell>;

/** Reads a region's cells. */
export function metadataOf(agent: AgentHost): Metadata {
  const metadata = new Map<string, StoredCell>();
  for (const cell of agent.stored.cells) metadata.set(cellName(cell.db, cell.key, cell.kind, cell.field), cell);
  return metadata;
}

/**
 * Cells whose value stands nowhere in this region any more, and of which the region says so: the server dropped them at a
 * deadline, and a longer one came. With them goes what depends on their being there, the deadline.
 */
export function missingIn(metadata: Metadata): Set<string> {
  const missing = new Set<string>();
  const types = typesIn(metadata);
  const unheld = new Set<string>();
  for (const { db, key, kind, field, base } of metadata.values()) {
    if (kind === "l" && field !== "" && base.siblings.some(({ value, print }) => !value && !valueOfPrint(print))) unheld.add(`${db}|${key}`);
  }
  for (const [name, cell] of metadata) {
    const { db, key, kind, field, base, shown } = cell;
    if (isHiddenCell(types, cell)) continue;
    if (kind === "l" && field === "" && shown && unheld.has(`${db}|${key}`)) missing.add(name).add(cellName(db, key, "t"));
    if (kind === "x" && shown && field !== "") {
      // Entries of one id are one cell: where one of them cannot be written, the others wait too.
      const entries = entriesOf(base, field);
      const isLost = entries.some(({ print, sibling }) => !sibling.value && !valueOfPrint(print));
      for (const { id } of isLost ? entries : []) missing.add(name).add(cellName(db, key, "x", id)).add(cellName(db, key, "x")).add(cellName(db, key, "t"));
    }
    if (!shown || (kind !== "s" && kind !== "h" && kind !== "w")) continue;
    const content = registerContent(base);
    // Of sketches what is not missing is there.
    if (!content || content.value || valueOfPrint(content.print)) continue;
    // Where there was nothing, clients may have begun to count.
    const rest = printOfCell(kind, { ...base, siblings: base.siblings.filter(({ value, print }) => value || valueOfPrint(print)) });
    if (shown.print !== knownUnion(base)?.print && shown.print !== rest) continue;
    missing.add(name).add(cellName(db, key, "t"));
  }
  return missing;
}

/** True where a value stands nowhere in this region that another type hides: nobody misses it until that goes. */
export function isMissingHidden(metadata: Metadata): boolean {
  const types = typesIn(metadata);
  const lacksValue = ({ base, kind }: StoredCell): boolean =>
    HELD_BY_SERVERS.has(kind) && base.siblings.some(({ value, print }) => !value && !valueOfPrint(print));
  return [...metadata.values()].some((cell) => isHiddenCell(types, cell) && lacksValue(cell));
}

/** What a region does not do at rest because of others, or goes on doing. */
export interface Unfinished {
  /** Values stand nowhere: they are looked for after every start, and their keys are looked at until their deadlines are past. */
  readonly looksOn: boolean;
  /** A peer says nothing any more, so nothing can be forgotten. */
  readonly waits: boolean;
}

/** What is left undone in a region that should be at rest. */
export function unfinishedIn(agent: AgentHost, metadata: Metadata, missing: ReadonlySet<string>, { looksOn, waits }: Unfinished): string[] {
  const { region } = agent;
  const names = readUnfinished(agent.store).filter((name) => !looksOn || !name.startsWith("retry:"));
  const found = names.map((name) => `the store still holds ${name}`);
  const remains = (waits ? [] : agent.stored.remains).filter((name) => !looksOn || !name.startsWith("names"));
  found.push(...remains.map((name) => `nothing needs what the store still holds: ${name}`));
  if (!region) return [...found, "the agent is not running"];
  if (region.halt) found.push(`halted: ${region.halt.code} ${region.halt.reason}`);
  for (const hold of region.holds) if (hold.code !== "FENCED") found.push(`holds ${hold.writer}: ${hold.code} ${hold.reason}`);
  if (!region.isQuiet) found.push(`not quiet: ${JSON.stringify(region.pending)}`);
  const types = typesIn(metadata);
  for (const [name, cell] of metadata) {
    if (cell.pending.length > 0) found.push(`${name} has ${cell.pending.length} pending changes in the store`);
    // Of what another type hides the server holds nothing.
    if (isHiddenCell(types, cell) && cell.shown?.print === undefined) continue;
    if (cell.shown && !missing.has(name)) found.push(`${name} is noted as showing ${String(cell.shown.print)}`);
  }
  return found;
}

/** Where two regions remember different things. */
export function compareMetadata(a: Metadata, b: Metadata): string[] {
  if (a === b) return [];
  const problems: string[] = [];
  const compare = (name: string, cell: Cell | undefined, same: Cell | undefined): void => {
    if (cell && same && areAlike(cell, same)) return;
    const [one, other] = [describeCell(cell), describeCell(same)];
    if (one !== other) problems.push(`${name}: ${one} / ${other}`);
  };
  for (const [name, { base }] of a) compare(name, base, b.get(name)?.base);
  for (const [name, { base }] of b) if (!a.has(name)) compare(name, undefined, base);
  return problems.sort();
}

/** True for most cells that mean the same, without a text: the same values and sums in the same order. */
function areAlike(a: Cell, b: Cell): boolean {
  if (a.siblings.length !== b.siblings.length || a.sums.length !== b.sums.length || a.wipes || b.wipes) return false;
  return a.siblings.every((one, at) => isSameValue(one, b.siblings[at])) && a.sums.every((one, at) => isSameSum(one, b.sums[at]));
}

function isSameValue(one: Sibling, other: Sibling | undefined): boolean {
  return one.hlc === other?.hlc && one.writer === other.writer && one.print === other.print && one.number === other.number;
}

function isSameSum(one: CellSum, other: CellSum | undefined): boolean {
  if (one.writer !== other?.writer || one.birth !== other.birth || one.decimal !== other.decimal) return false;
  return one.sum === other.sum && one.absorbed === other.absorbed && one.upTo === other.upTo && one.absorbedUpTo === other.absorbedUpTo;
}

/** A cell as a text that is equal exactly where the cells mean the same. */
function describeCell(cell: Cell | undefined): string {
  if (!cell) return "";
  const siblings = cell.siblings.map(({ writer, hlc, print, number }) => `${writer}@${hlc} ${print} ${number}`).sort();
  const sums = cell.sums.map((s) => `${s.writer}@${s.birth}${s.decimal ? " decimal" : ""} ${isLive(s) ? `${s.sum - s.absorbed} up to ${s.upTo}` : "taken"}`).sort();
  const wipes = (cell.wipes ?? []).map(({ writer, hlc }) => `wipe ${writer}@${hlc}`).sort();
  return [...siblings, ...sums, ...wipes].join(", ");
}

/** Where a server holds something else than its region's cells say. */
export function compareWithServer(
  metadata: Metadata,
  cells: ServerCells,
  server: ServerHost,
  nowMs: number,
  missing: ReadonlySet<string>,
): string[] {
  const types = typesIn(metadata);
  const deadlines = deadlinesOf(metadata, types);
  const problems: string[] = [];
  const expected = new Set<string>();
  for (const [name, cell] of metadata) {
    const { db, key, kind, base } = cell;
    if (kind === "s" && missing.has(name) && deadlineIn(deadlines, db, key) > nowMs) problems.push(...comparePart(name, cell, server, cells.has(name)));
    if (kind === "t" || kind === "l" || missing.has(name)) continue;
    const whole = kind === "w" ? wholeOf(server, db, key, nowMs) : undefined;
    if (isHiddenCell(types, cell)) {
      // Where something of the same name is held it is found below, as held by nobody.
      const hasContent = kind === "g" ? groupStart(base) !== undefined : printOfCell(kind, base) !== undefined;
      if (hasContent && !cell.shown && deadlineIn(deadlines, db, key) > nowMs) problems.push(`${name}: hidden, and noted as held`);
      continue;
    }
    const deadline = deadlineIn(deadlines, db, key);
    const print = deadline <= nowMs ? undefined : printOfCell(kind, base);
    if (kind === "x" || kind === "g") {
      problems.push(...compareStreamCell(cell, cells, deadline <= nowMs, expected));
      if (deadline <= nowMs || !expected.has(cellName(db, key, "x"))) continue;
    } else {
      const isSketch = print !== undefined && isSketchPrint(print);
      const isHere = cells.has(name);
      const held = isSketch ? printOfSketch(server, db, key, isHere) : kind === "w" ? whole : printHeld(cells.get(name));
      if (print !== held) problems.push(`${name}: the cells say ${String(print)}, the server holds ${String(held)}`);
      if (print === undefined) continue;
      expected.add(name);
      // A register has all cells of its key.
      if (kind === "w") for (const other of cells.keys()) if (other.startsWith(`${db}|${key}|`)) expected.add(other);
    }
    const wanted = deadline < Infinity ? String(deadline) : undefined;
    const timer = cellName(db, key, "t");
    expected.add(timer);
    if (cells.get(timer) !== wanted && !missing.has(timer)) problems.push(`${timer}: the cells say ${String(wanted)}, the server holds ${String(cells.get(timer))}`);
  }
  problems.push(...compareLists(metadata, cells, { types, deadlines, nowMs, missing, expected }));
  for (const name of cells.keys()) if (!expected.has(name) && !missing.has(name)) problems.push(`${name}: the server holds ${String(cells.get(name))}, of which no cell knows`);
  return problems;
}

/** Where sketches stand in other regions' servers only, this one holds the others. */
function comparePart(name: string, { db, key, base }: StoredCell, server: ServerHost, isPresent: boolean): string[] {
  const part = knownUnion(base);
  const held = part && printOfSketch(server, db, key, isPresent);
  return held === part?.print ? [] : [`${name}: of what is not missing the cells say ${String(part?.print)}, the server holds ${String(held)}`];
}

/** A cell of a stream may be several entries, or only say that the stream is there. */
function compareStreamCell(cell: StoredCell, cells: ServerCells, isDead: boolean, expected: Set<string>): string[] {
  const { db, key, kind, field, base } = cell;
  const wanted = new Map<string, string>();
  if (kind === "g") {
    if (groupStart(base) !== undefined) wanted.set(cellName(db, key, "g", field), "=");
  } else if (field !== "") {
    for (const { id, print } of entriesOf(base, field)) wanted.set(cellName(db, key, "x", id), print);
  }
  if (wanted.size > 0 || (kind === "x" && field === "" && base.siblings.length > 0)) wanted.set(cellName(db, key, "x"), "=");
  if (!isDead) for (const name of wanted.keys()) expected.add(name);
  return [...wanted].flatMap(([name, print]) => {
    const held = printHeld(cells.get(name));
    return held === (isDead ? undefined : print) ? [] : [`${name}: the cells say ${print}${isDead ? ", dead" : ""}, the server holds ${String(held)}`];
  });
}

interface ListComparison {
  readonly types: TypesOfKeys;
  readonly deadlines: ReadonlyMap<string, number>;
  readonly nowMs: number;
  readonly missing: ReadonlySet<string>;
  readonly expected: Set<string>;
}

function compareLists(metadata: Metadata, cells: ServerCells, { types, deadlines, nowMs, missing, expected }: ListComparison): string[] {
  const lists = new Map<string, StoredCell[]>();
  for (const cell of metadata.values()) {
    if (cell.kind !== "l" || cell.field === "" || isHiddenCell(types, cell)) continue;
    const of = `${cell.db}|${cell.key}`;
    lists.set(of, [...(lists.get(of) ?? []), cell]);
  }
  const problems: string[] = [];
  for (const [of, elements] of lists) {
    const deadline = deadlines.get(of) ?? Infinity;
    const name = `${of}|l|`;
    const timer = `${of}|t|`;
    if (deadline <= nowMs || missing.has(name)) {
      if (missing.has(name)) expected.add(name).add(timer);
      continue;
    }
    expected.add(name).add(timer);
    const prints = [...elements].sort((a, b) => (a.field < b.field ? -1 : 1)).map(({ base }) => registerContent(base)?.print);
    const held = (JSON.parse(cells.get(name) ?? "[]") as string[]).map((value) => printOf(Buffer.from(value, "latin1")));
    if (prints.join() !== held.join()) problems.push(`${name}: the cells say ${prints.join()}, the server holds ${held.join()}`);
    const wanted = deadline < Infinity ? String(deadline) : undefined;
    if (cells.get(timer) !== wanted) problems.push(`${timer}: the cells say ${String(wanted)}, the server holds ${String(cells.get(timer))}`);
  }
  return problems;
}

function deadlinesOf(metadata: Metadata, types: TypesOfKeys): Map<string, number> {
  const deadlines = new Map<string, number>();
  for (const cell of metadata.values()) {
    const { db, key, kind, base } = cell;
    if ((kind !== "s" && kind !== "w" && kind !== "t") || isHiddenCell(types, cell)) continue;
    const deadline = deadlineContent(base);
    if (deadline === undefined || deadline === -Infinity) continue;
    const name = `${db}|${key}`;
    deadlines.set(name, Math.max(deadline, deadlines.get(name) ?? -Infinity));
  }
  return deadlines;
}

/** `Infinity` where the key has none. */
function deadlineIn(deadlines: ReadonlyMap<string, number>, db: number, key: string): number {
  return deadlines.size === 0 ? Infinity : (deadlines.get(`${db}|${key}`) ?? Infinity);
}

function printOfCell(kind: string, cell: Cell): string | undefined {
  if (kind === "e") return cell.siblings.length > 0 ? "=" : undefined;
  if (kind !== "z") return registerContent(cell)?.print;
  const score = scoreContent(cell);
  return score === undefined ? undefined : `=${score}`;
}

function printOfSketch(server: ServerHost, db: number, key: string, isPresent: boolean): string | undefined {
  const value = isPresent ? server.model.execute(["GET", key], 0, db) : undefined;
  return value instanceof Buffer ? stringPrintOf(value) : undefined;
}

function printHeld(content: string | undefined): string | undefined {
  return content === undefined ? undefined : printOf(Buffer.from(content, "latin1"));
}

function wholeOf(server: ServerHost, db: number, key: string, nowMs: number): string | undefined {
  const dump = server.model.execute(["DUMP", key], nowMs, db);
  return dump instanceof Buffer ? digestPrintOf(dump) : undefined;
}
