/**
 * Reads the server's command stream: knows transactions, databases, marks and reads of our own, and hands every other
 * command to its handler. A command that is not understood is counted by name, never passed over in silence.
 */
import { argumentText, commandIn, foreignRow, writtenElsewhere, writtenKeys, type CommandRow, type ForeignCommand } from "@meridian/commands";
import { decodeMark, decodeReadResult, isMarkKey, isReadKey, isReserved, READ_TTL_MS, type Mark, type ReadResult } from "@meridian/mark";
import type { CommandView } from "@meridian/resp";
import type { CommandScope } from "./command-scope.js";
import { crosses } from "./crossing.js";
import { LOCAL_COMMANDS } from "./local-commands.js";
import { countName, type RegionCounters } from "../counters.js";
import type { KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { ListWrites } from "./list-writes.js";
import type { LocalMessages } from "./local-messages.js";
import type { LocalStreams } from "./local-streams.js";
import { isDeletion, sortByPolicy } from "../policies/policy-gate.js";
import type { KeyPolicies, LivePolicies } from "../policies/live-policies.js";
import type { Residency } from "../publish/residency.js";
import { removeRegister } from "./register-writes.js";
import type { LocalWrites } from "./local-writes.js";
import type { OpenUnit } from "./open-unit.js";

/** What capture tells its region. */
export interface CaptureContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly streams: LocalStreams;
  readonly lists: ListWrites;
  readonly counters: RegionCounters;
  /** Which keys stay here, and which are registers. */
  readonly policies: LivePolicies;
  /** Which keys only some regions get; undefined: none. */
  readonly residency: Residency | undefined;
  /** Messages of clients; undefined: they stay here. */
  readonly messages: LocalMessages | undefined;
  /** Begins a command: gives it a version. */
  readonly beginCommand: () => void;
  readonly onMark: (mark: Mark) => void;
  /** `serverMs`: the server's clock, as of the read, in ms since 1970; 0 where the stream does not say. */
  readonly onRead: (read: ReadResult, serverMs: number) => void;
  /** True while keys may hold what nobody knows. */
  readonly isImporting: () => boolean;
  /** The key's content is not in the stream; it must be read. */
  readonly onBlind: (entry: KeyEntry) => void;
  /** One of our own scripts removed the key. */
  readonly onOwnRemoval: (entry: KeyEntry) => void;
  /** The server dropped a key to make room. */
  readonly onEvicted: (db: number, key: string) => void;
  readonly onQuarantine: (command: string) => void;
  /** What must leave together. */
  readonly unit: OpenUnit;
  /** A transaction begins, which may be somebody's unit. */
  readonly onUnitBegin: () => void;
  /** Everything up to this offset is one or more whole transactions. */
  readonly onUnitEnd: (offset: number) => void;
  readonly nowMs: () => number;
  /** True where the region stands still: nothing more is captured. */
  readonly isHalted: () => boolean;
}

/** See the module's comment. */
export class Capture {
  readonly #context: CaptureContext;
  readonly #scope: CommandScope;
  /** Within MULTI. */
  #inTransaction = false;
  /** Behind our own mark within MULTI: the rest is our own doing. */
  #isOwn = false;
  /** The command at hand is the server's own, which made room. */
  #isEviction = false;
  /** The last mark of the transaction at hand: the script corrects the first one where an effect failed behind it. */
  #mark: Mark | undefined;
  /** Keys that our own script removed, told behind the mark. */
  readonly #removed: KeyEntry[] = [];
  /** Rows of commands that the table does not have, by name. */
  #foreign: ReadonlyMap<string, CommandRow> | undefined;
  db: number;

  constructor(context: CaptureContext, db: number) {
    this.#context = context;
    this.db = db;
    const onPartial = (name: string): void => countName(context.counters.unsupported, name);
    const { keys, writes, streams, lists, counters, nowMs, onBlind, isImporting } = context;
    const parts = { keys, writes, streams, lists, counters };
    const unread = (entry: KeyEntry): void => context.unit.needs(entry);
    this.#scope = { db, ...parts, blind: onBlind, unread, isImporting, nowMs, onPartial, isFloat: false };
  }

  /** True between MULTI and EXEC: nothing may be committed. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** What the server says of commands that the table does not have. */
  learn(commands: readonly ForeignCommand[]): void {
    this.#foreign = new Map(commands.map((command) => [command.name, foreignRow(command)]));
  }

  /** True behind our own mark, within its transaction. */
  get isOwn(): boolean {
    return this.#isOwn;
  }

  /** {@link onCommand}, where it is known whether the command is the increment of a float, or an eviction. */
  take(view: CommandView, endOffset: number, isFloat: boolean, isEviction: boolean): void {
    this.#scope.isFloat = isFloat;
    this.#isEviction = isEviction;
    this.onCommand(view, endOffset);
    this.#scope.isFloat = false;
    this.#isEviction = false;
  }

  /** Takes one command of the stream. */
  readonly onCommand = (view: CommandView, endOffset: number): void => {
    if (this.#context.isHalted()) return;
    const row: CommandRow | undefined = commandIn(view) ?? this.#foreign?.get(argumentText(view, 0).toLowerCase());
    if (!row) this.#unknown(view);
    else if (row.treatment === "transport") this.#transport(row, view);
    else if (this.#isOwn) this.#own(row, view);
    else this.#data(row, view);
    // What halted the region is not taken as captured: it stands at the place where the region stopped.
    if (this.#context.isHalted()) this.#inTransaction = false;
    else if (!this.#inTransaction) {
      this.#context.onUnitEnd(endOffset);
      this.#context.writes.continues = this.#context.unit.continues;
    }
  };

  #transport(row: CommandRow, view: CommandView): void {
    if (row.name === "multi") {
      this.#inTransaction = true;
      this.#isOwn = false;
      this.#context.onUnitBegin();
      this.#context.writes.continues = this.#context.unit.continues;
    } else if (row.name === "exec") {
      this.#inTransaction = false;
      this.#isOwn = false;
      this.#context.unit.end(this.#context.nowMs());
      this.#takeMark();
    } else if (row.name === "select") {
      this.db = Number(argumentText(view, 1));
    }
  }

  /** What our own scripts do is known, but for keys that they remove because their deadline is past. */
  #own(row: CommandRow, view: CommandView): void {
    const { counters, keys } = this.#context;
    if (row.name === "set" && isMarkKey(view.buffer, view.starts[1] ?? 0, view.ends[1] ?? 0)) {
      this.#reserved(row, view);
      return;
    }
    counters.ownCommands += 1;
    if (row.name !== "del" && row.name !== "unlink") return;
    for (const index of writtenKeys(row, view)) this.#removed.push(keys.entry(this.db, argumentText(view, index)));
  }

  #data(row: CommandRow, view: CommandView): void {
    const at = row.keys.find === "range" ? row.keys.first : 1;
    if (view.argc > at && isReservedAt(view, at) && writesReservedOnly(row, view)) {
      this.#reserved(row, view);
      return;
    }
    const { counters, beginCommand } = this.#context;
    counters.commands += 1;
    if (this.#isEviction) return this.#context.onEvicted(this.db, argumentText(view, 1));
    const { table } = this.#context.policies;
    if (table && this.#takesApart(row, view, table)) return;
    const handler = row.treatment === "captured" ? LOCAL_COMMANDS.get(row.name) : undefined;
    if (handler) {
      beginCommand();
      this.#scope.db = this.db;
      handler(view, this.#scope);
      return;
    }
    this.#other(row, view);
  }

  /** True where the command writes keys that stay here or registers, and nothing else of it is to be captured. */
  #takesApart(row: CommandRow, view: CommandView, policies: KeyPolicies): boolean {
    const { counters, keys, onBlind, beginCommand, nowMs } = this.#context;
    const { residency } = this.#context;
    if (residency && crosses(row, view, residency)) counters.residencyCrossed += 1;
    const sorted = sortByPolicy(row, view, this.db, policies, residency);
    if (!sorted) return false;
    if (sorted.hasLocal) counters.localCommands += 1;
    if (sorted.foreign !== undefined) countName(counters.foreign, sorted.foreign);
    const removes = isDeletion(row);
    if (sorted.registers.length > 0) beginCommand();
    for (const { db, key } of sorted.registers) {
      const entry = keys.entry(db, key);
      if (removes) removeRegister(entry, this.#context, nowMs());
      else {
        entry.rewritten = this.#context.writes.hlc;
        onBlind(entry);
      }
    }
    for (const { db, key } of sorted.shared) onBlind(keys.entry(db, key));
    return true;
  }

  #other(row: CommandRow, view: CommandView): void {
    const { counters } = this.#context;
    if (row.counted) countName(counters.unsupported, row.name);
    if (row.treatment === "quarantine") this.#context.onQuarantine(row.name);
    if (row.treatment === "message") this.#context.messages?.take(view);
    if (row.treatment === "whole") countName(counters.wholeValue, row.name);
    if (row.treatment === "whole" || row.treatment === "readback" || row.treatment === "captured") this.#blind(row, view);
  }

  #blind(row: CommandRow, view: CommandView): void {
    const { keys, unit, onUnitBegin, nowMs } = this.#context;
    const indices = writtenKeys(row, view);
    const elsewhere = writtenElsewhere(row, view);
    // What one command did to several keys is to be seen as one.
    const isAlone = !this.#inTransaction && indices.length + (elsewhere ? 1 : 0) > 1;
    if (isAlone) onUnitBegin();
    for (const index of indices) if (!isReservedAt(view, index)) this.#replaced(keys.entry(this.db, argumentText(view, index)));
    if (elsewhere && !isReservedAt(view, elsewhere.key)) this.#replaced(keys.entry(elsewhere.database, argumentText(view, elsewhere.key)));
    if (isAlone) unit.endAlone(nowMs());
  }

  /** The key is what the command has made of it: whatever it held before has gone. */
  #replaced(entry: KeyEntry): void {
    if (entry.list?.list) entry.list.list.isReplaced = true;
    this.#context.onBlind(entry);
  }

  /** Our own keys: the mark, a read's result, and what is not for capture at all. */
  #reserved(row: CommandRow, view: CommandView): void {
    this.#context.counters.ownCommands += 1;
    if (row.name !== "set" || view.argc < 3) return;
    const start = view.starts[1] ?? 0;
    const end = view.ends[1] ?? 0;
    const value = (): Buffer => Buffer.from(view.buffer.subarray(view.starts[2], view.ends[2]));
    if (isMarkKey(view.buffer, start, end)) {
      this.#isOwn = this.#inTransaction;
      this.#mark = decodeMark(value());
      if (!this.#inTransaction) this.#takeMark();
    } else if (isReadKey(view.buffer, start, end)) {
      this.#context.onRead(decodeReadResult(value()), view.argc > 4 ? Number(argumentText(view, 4)) - READ_TTL_MS : 0);
    }
  }

  #takeMark(): void {
    const mark = this.#mark;
    this.#mark = undefined;
    if (mark) this.#context.onMark(mark);
    for (const entry of this.#removed.splice(0)) this.#context.onOwnRemoval(entry);
  }

  #unknown(view: CommandView): void {
    countName(this.#context.counters.unsupported, argumentText(view, 0).toLowerCase().slice(0, 40));
  }
}

/** The key at an argument is one of ours. */
function isReservedAt(view: CommandView, index: number): boolean {
  return isReserved(view.buffer, view.starts[index] ?? 0, view.ends[index] ?? 0);
}

/** A command with a key of ours in front may write keys of users too. */
function writesReservedOnly(row: CommandRow, view: CommandView): boolean {
  const { keys } = row;
  if (view.argc === 2 || (keys.find === "range" && keys.first === keys.last)) return true;
  return writtenElsewhere(row, view) === undefined && writtenKeys(row, view).every((index) => isReservedAt(view, index));
}
