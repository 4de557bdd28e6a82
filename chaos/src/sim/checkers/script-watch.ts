/**
 * Watches every apply script of a run: remembers what clients did anywhere, and puts what a script did to its server before
 * the live checkers.
 */
import { decodeMark, MARK_KEY, type ApplyBatch } from "@meridian/mark";
import type { AgentHost } from "../mesh/agent-host.js";
import { guardApply } from "./apply-guard.js";
import { cellName, differing, parseCellName, type ServerCells } from "./cells-of-server.js";
import { Chronicle } from "./chronicle.js";
import type { Logs } from "./content-origin.js";
import type { ClientCommand } from "../mesh/event.js";
import type { Checker } from "./problem.js";
import { checkEffect } from "./script-checks.js";
import { isForeign, rulesAt, type KeyRules } from "../mesh/residents.js";
import type { SimSettings } from "../settings.js";
import type { ServerHost } from "../mesh/server-host.js";
import { isPureCounter, SumCheck } from "./sum-check.js";
import { deadlinesGiven, TransactionCheck } from "./transaction-check.js";
import type { World } from "../mesh/world.js";
import type { WriterId } from "@meridian/words";

/** Told of each problem, with the region where it was found. */
export type ReportAt = (checker: Checker, at: number, problem: string) => void;

/** To be called when a script has run, with the number of cells that it skipped. */
export type AfterScript = (skipped: number) => void;

/** What a client ran, one command or several as a transaction. */
export interface ClientRun {
  readonly at: number;
  readonly db: number;
  readonly commands: readonly ClientCommand[];
  readonly replies: readonly unknown[];
  /** The last mark in the server's stream. */
  readonly mark: Buffer | undefined;
  /** What the server put into its stream for them. */
  readonly streamed: () => readonly (readonly string[])[];
}

/** See the module's comment. */
export class ScriptWatch {
  readonly #report: ReportAt;
  readonly #logs: Logs & Pick<World, "writers" | "agents">;
  readonly #chronicle: Chronicle;
  readonly #sums = new SumCheck();
  readonly #transactions: TransactionCheck;

  /** Region 0 had content before its agent came: that is read key by key, and reaches the peers in parts and late. */
  readonly #isImported: boolean;

  readonly #rules: KeyRules | undefined;

  constructor(report: ReportAt, { imported, skewMsMax }: Pick<SimSettings, "imported" | "skewMsMax">, logs: Logs & Pick<World, "writers" | "agents">, policies: KeyRules | undefined) {
    this.#rules = policies;
    this.#report = report;
    this.#logs = logs;
    this.#chronicle = new Chronicle(policies);
    this.#isImported = imported > 0;
    this.#transactions = new TransactionCheck(skewMsMax);
  }

  /** A client's commands were taken. `before`, `after`: what was alive in its server. */
  onClient({ at, db, commands, replies, mark, streamed }: ClientRun, before: ServerCells, after: ServerCells): void {
    for (const [index, [command, key = "", amount]] of commands.entries()) {
      const isDone = command === "INCRBY" && isPureCounter(key) && typeof replies[index] === "number";
      if (isDone && !this.#isImported && !this.#isForeign(at, key)) this.#sums.note(cellName(db, key, "s"), at, Number(amount));
    }
    this.#chronicle.noteCommands(commands, db, rulesAt(this.#rules, this.#logs.writers[at] as WriterId));
    if (before === after) return;
    const changed = this.#rules ? differing(before, after).filter((name) => !this.#isForeign(at, keyOf(name))) : differing(before, after);
    this.#chronicle.note(at, before, after, changed, mark);
    const mayBeUnit = commands.length > 1 || commands[0]?.[0] === "RENAME";
    if (!mayBeUnit || changed.length <= 1 || (this.#isImported && at === 0)) return;
    const stream = streamed();
    if (!isUnit(stream)) return;
    // What resides in several groups reaches the others as one unit for each.
    const groups = new Set(changed.map((name) => this.#groupOf(name)));
    const taken = { at, before, after, given: deadlinesGiven(stream, db) };
    for (const group of groups) this.#transactions.note(taken, changed.filter((name) => this.#groupOf(name) === group));
  }

  /** A server dropped a key to make room: what a script writes there, and what clients saw there, says little from here on. */
  onEvicted(place: string): void {
    this.#chronicle.noteEvicted(place);
    this.#sums.forget(cellName(Number(place.slice(0, place.indexOf("|"))), place.slice(place.indexOf("|") + 1), "s"));
  }

  #groupOf(name: string): string {
    return this.#rules?.groupOf(keyOf(name)) ?? "";
  }

  /** The key resides in other regions: nothing of what happens to it here concerns anybody else. */
  #isForeign(at: number, key: string): boolean {
    return isForeign(this.#rules, this.#logs.writers[at] as WriterId, key);
  }

  /**
   * A script is about to run. `seenOffset`: up to where the stream was captured when it was decided. Not for a region that was
   * imported: what it holds is not known to it at first, and its first comparisons are made in the dark.
   */
  beforeScript(at: number, server: ServerHost, batch: ApplyBatch, seenOffset: number, serverMs: number): AfterScript {
    if (this.#isImported && at === 0) return () => undefined;
    const report = (checker: Checker, problem: string): void => this.#report(checker, at, problem);
    const checkGuard = guardApply(server, batch, seenOffset, serverMs, (problem) => report("apply guard", problem));
    const before = server.cells(serverMs);
    const from = server.streamEnd;
    return (skipped) => {
      checkGuard?.();
      if (skipped > 0 && !this.#isImported) checkSkipped(server.commandsFrom(from), this.#chronicle, report);
      const after = server.cells(serverMs);
      const effect = { at, before, after, changed: differing(before, after), nowMs: serverMs };
      if (effect.changed.length === 0) return;
      const foreign = this.#rules && effect.changed.find((name) => this.#isForeign(at, keyOf(name)));
      if (foreign !== undefined) report("resides with members", `a script wrote ${foreign}, which resides elsewhere`);
      checkEffect(effect, this.#chronicle, this.#logs, report);
      this.#transactions.check(effect, this.#chronicle, report, (from) => isTold(this.#logs.agents[from], this.#logs.agents[at]));
      this.#sums.check(effect, report);
    };
  }
}

function keyOf(name: string): string {
  const { place } = parseCellName(name);
  return place.slice(place.indexOf("|") + 1);
}

/** Of several commands one alone may have taken effect: then it is no transaction. What a RENAME did to two keys is one all the same. */
function isUnit(stream: readonly (readonly string[])[]): boolean {
  const [only, ...more] = stream.filter(([name]) => name !== "SELECT");
  return only?.[0] === "MULTI" || (only?.[0] === "RENAME" && more.length === 0);
}

type Telling = (checker: Checker, problem: string) => void;

/** Increments commute with all that clients do to a counter: one never has to be left out, but where the server had dropped it. */
function checkSkipped(commands: readonly (readonly string[])[], chronicle: Chronicle, report: Telling): void {
  for (const [command, key, value = ""] of commands) {
    if (command !== "SET" || key !== MARK_KEY) continue;
    for (const cell of decodeMark(Buffer.from(value, "latin1")).skipped) {
      if (isPureCounter(cell.key) && !chronicle.isEvicted(`${cell.db}|${cell.key}`)) report("increments go", `a script left ${cell.key} out, which clients only increment`);
    }
  }
}

/** Reading took longer than a unit is kept together for: the writer or the reader has counted that. */
function isTold(from: AgentHost | undefined, at: AgentHost | undefined): boolean {
  return (from?.counters.unitsCut ?? 0) > 0 || (at?.counters.divided ?? 0) > 0;
}
