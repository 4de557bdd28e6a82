/**
 * Which arguments of a command in the stream are keys that it writes. For the rare path: commands whose result must be
 * read back. What it cannot find it does not guess: a malformed command has no keys.
 */
import { argumentIs, argumentText, type ArgumentView } from "./argument-view.js";
import type { CommandRow, KeyFinder } from "./command-row.js";

/** A key written in a database that the command itself names. */
export interface KeyElsewhere {
  /** Index of the key's argument. */
  readonly key: number;
  readonly database: number;
}

/** Indices of the arguments that are keys written in the selected database, in order. A key named twice stands twice. */
export function writtenKeys(row: CommandRow, view: ArgumentView): readonly number[] {
  const finder = row.keys;
  switch (finder.find) {
    case "none":
      return [];
    case "range":
      return range(finder.first, finder.last < 0 ? view.argc + finder.last : finder.last, finder.step, view.argc);
    case "count":
      return counted(finder, view);
    case "option": {
      const at = behindOption(finder, view);
      return at === undefined ? [] : [at];
    }
    case "copy":
      return view.argc > 2 && copyDatabase(view) === undefined ? [2] : [];
    case "move":
      return view.argc > 1 ? [1] : [];
  }
}

/** The key that MOVE, or COPY with DB, writes in another database; undefined for every other command. */
export function writtenElsewhere(row: CommandRow, view: ArgumentView): KeyElsewhere | undefined {
  if (row.keys.find === "move") return elsewhere(1, databaseAt(view, 2));
  if (row.keys.find === "copy") return elsewhere(2, copyDatabase(view));
  return undefined;
}

function elsewhere(key: number, database: number | undefined): KeyElsewhere | undefined {
  return database === undefined ? undefined : { key, database };
}

function range(first: number, last: number, step: number, argc: number): readonly number[] {
  const indices: number[] = [];
  for (let i = first; i <= last && i < argc; i += step) indices.push(i);
  return indices;
}

function counted(finder: Extract<KeyFinder, { find: "count" }>, view: ArgumentView): readonly number[] {
  const count = finder.at < view.argc ? Number(argumentText(view, finder.at)) : 0;
  if (!Number.isInteger(count) || count < 1) return [];
  const first = finder.at + 1;
  return range(first, first + (count - 1) * finder.step, finder.step, view.argc);
}

/** Servers take the last one where an option is given twice. */
function behindOption(finder: Extract<KeyFinder, { find: "option" }>, view: ArgumentView): number | undefined {
  let found: number | undefined;
  for (let i = finder.from; i + 1 < view.argc; i++) {
    if (finder.names.some((name) => argumentIs(view, i, name))) {
      i += 1;
      found = i;
      continue;
    }
    for (const [name, count] of Object.entries(finder.skip)) {
      if (argumentIs(view, i, name)) {
        i += count;
        break;
      }
    }
  }
  return found;
}

function copyDatabase(view: ArgumentView): number | undefined {
  for (let i = 3; i + 1 < view.argc; i++) if (argumentIs(view, i, "db")) return databaseAt(view, i + 1);
  return undefined;
}

function databaseAt(view: ArgumentView, index: number): number | undefined {
  if (index >= view.argc) return undefined;
  const database = Number(argumentText(view, index));
  return Number.isInteger(database) && database >= 0 ? database : undefined;
}
