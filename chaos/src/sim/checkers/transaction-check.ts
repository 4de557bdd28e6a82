/**
 * A live checker: no region's readers ever see half of a transaction. At the border of every apply script: where a value is
 * visible that a transaction wrote, none of its other cells holds what it held before that transaction.
 *
 * Judged by values that no two commands give, and by absence; so counters and members are left out, and values that came to a
 * cell twice (moved there by RENAME, and back). Keys whose content is read and not captured (renamed, edited in place) are not:
 * a transaction leaves its region when they have been read. Single cells may lose against concurrent writes: those hold a
 * value of their own then. What a client deletes in the last half second of its life expires, everywhere at its deadline.
 */
import { EXPIRY_SKEW_MS } from "@meridian/region";
import { parseCellName, type ServerCells } from "./cells-of-server.js";
import { isUnique, type Chronicle } from "./chronicle.js";
import type { Report, ScriptEffect } from "./script-checks.js";

interface Content {
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** What is removed: the deadline that its key had, in ms since 1970. */
  readonly deadline: number | undefined;
}

/** A transaction, with what was alive in its server around it and the deadlines that it has given to keys, by `db|key`. */
interface Taken {
  readonly at: number;
  readonly before: ServerCells;
  readonly after: ServerCells;
  readonly given: ReadonlyMap<string, number>;
}

interface Transaction {
  readonly at: number;
  readonly cells: ReadonlyMap<string, Content>;
}

/** See the module's comment. */
export class TransactionCheck {
  readonly #skewMsMax: number;
  /** By the content that tells it: `cell=content`. */
  readonly #byContent = new Map<string, Transaction>();

  /** `skewMsMax`: how far agents' clocks may be ahead of their servers'. */
  constructor(skewMsMax: number) {
    this.#skewMsMax = skewMsMax;
  }

  /** Notes a transaction that a server took, with the cells that it changed. */
  note(taken: Taken, changed: Iterable<string>): void {
    const { at } = taken;
    const cells = new Map([...changed].map((name) => [name, contentOf(name, taken)] as const));
    if (cells.size < 2) return;
    for (const [name, content] of cells) if (isUnique(content.after)) this.#byContent.set(`${name}=${content.after}`, { at, cells });
  }

  /** What a script made visible: whole transactions? `isTold`: of a region's it is told that they may come in parts. */
  check({ at, after, changed, nowMs }: ScriptEffect, chronicle: Chronicle, report: Report, isTold: (from: number) => boolean): void {
    if (this.#byContent.size === 0) return;
    for (const name of changed) {
      const transaction = this.#byContent.get(`${name}=${after.get(name) ?? ""}`);
      if (!transaction || transaction.at === at || isTold(transaction.at)) continue;
      if (isLeftOut(name, chronicle) || isAmbiguous(name, after.get(name), chronicle)) continue;
      for (const [other, content] of transaction.cells) {
        if (isLeftOut(other, chronicle) || !isAsBefore(other, content, after, chronicle) || this.#isExpiring(content, nowMs)) continue;
        const seen = `${name} = ${String(after.get(name))} of a transaction in r${transaction.at} is visible`;
        report("transactions whole", `${seen}, but ${other} is ${String(content.before)} as before it`);
      }
    }
  }

  /** Its deletion was read before now, and may have been taken for what the deadline did. */
  #isExpiring({ deadline }: Content, nowMs: number): boolean {
    return deadline !== undefined && deadline <= nowMs + this.#skewMsMax + EXPIRY_SKEW_MS;
  }
}

function contentOf(name: string, { before, after, given }: Taken): Content {
  const { place } = parseCellName(name);
  const had = before.get(`${place}|t|`);
  const deadline = given.get(place) ?? (had === undefined ? undefined : Number(had));
  return { before: before.get(name), after: after.get(name), deadline: after.has(name) ? undefined : deadline };
}

/** The deadlines that a transaction has given to keys, by `db|key`, as the stream carries them. */
export function deadlinesGiven(stream: readonly (readonly string[])[], firstDb: number): ReadonlyMap<string, number> {
  const given = new Map<string, number>();
  let db = firstDb;
  for (const [name, key = "", deadline] of stream) {
    if (name === "SELECT") db = Number(key);
    else if (name === "PEXPIREAT") given.set(`${db}|${key}`, Number(deadline));
  }
  return given;
}

/** Deadlines come with their values; registers are one cell with many contents here. Of several types one is visible. */
function isLeftOut(name: string, chronicle: Chronicle): boolean {
  const { place, kind } = parseCellName(name);
  return kind === "w" || kind === "t" || chronicle.isApart(place) || chronicle.isEvicted(place) || chronicle.isOfSeveralTypes(place);
}

/** The cell was given the content more than once: which of the commands is visible cannot be told. */
function isAmbiguous(name: string, content: string | undefined, chronicle: Chronicle): boolean {
  return chronicle.of(name).filter((change) => change.after === content && change.before !== content).length > 1;
}

function isAsBefore(name: string, { before, after }: Content, held: ServerCells, chronicle: Chronicle): boolean {
  if (before === after || held.get(name) !== before) return false;
  if (before !== undefined) return isUnique(before) && !isAmbiguous(name, before, chronicle);
  // Absent, as before: unless somebody has removed it since, or it is gone at a deadline.
  return !chronicle.isTimed(parseCellName(name).place) && !chronicle.of(name).some((change) => change.after === undefined);
}
