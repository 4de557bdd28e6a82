/** One handler per command of lists, in the form in which the stream carries it: with effect, by index or by value. */
import { argumentIs, argumentText, type ArgumentView } from "@meridian/commands";
import { printOf } from "@meridian/merge";
import type { CommandScope, LocalCommand } from "./command-scope.js";
import { shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { doubtOf, listOf } from "../keys/list-content.js";
import type { ListEnd } from "./list-writes.js";
import type { ValueSlice } from "../keys/value-slice.js";
import { shownType } from "../apply/plan.js";

/** The entry of a list, unless what it holds is unknown until it has been read. `isPush`: the command adds to an end, whatever is there. */
function listAt(view: ArgumentView, index: number, scope: CommandScope, isPush = false): KeyEntry | undefined {
  const entry = scope.keys.entry(scope.db, argumentText(view, index));
  if (entry.blind) {
    scope.unread(entry);
    return undefined;
  }
  // What an index means is not known before the list is; and one that came as a whole value is taken apart when it is read.
  const isKnown = (!holdsOther(entry) || entry.expired) && (isPush || !entry.list || isBelieved(entry.list));
  if (isKnown && !scope.isImporting()) return entry;
  scope.blind(entry);
  return undefined;
}

/** False where it is open what stands at which index. */
function isBelieved(slot: CellSlot): boolean {
  if (slot.unsure && slot.shown) listOf(slot).doubt = "content";
  return doubtOf(slot) === "none";
}

function holdsOther(entry: KeyEntry): boolean {
  // Members that are about to be written, or hidden, no client has seen.
  if (entry.mayClash || entry.presentMembers > 0) return (shownType(entry) ?? "l") !== "l";
  return [entry.whole, entry.string].some((slot) => slot && shownPrint(slot) !== undefined);
}

function valueAt(view: ArgumentView, index: number): ValueSlice {
  return { bytes: view.buffer, start: view.starts[index] ?? 0, end: view.ends[index] ?? 0 };
}

function printAt(view: ArgumentView, index: number): string {
  return printOf(view.buffer, view.starts[index], view.ends[index]);
}

function numberAt(view: ArgumentView, index: number): number {
  return Number(argumentText(view, index));
}

function countOf(entry: KeyEntry, scope: CommandScope): number {
  return scope.lists.count(scope.keys.single(entry, "l"));
}

/** Only commands with effect stand in the stream. One that could have none on what is known tells that this is not all. */
function isPossible(possible: boolean, entry: KeyEntry, scope: CommandScope): boolean {
  if (!possible) scope.blind(entry);
  return possible;
}

function push(end: ListEnd): LocalCommand {
  return (view, scope) => {
    const entry = listAt(view, 1, scope, true);
    if (!entry) return;
    const values = Array.from({ length: view.argc - 2 }, (_, at) => valueAt(view, at + 2));
    // What the server dropped at its deadline is no part of the list that comes into being.
    scope.writes.beforeWrite(entry);
    if (end === "left") scope.lists.insert(entry, 0, values.reverse());
    else scope.lists.insert(entry, countOf(entry, scope), values);
  };
}

function pop(end: ListEnd): LocalCommand {
  return (view, scope) => {
    const entry = listAt(view, 1, scope);
    if (!entry) return;
    const held = countOf(entry, scope);
    if (!isPossible(held > 0, entry, scope)) return;
    const count = Math.min(view.argc > 2 ? numberAt(view, 2) : 1, held);
    scope.lists.removeRange(entry, end === "left" ? 0 : held - count, count);
  };
}

function set(view: ArgumentView, scope: CommandScope): void {
  const entry = listAt(view, 1, scope);
  if (!entry) return;
  const count = countOf(entry, scope);
  const index = numberAt(view, 2) < 0 ? count + numberAt(view, 2) : numberAt(view, 2);
  if (isPossible(index >= 0 && index < count, entry, scope)) scope.lists.set(entry, index, valueAt(view, 3));
}

function insert(view: ArgumentView, scope: CommandScope): void {
  const entry = listAt(view, 1, scope);
  if (!entry) return;
  const pivot = scope.lists.indexOf(entry, printAt(view, 3));
  if (isPossible(pivot >= 0, entry, scope)) scope.lists.insert(entry, argumentIs(view, 2, "before") ? pivot : pivot + 1, [valueAt(view, 4)]);
}

function removeEqual(view: ArgumentView, scope: CommandScope): void {
  const entry = listAt(view, 1, scope);
  if (entry && isPossible(scope.lists.indexOf(entry, printAt(view, 3)) >= 0, entry, scope)) {
    scope.lists.removeEqual(entry, numberAt(view, 2), printAt(view, 3));
  }
}

function trim(view: ArgumentView, scope: CommandScope): void {
  const entry = listAt(view, 1, scope);
  if (!entry) return;
  const count = countOf(entry, scope);
  const index = (at: number): number => (numberAt(view, at) < 0 ? count + numberAt(view, at) : numberAt(view, at));
  const from = Math.max(0, index(2));
  const to = Math.min(count, index(3) + 1);
  if (!isPossible(count > 0 && (from > 0 || to < count), entry, scope)) return;
  if (from >= to) {
    scope.lists.removeRange(entry, 0, count);
    return;
  }
  scope.lists.removeRange(entry, to, count - to);
  scope.lists.removeRange(entry, 0, from);
}

function move(view: ArgumentView, scope: CommandScope, from: ListEnd, to: ListEnd): void {
  const found = listAt(view, 1, scope);
  const source = found && isPossible(countOf(found, scope) > 0, found, scope) ? found : undefined;
  scope.lists.move(source, listAt(view, 2, scope, true), from, to);
}

function endAt(view: ArgumentView, index: number): ListEnd {
  return argumentIs(view, index, "left") ? "left" : "right";
}

function moveBetween(view: ArgumentView, scope: CommandScope): void {
  move(view, scope, endAt(view, 3), endAt(view, 4));
}

function moveRightToLeft(view: ArgumentView, scope: CommandScope): void {
  move(view, scope, "right", "left");
}

/** Handlers by lower-case name. */
export const LIST_COMMANDS: readonly (readonly [string, LocalCommand])[] = [
  ["lpush", push("left")],
  ["rpush", push("right")],
  ["lpushx", push("left")],
  ["rpushx", push("right")],
  ["lpop", pop("left")],
  ["rpop", pop("right")],
  ["lset", set],
  ["linsert", insert],
  ["lrem", removeEqual],
  ["ltrim", trim],
  ["lmove", moveBetween],
  ["rpoplpush", moveRightToLeft],
];
