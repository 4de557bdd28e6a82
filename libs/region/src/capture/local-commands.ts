/**
 * One handler per command whose effect the stream carries, in the form in which the stream carries it. Reads arguments,
 * decides what took effect from what the server is known to hold, and leaves the cells to `LocalWrites`.
 */
import { argumentIs, argumentText, type ArgumentView } from "@meridian/commands";
import { digestPrintOf, looksLikeSketch, PRINT_INLINE_BYTES_MAX, printOf, scaledOf, stringPrintOf } from "@meridian/merge";
import { entryAt, isOurs, type CommandScope, type LocalCommand } from "./command-scope.js";
import { numberOfPrint, shownDeadlinePrint, shownPrint } from "../keys/content.js";
import { addToField, addToString } from "./float-writes.js";
import type { KeyEntry } from "../keys/key-entry.js";
import { isDue } from "../apply/server-deadlines.js";
import { LIST_COMMANDS } from "./list-commands.js";
import { STREAM_COMMANDS } from "./local-stream-commands.js";
import type { ValueSlice } from "../keys/value-slice.js";

function valueAt(view: ArgumentView, index: number): ValueSlice {
  return { bytes: view.buffer, start: view.starts[index] ?? 0, end: view.ends[index] ?? 0 };
}

function put(view: ArgumentView, keyAt: number, valueIndex: number, deadline: number, scope: CommandScope): void {
  const key = argumentText(view, keyAt);
  const value = valueAt(view, valueIndex);
  if (deadline === Infinity && putPlain(key, value, scope)) return;
  const entry = scope.keys.entryToReplace(scope.db, key);
  scope.writes.putString(entry, stringPrintOf(value.bytes, value.start, value.end), value, deadline);
}

/** True where the value could be written without an entry of the key: most can. */
function putPlain(key: string, value: ValueSlice, { db, keys, writes }: CommandScope): boolean {
  const { bytes, start, end } = value;
  if (looksLikeSketch(bytes, start, end)) return false;
  const print = end - start <= PRINT_INLINE_BYTES_MAX ? value : digestPrintOf(bytes, start, end);
  if (!keys.replacePlain(db, key, writes.writerOf(key), writes.hlc, print)) return false;
  writes.tellPlain(db, key, value);
  return true;
}

function set(view: ArgumentView, scope: CommandScope): void {
  let deadline = Infinity;
  for (let at = 3; at < view.argc; at += 1) {
    if (argumentIs(view, at, "pxat")) deadline = Number(argumentText(view, at + 1));
    else if (argumentIs(view, at, "exat")) deadline = Number(argumentText(view, at + 1)) * 1000;
    else if (argumentIs(view, at, "keepttl")) {
      // What is kept of a key whose content is unknown will be read with the rest.
      if (!entryAt(view, 1, scope) || (scope.isFloat && addToString(view, scope))) return;
      deadline = keptDeadline(view, scope);
    }
  }
  put(view, 1, 2, deadline, scope);
}

function keptDeadline(view: ArgumentView, scope: CommandScope): number {
  const entry = entryAt(view, 1, scope);
  const shown = entry && shownDeadlinePrint(entry);
  return shown === undefined ? Infinity : numberOfPrint(shown);
}

function setPairs(view: ArgumentView, scope: CommandScope): void {
  const last = new Map<string, number>();
  for (let at = 1; at + 1 < view.argc; at += 2) if (!isOurs(view, at)) last.set(argumentText(view, at), at);
  for (const at of last.values()) put(view, at, at + 1, Infinity, scope);
}

function increment(sign: bigint, amountAt: number | undefined): LocalCommand {
  return (view, scope) => {
    const entry = entryAt(view, 1, scope);
    if (!entry) return;
    const amount = amountAt === undefined ? 1n : BigInt(argumentText(view, amountAt));
    scope.writes.incrementInteger(scope.keys.single(entry, "s"), sign * amount);
  };
}

function remove(view: ArgumentView, scope: CommandScope): void {
  for (let at = 1; at < view.argc; at += 1) {
    if (isOurs(view, at)) continue;
    const entry = scope.keys.entry(scope.db, argumentText(view, at));
    if (entry.expired || entry.evicted) continue;
    if (isDue(entry, scope.nowMs())) {
      // Of a key that is unknown the deadline is too: reading will tell.
      if (entry.blind) scope.unread(entry);
      else scope.writes.expire(entry, scope.nowMs());
    } else scope.writes.removeKey(entry);
  }
}

function setFields(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  if (view.argc === 4) {
    if (!(scope.isFloat && addToField(view, scope))) setField(view, entry, 2, scope);
    return;
  }
  const last = new Map<string, number>();
  for (let at = 2; at + 1 < view.argc; at += 2) last.set(argumentText(view, at), at);
  for (const at of last.values()) setField(view, entry, at, scope);
}

/** HSETEX: the values are replicated, a deadline stays here. The pairs stand behind FIELDS and their number. */
function setFieldsUntil(view: ArgumentView, scope: CommandScope): void {
  let at = 2;
  for (; at < view.argc && !argumentIs(view, at, "fields"); at += 1) if (argumentIs(view, at, "pxat")) scope.onPartial("hsetex");
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  const last = new Map<string, number>();
  for (at += 2; at + 1 < view.argc; at += 2) last.set(argumentText(view, at), at);
  for (const pair of last.values()) setField(view, entry, pair, scope);
}

function setField(view: ArgumentView, entry: KeyEntry, at: number, scope: CommandScope): void {
  const value = valueAt(view, at + 1);
  scope.writes.putField(entry, argumentText(view, at), printOf(value.bytes, value.start, value.end), value);
}

function incrementField(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  scope.writes.beforeWrite(entry);
  scope.writes.incrementInteger(scope.keys.member(entry, "h", argumentText(view, 2)), BigInt(argumentText(view, 3)));
}

function removeMembers(kind: "h" | "e" | "z"): LocalCommand {
  return (view, scope) => {
    const entry = entryAt(view, 1, scope);
    if (!entry) return;
    if (view.argc === 3) return scope.writes.removeMember(entry, kind, argumentText(view, 2));
    // A member may be named twice, and may be there after it was removed: what its client could not see stays.
    const members = new Set<string>();
    for (let at = 2; at < view.argc; at += 1) members.add(argumentText(view, at));
    for (const member of members) scope.writes.removeMember(entry, kind, member);
  };
}

/** A member that is there already is written anew too: the stream carries it only where some other one was not. */
function addMembers(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  const members = new Set<string>();
  for (let at = 2; at < view.argc; at += 1) members.add(argumentText(view, at));
  for (const member of members) scope.writes.addMember(entry, member);
}

function moveMember(view: ArgumentView, scope: CommandScope): void {
  const member = argumentText(view, 3);
  const from = entryAt(view, 1, scope);
  const to = entryAt(view, 2, scope);
  if (from === to) return;
  if (from) scope.writes.removeMember(from, "e", member);
  if (to) scope.writes.addMember(to, member);
}

interface ZaddFlags {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
  incr: boolean;
}

function addScores(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  const flags: ZaddFlags = { nx: false, xx: false, gt: false, lt: false, incr: false };
  let at = 2;
  for (; at < view.argc; at += 1) {
    if (argumentIs(view, at, "nx")) flags.nx = true;
    else if (argumentIs(view, at, "xx")) flags.xx = true;
    else if (argumentIs(view, at, "gt")) flags.gt = true;
    else if (argumentIs(view, at, "lt")) flags.lt = true;
    else if (argumentIs(view, at, "incr")) flags.incr = true;
    else if (!argumentIs(view, at, "ch")) break;
  }
  if (flags.incr) {
    addToScore(entry, argumentText(view, at + 1), argumentText(view, at), scope);
    return;
  }
  const scores = new Map<string, number>();
  for (; at + 1 < view.argc; at += 2) acceptScore(entry, argumentText(view, at + 1), scoreAt(view, at), flags, scores, scope);
  for (const [member, score] of scores) scope.writes.putScore(entry, member, score);
}

/** NX, XX, GT and LT arrive as sent; which members they let through follows from the scores that the server holds. */
function acceptScore(
  entry: KeyEntry,
  member: string,
  score: number,
  flags: ZaddFlags,
  scores: Map<string, number>,
  scope: CommandScope,
): void {
  const slot = scope.keys.knownMember(entry, "z", member);
  const print = slot && shownPrint(slot);
  const shown = scores.get(member) ?? (print === undefined ? undefined : numberOfPrint(print));
  if (shown === undefined ? flags.xx : flags.nx) return;
  if (shown !== undefined && ((flags.gt && score <= shown) || (flags.lt && score >= shown))) return;
  scores.set(member, score);
}

function incrementScore(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (entry) addToScore(entry, argumentText(view, 3), argumentText(view, 2), scope);
}

function addToScore(entry: KeyEntry, member: string, amountText: string, scope: CommandScope): void {
  scope.writes.beforeWrite(entry);
  const slot = scope.keys.member(entry, "z", member);
  const amount = scoreOf(amountText);
  const print = shownPrint(slot);
  const after = (print === undefined ? 0 : numberOfPrint(print)) + amount;
  // An infinite increment has no sum; what it leaves behind is a score like any other.
  if (Number.isFinite(amount)) scope.writes.incrementScore(slot, scaledOf(amount), after);
  else scope.writes.putScore(entry, member, after);
}

function scoreAt(view: ArgumentView, at: number): number {
  return scoreOf(argumentText(view, at));
}

function scoreOf(text: string): number {
  const lower = text.toLowerCase();
  if (/^\+?inf(inity)?$/.test(lower)) return Infinity;
  if (/^-inf(inity)?$/.test(lower)) return -Infinity;
  return Number(text);
}

function expireAt(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (entry && !entry.expired) scope.writes.putExpiry(entry, Number(argumentText(view, 2)));
}

function persist(view: ArgumentView, scope: CommandScope): void {
  const entry = entryAt(view, 1, scope);
  if (entry && !entry.expired) scope.writes.putExpiry(entry, Infinity);
}

/** Handlers by lower-case name, for the commands that the stream carries under that name. */
export const LOCAL_COMMANDS: ReadonlyMap<string, LocalCommand> = new Map<string, LocalCommand>([
  ["set", set],
  ["setnx", (view, scope) => put(view, 1, 2, Infinity, scope)],
  ["getset", (view, scope) => put(view, 1, 2, Infinity, scope)],
  ["mset", setPairs],
  ["msetnx", setPairs],
  ["incr", increment(1n, undefined)],
  ["decr", increment(-1n, undefined)],
  ["incrby", increment(1n, 2)],
  ["decrby", increment(-1n, 2)],
  ["del", remove],
  ["unlink", remove],
  ["getdel", remove],
  ["hset", setFields],
  ["hmset", setFields],
  ["hsetnx", setFields],
  ["hsetex", setFieldsUntil],
  ["hincrby", incrementField],
  ["hdel", removeMembers("h")],
  ["sadd", addMembers],
  ["srem", removeMembers("e")],
  ["smove", moveMember],
  ["zadd", addScores],
  ["zincrby", incrementScore],
  ["zrem", removeMembers("z")],
  ["pexpireat", expireAt],
  ["persist", persist],
  ...STREAM_COMMANDS,
  ...LIST_COMMANDS,
]);
