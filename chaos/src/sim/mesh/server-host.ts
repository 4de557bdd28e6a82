/**
 * One region's server in the simulator: the model, all bytes of its stream so far, and what clients changed where,
 * which the checkers ask for.
 */
import { CommandParser } from "@meridian/resp";
import type { KeyRules } from "./residents.js";
import { ServerModel } from "@meridian/target";
import { cellName, cellsOf, differing, pairsAsBytes, pairsOf, parseCellName, type ServerCells } from "../checkers/cells-of-server.js";
import type { ClientCommand } from "./event.js";

/** What one client command, or one expiry, changed. */
export interface LocalChange {
  /** Where the stream stands behind it. */
  readonly endOffset: number;
  /** The changed cells' contents before; undefined: absent. */
  readonly before: ReadonlyMap<string, string | undefined>;
}

/** What an agent found in a list when it read its key. */
export interface ListReading {
  /** Where the stream stood behind it. */
  readonly offset: number;
  /** The life of the agent that asked for it, from 1. */
  readonly life: number;
  readonly values: readonly string[];
}

/** What a server held at an offset of its stream. Nothing of it dies from `atMs` to `untilMs`. */
interface HeldCells {
  readonly offset: number;
  readonly atMs: number;
  readonly untilMs: number;
  readonly cells: ServerCells;
}

const NO_BYTES = Buffer.alloc(0);
const NO_VALUES: readonly string[] = [];
/** Room for the stream of a short run. */
const STREAM_BYTES_FIRST = 2048;

/** See the module's comment. */
export class ServerHost {
  readonly model = new ServerModel();
  /** Its stream; what stands there is never written again. */
  #bytes = NO_BYTES;
  #length = 0;
  /** Every cell, and those that are alive, each as the server held them last. */
  #all: HeldCells | undefined;
  #alive: HeldCells | undefined;
  /** What clients changed, in order. */
  readonly changes: LocalChange[] = [];
  /** The marks of the apply scripts that had an effect, and where the stream stands behind each. */
  readonly marks: { readonly endOffset: number; readonly header: Buffer }[] = [];
  /** What agents found in lists, by `db|key`, in order. */
  readonly listReadings = new Map<string, ListReading[]>();
  /** Every content that a client ever gave to a cell. */
  readonly #made = new Map<string, Set<string>>();
  /** Keys that clients named in commands that the server took, as `db|key`. */
  readonly touched = new Set<string>();

  /**
   * What registers held behind commands of clients that named them, as DUMP gives it; empty: nothing. By `db|key`. `lasts`: from the
   * last one on that changed it: those behind that may have written what was there already, or only have read it.
   */
  readonly wholes = new Map<string, { readonly held: string[]; lasts: string[] | undefined }>();
  /** Keys that it dropped to make room, so far. */
  evictions = 0;
  readonly #policies: KeyRules | undefined;

  constructor(policies?: KeyRules) {
    this.#policies = policies;
  }

  /** Bytes of the stream. */
  get streamEnd(): number {
    return this.model.offset;
  }

  /** The stream's bytes from `from`, at most `limit` of them. */
  stream(from: number, limit: number): Buffer {
    this.#collect();
    return this.#bytes.subarray(from, Math.min(this.#length, from + limit));
  }

  /** Every cell; with `nowMs` only of keys that are alive then. Not to be changed. */
  cells(nowMs?: number): ServerCells {
    if (this.#all?.offset !== this.streamEnd) this.#all = this.#held();
    if (nowMs === undefined || nowMs <= this.#all.untilMs) return this.#all.cells;
    if (this.#alive?.offset !== this.streamEnd || nowMs < this.#alive.atMs || nowMs > this.#alive.untilMs) this.#alive = this.#held(nowMs);
    return this.#alive.cells;
  }

  #held(nowMs?: number): HeldCells {
    const entries = this.model.snapshot(nowMs);
    let untilMs = Infinity;
    for (const { deadlineMs } of entries) if (deadlineMs >= 0 && deadlineMs < untilMs) untilMs = deadlineMs;
    return { offset: this.streamEnd, atMs: nowMs ?? -Infinity, untilMs, cells: cellsOf(entries) };
  }

  /** Runs what a client sends. Returns the replies, for the transcript. */
  client(commands: readonly ClientCommand[], db: number, nowMs: number): unknown[] {
    // A key that is dead and not yet dropped is still there for a comparison that was made before.
    const before = this.cells();
    const start = this.streamEnd;
    const [only] = commands;
    const replies = commands.length === 1 && only ? [this.model.execute(only, nowMs, db)] : this.model.transaction(commands, nowMs, db);
    if (this.streamEnd === start) return replies;
    for (const [index, words] of commands.entries()) this.#noteFloat(words, db, replies[index]);
    const after = this.cells(nowMs);
    const changed = this.#change(before, after);
    this.#note(changed, after, db, commands);
    if (this.#policies) this.#noteWholes(commands, db, changed, nowMs);
    return replies;
  }

  #noteWholes(commands: readonly ClientCommand[], db: number, changed: ReadonlyMap<string, unknown>, nowMs: number): void {
    const registers = commands.flatMap((words) => words.filter((word, at) => at > 0 && this.#policies?.isRegister(word) === true));
    if (registers.length === 0) return;
    const changedPlaces = new Set([...changed.keys()].map((name) => parseCellName(name).place));
    for (const key of new Set(registers)) {
      const dump = this.model.execute(["DUMP", key], nowMs, db);
      const whole = dump instanceof Buffer ? dump.toString("latin1") : "";
      const known = this.wholes.get(`${db}|${key}`) ?? { held: [], lasts: undefined };
      known.held.push(whole);
      if (changedPlaces.has(`${db}|${key}`)) known.lasts = [whole];
      else known.lasts?.push(whole);
      this.wholes.set(`${db}|${key}`, known);
    }
  }

  /** The result of a float's increment is content that a client made: where events are not heard it is a value like others. */
  #noteFloat([name, key = "", field = ""]: ClientCommand, db: number, reply: unknown): void {
    if (!Buffer.isBuffer(reply)) return;
    if (name === "INCRBYFLOAT") this.#noteMade(cellName(db, key, "s"), reply.toString());
    if (name === "HINCRBYFLOAT") this.#noteMade(cellName(db, key, "h", field), reply.toString());
  }

  /** True where a client ever gave the content to the cell. */
  hasMade(cell: string, content: string): boolean {
    return this.#made.get(cell)?.has(content) === true;
  }

  #noteMade(cell: string, content: string): void {
    const known = this.#made.get(cell);
    if (known) known.add(content);
    else this.#made.set(cell, new Set([content]));
  }

  /** Drops what is due. */
  expire(nowMs: number): number {
    const before = this.cells();
    const dropped = this.model.expire(nowMs);
    if (dropped > 0) this.#change(before, this.cells());
    return dropped;
  }

  /** Makes room: drops one of the users' keys. Undefined: there is none. */
  evict(pick: number): { readonly db: number; readonly key: string } | undefined {
    const keys = this.model.snapshot().filter(({ key }) => !key.startsWith("meridian:"));
    const chosen = keys[pick % keys.length];
    if (!chosen) return undefined;
    const before = this.cells();
    this.model.evict(chosen.db, chosen.key);
    this.evictions += 1;
    this.touched.add(`${chosen.db}|${chosen.key}`);
    this.#change(before, this.cells());
    return chosen;
  }

  /** An agent reads a key, in one of its lives. */
  noteReading(db: number, key: string, life: number, nowMs: number): void {
    const list = this.cells(nowMs).get(cellName(db, key, "l"));
    const reading = { offset: this.streamEnd, life, values: list === undefined ? NO_VALUES : (JSON.parse(list) as string[]) };
    const place = `${db}|${key}`;
    const before = this.listReadings.get(place);
    if (before) before.push(reading);
    else this.listReadings.set(place, [reading]);
  }

  /** The commands in the stream behind `from`, for the transcript and the guard. */
  commandsFrom(from: number): string[][] {
    const found: string[][] = [];
    const parser = new CommandParser((view) => {
      found.push(Array.from({ length: view.argc }, (_, i) => view.buffer.toString("latin1", view.starts[i], view.ends[i])));
    }, from);
    parser.push(this.stream(from, this.streamEnd - from));
    return found;
  }

  #change(before: ServerCells, after: ServerCells): ReadonlyMap<string, string | undefined> {
    const changed = new Map<string, string | undefined>();
    for (const name of differing(before, after)) changed.set(name, before.get(name));
    this.changes.push({ endOffset: this.streamEnd, before: changed });
    return changed;
  }

  #note(changed: ReadonlyMap<string, unknown>, after: ServerCells, db: number, commands: readonly ClientCommand[]): void {
    for (const words of commands) {
      for (let at = 1; at < words.length; at += 1) this.touched.add(`${db}|${words[at] ?? ""}`);
      this.#noteContents(words, db);
    }
    for (const [name, content] of after) if (changed.has(name) || isNamed(name, db, commands)) this.#noteMade(name, content);
  }

  /** Contents that a command gives by name: within a transaction the next command may replace them at once. */
  #noteContents([name, key = "", ...rest]: ClientCommand, db: number): void {
    if (name === "SET" || name === "MSET") this.#noteMade(cellName(db, key, "s"), rest[0] ?? "");
    if (name === "MSET") this.#noteMade(cellName(db, rest[1] ?? "", "s"), rest[2] ?? "");
    else if (name === "SADD") for (const member of rest) this.#noteMade(cellName(db, key, "e", member), "");
    else if (name === "XADD") this.#noteMade(cellName(db, key, "x"), pairsAsBytes(pairsOf([name, key, ...rest])));
    else if (name === "HSET") for (let at = 0; at < rest.length; at += 2) this.#noteMade(cellName(db, key, "h", rest[at]), rest[at + 1] ?? "");
  }

  #collect(): void {
    const chunk = this.model.takeStream();
    if (chunk.length === 0) return;
    const end = this.#length + chunk.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(STREAM_BYTES_FIRST, end * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = end;
  }
}

/** Writing what is there already is a write too. */
function isNamed(cell: string, db: number, commands: readonly ClientCommand[]): boolean {
  const behindDb = cell.indexOf("|") + 1;
  const behindKey = cell.indexOf("|", behindDb);
  const key = cell.slice(behindDb, behindKey);
  for (const words of commands) {
    if (!words.includes(key, 1) || Number(cell.slice(0, behindDb - 1)) !== db) continue;
    const field = cell.slice(cell.indexOf("|", behindKey + 1) + 1);
    if (field === "" || words.includes(field)) return true;
  }
  return false;
}
