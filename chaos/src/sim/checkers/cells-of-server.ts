/**
 * The content of a server taken apart into cells, as the checkers compare it: one text for each string, field, member,
 * score, list and deadline.
 */
import { encodePairs } from "@meridian/merge";
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
  return cellsOf(model.snapshot(nowMs));
}

/** The cells of the users' keys among these. */
export function cellsOf(entries: readonly SnapshotEntry[]): ServerCells {
  const cells: ServerCells = new Map();
  for (const entry of entries) {
    if (!entry.key.startsWith("meridian:")) addCells(cells, entry);
  }
  return cells;
}

function addCells(cells: ServerCells, { db, key, type, value, deadlineMs }: SnapshotEntry): void {
  if (deadlineMs >= 0) cells.set(cellName(db, key, "t"), String(deadlineMs));
  if (type === "string") cells.set(cellName(db, key, "s"), contentOfString(value as string));
  else if (type === "list") cells.set(cellName(db, key, "l"), JSON.stringify(value));
  else if (type === "set") for (const member of value as string[]) cells.set(cellName(db, key, "e", member), "");
  else if (type === "stream") addStream(cells, db, key, value as [string, string][]);
  else {
    const kind = type === "hash" ? "h" : "z";
    for (const [field, content] of value as [string, string | number][]) cells.set(cellName(db, key, kind, field), String(content));
  }
}

/** The stream itself, its entries by id with their pairs as bytes, its groups. */
function addStream(cells: ServerCells, db: number, key: string, items: readonly (readonly [string, string])[]): void {
  cells.set(cellName(db, key, "x"), "");
  for (const [name, content] of items) {
    if (name === "group") cells.set(cellName(db, key, "g", content), "");
    else if (name !== "last") cells.set(cellName(db, key, "x", name), pairsAsBytes(JSON.parse(content) as string[]));
  }
}

/** Fields and values as the mutations carry them. */
export function pairsAsBytes(pairs: readonly string[]): string {
  return encodePairs(pairs.map((text) => ({ bytes: Buffer.from(text, "latin1"), start: 0, end: text.length }))).toString("latin1");
}

/** The fields and values of an XADD: what stands behind its id. */
export function pairsOf(words: readonly string[]): readonly string[] {
  const idAt = words.findIndex((word, at) => at > 1 && (word === "*" || /^\d+-\d+$/.test(word)) && words[at - 1] !== "=");
  return words.slice(idAt + 1);
}

/** The last two servers' cells that were compared: several checkers ask about one command. */
let compared: { readonly a: ServerCells; readonly b: ServerCells; readonly names: readonly string[] } | undefined;

/** Names of cells whose content differs, in order. Cells are not changed once they are compared. */
export function differing(a: ServerCells, b: ServerCells): readonly string[] {
  if (a === b) return NONE;
  if (compared?.a === a && compared.b === b) return compared.names;
  const names: string[] = [];
  for (const [name, content] of a) if (b.get(name) !== content) names.push(name);
  for (const name of b.keys()) if (!a.has(name)) names.push(name);
  if (names.length > 1) names.sort();
  compared = { a, b, names };
  return names;
}

const NONE: readonly string[] = [];
