/**
 * The content of a server taken apart into cells, as the checkers compare it: one text for each string, field, member,
 * score, list and deadline.
 */
import type { ServerModel, SnapshotEntry } from "@meridian/target";
import { contentOfString } from "./sketch-content.js";

/** Cell names (`db|key|kind|field`) and contents. */
export type ServerCells = Map<string, string>;

/** The name of a cell. */
export function cellName(db: number, key: string, kind: string, field = ""): string {
  return `${db}|${key}|${kind}|${field}`;
}

/** The parts of a cell's name. `place`: `db|key`. The field is left out. */
export function parseCellName(name: string): { readonly place: string; readonly kind: string } {
  const behindDb = name.indexOf("|") + 1;
  const behindKey = name.indexOf("|", behindDb);
  return { place: name.slice(0, behindKey), kind: name.slice(behindKey + 1, name.indexOf("|", behindKey + 1)) };
}

/** Every cell of the users' keys; with `nowMs` (the server's clock) only of those that are alive then. */
export function cellsOfServer(model: ServerModel, nowMs?: number): ServerCells {
  const cells: ServerCells = new Map();
  for (const entry of model.snapshot(nowMs)) {
    if (!entry.key.startsWith("meridian:")) addCells(cells, entry);
  }
  return cells;
}

function addCells(cells: ServerCells, { db, key, type, value, deadlineMs }: SnapshotEntry): void {
  if (deadlineMs >= 0) cells.set(cellName(db, key, "t"), String(deadlineMs));
  if (type === "string") cells.set(cellName(db, key, "s"), contentOfString(value as string));
  else if (type === "list") cells.set(cellName(db, key, "w"), JSON.stringify(value));
  else if (type === "set") for (const member of value as string[]) cells.set(cellName(db, key, "e", member), "");
  else {
    const kind = type === "hash" ? "h" : "z";
    for (const [field, content] of value as [string, string | number][]) cells.set(cellName(db, key, kind, field), String(content));
  }
}

/** Names of cells whose content differs, in order. */
export function differing(a: ServerCells, b: ServerCells): string[] {
  if (a === b) return [];
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].filter((name) => a.get(name) !== b.get(name)).sort();
}
