/**
 * No acknowledged write is lost: what a region's clients were told is written stands in that region's log, as often as
 * they wrote it, and the amounts of its increments add up. Keys whose content the agent has to read (imported, renamed,
 * edited in place) are left out: of several such writes the log holds the last. So is a value of a list whose key had to be
 * read, if it had gone by then: after a crash nobody knows at which place it had stood, and no other region has missed it. And so are
 * increments of a key that had to be read because it was a list too: what is found is taken for what the last of its clients made anew.
 */
import { ReplyError } from "@meridian/resp";
import { idOfField, scaledOf } from "@meridian/merge";
import { MutationKind } from "@meridian/words";
import type { Published } from "./audited-log.js";
import { cellName, pairsAsBytes, pairsOf } from "./cells-of-server.js";
import { isUnique } from "./chronicle.js";
import { readBesideLocal } from "../mesh/policies.js";
import { elementsOf } from "./list-oracle.js";
import type { ListReading } from "../mesh/server-host.js";
import type { TakenCommand, World } from "../mesh/world.js";

const K = MutationKind;

/** What is missing in the log. */
export function checkAcknowledged(world: World, mutations: readonly Published[]): string[] {
  const coarse = coarseKeys(world);
  const { policies } = world;
  return world.writers.flatMap((writer, at) => {
    const isImported = at === 0 && world.settings.imported > 0;
    if (isImported || world.agents[at]?.isShutOut) return [];
    const taken = world.taken.filter((command) => command.at === at && isAccepted(command));
    const own = mutations.filter((m) => m.writer === writer);
    const unread = unreadKeys(world, taken);
    const isLeftOut = (place: string): boolean => unread.has(place) || coarse.has(place);
    const mayBeLeftOut = unread.size + coarse.size > 0;
    const isChecked = (db: number, key: string): boolean =>
      !(policies && (policies.isLocal(key) || policies.isRegister(key))) && !(mayBeLeftOut && isLeftOut(`${db}|${key}`));
    const isGone = (command: TakenCommand, value: string): boolean => wasGoneWhenRead(world, command, value);
    const counts = (command: TakenCommand): boolean => isChecked(command.db, command.words[1] ?? "") && !wasReadAsList(world, command);
    return [...missingPuts(taken, own, isChecked, isGone), ...wrongSums(taken, own, counts)].map((problem) => `r${at}: ${problem}`);
  });
}

type IsChecked = (db: number, key: string) => boolean;

function isAccepted({ reply }: TakenCommand): boolean {
  return reply !== null && !(reply instanceof ReplyError);
}

/** Keys with scores so large that a small increment changes nothing, and leaves no trace in the stream; a rename takes them along. */
function coarseKeys(world: World): Set<string> {
  const keys = new Set<string>();
  for (const { db, words } of world.taken) if (words.includes("1e20")) keys.add(`${db}|${words[1] ?? ""}`);
  if (keys.size === 0) return keys;
  const renames = world.taken.filter(({ words }) => words[0] === "RENAME");
  for (let known = -1; known < keys.size; ) {
    known = keys.size;
    for (const { db, words } of renames) if (keys.has(`${db}|${words[1] ?? ""}`)) keys.add(`${db}|${words[2] ?? ""}`);
  }
  return keys;
}

/** Keys that the agent of these commands' region had to read, by `db|key`. */
export function unreadKeys({ policies }: World, taken: readonly TakenCommand[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { db, words } of taken) {
    for (const place of readBesideLocal(policies, db, words)) names.add(place);
    const isRead = words[0] === "APPEND" || words[0] === "XSETID" || words[0]?.startsWith("PF") === true;
    // A long value that moves from list to list is read, and with it whatever is there by then.
    if (words[0] === "LMOVE" || words[0] === "RPOPLPUSH") names.add(`${db}|${words[1] ?? ""}`).add(`${db}|${words[2] ?? ""}`);
    else if (isRead) names.add(`${db}|${words[1] ?? ""}`);
    else if (words[0] === "RENAME") for (const key of words.slice(1)) names.add(`${db}|${key}`);
  }
  return names;
}

/**
 * True where the key was read behind a command that put the value into its list, and did not hold it any more; or held it, but a client
 * had taken an equal one out since the read before: then that is what was found. What an agent read and did not keep, because it died
 * before, the next one has read again.
 */
function wasGoneWhenRead(world: World, { at, db, words, offset }: TakenCommand, value: string): boolean {
  const [, key = ""] = words;
  const readings = readingsOf(world, at, `${db}|${key}`);
  const reading = readings.find(({ offset: end }) => end > offset);
  if (!reading || isUnique(value)) return reading?.values.includes(value) === false;
  const since = readings[readings.indexOf(reading) - 1]?.offset ?? 0;
  const takes = (command: TakenCommand): boolean => command.at === at && command.db === db && command.words[1] === key && TAKING.has(command.words[0] ?? "");
  const hasTaken = world.taken.some((command) => takes(command) && command.offset >= since && command.endOffset <= reading.offset);
  return hasTaken || !reading.values.includes(value);
}

/** Those that their agent has kept. */
function readingsOf({ agents, servers }: World, at: number, place: string): readonly ListReading[] {
  const starts = agents[at]?.starts ?? [];
  return (servers[at]?.listReadings.get(place) ?? []).filter(({ offset, life }) => (starts[life] ?? Infinity) >= offset);
}

/** True where the command's key was read behind it, and somebody had made it a list. */
function wasReadAsList(world: World, { at, db, words, offset }: TakenCommand): boolean {
  const [, key = ""] = words;
  if (!world.settings.clashes || !readingsOf(world, at, `${db}|${key}`).some((reading) => reading.offset > offset)) return false;
  return world.taken.some((other) => other.db === db && other.words[1] === key && elementsIn(other.words).length > 0);
}

/** Commands that may take a value out of a list. */
const TAKING: ReadonlySet<string> = new Set(["LPOP", "RPOP", "LREM", "LTRIM", "LSET", "DEL", "UNLINK"]);

type IsGone = (command: TakenCommand, value: string) => boolean;

function missingPuts(taken: readonly TakenCommand[], own: readonly Published[], isChecked: IsChecked, isGone: IsGone): string[] {
  const published = new Map<string, number>();
  for (const m of own) {
    if (m.kind === K.PutEntry) count(published, `${cellName(m.db, m.key, "x", idOfField(m.field))}=${m.value}`);
    else if (m.kind === K.PutElements) for (const { value } of elementsOf(m)) count(published, `${cellName(m.db, m.key, "l")}=${value}`);
    else if (m.kind === K.PutString || m.kind === K.PutField) count(published, `${m.cell}=${m.value}`);
  }
  const expected = new Map<string, number>();
  for (const command of taken) {
    const { db, words, reply } = command;
    if (!isChecked(db, words[1] ?? "")) continue;
    const elements = reply === -1 || reply === 0 ? [] : elementsIn(words).filter((value) => !isGone(command, value));
    for (const value of elements) count(expected, `${cellName(db, words[1] ?? "", "l")}=${value}`);
    for (const put of putsOf(words, db)) count(expected, put);
    if (words[0] === "XADD") count(expected, `${cellName(db, words[1] ?? "", "x", String(reply))}=${pairsAsBytes(pairsOf(words))}`);
  }
  const missing = [...expected].filter(([put, times]) => (published.get(put) ?? 0) < times);
  return missing.map(([put, times]) => `clients wrote ${put} ${times} times, published ${published.get(put) ?? 0} times`);
}

/** Values that a command puts into a list, each as often as it stands there. */
function elementsIn([name, , ...rest]: readonly string[]): readonly string[] {
  if (name === "LSET") return rest.slice(1);
  if (name === "LINSERT") return rest.slice(2);
  return name === "LPUSH" || name === "RPUSH" || name === "LPUSHX" || name === "RPUSHX" ? rest : [];
}

/** The last of several values for one name within a command is the one that counts. */
function putsOf(words: readonly string[], db: number): readonly string[] {
  const [name, key = "", ...rest] = words;
  if (name !== "SET" && name !== "MSET" && name !== "HSET") return NO_PUTS;
  const last = new Map<string, string>();
  if (name === "SET") last.set(cellName(db, key, "s"), rest[0] ?? "");
  else if (name === "MSET") for (let at = 1; at < words.length; at += 2) last.set(cellName(db, words[at] ?? "", "s"), words[at + 1] ?? "");
  else for (let at = 0; at < rest.length; at += 2) last.set(cellName(db, key, "h", rest[at]), rest[at + 1] ?? "");
  return [...last].map(([cell, value]) => `${cell}=${value}`);
}

const NO_PUTS: readonly string[] = [];

function wrongSums(taken: readonly TakenCommand[], own: readonly Published[], counts: (command: TakenCommand) => boolean): string[] {
  const expected = new Map<string, bigint>();
  const uncounted = new Set<string>();
  for (const command of taken) {
    const amount = incrementOf(command.words, command.db);
    if (!amount) continue;
    if (counts(command)) expected.set(amount.cell, (expected.get(amount.cell) ?? 0n) + amount.by);
    else uncounted.add(amount.cell);
  }
  for (const cell of uncounted) expected.delete(cell);
  const runs = new Map<string, { cell: string; sum: bigint }>();
  for (const m of own) {
    if (m.kind !== K.IncrementString && m.kind !== K.IncrementField && m.kind !== K.IncrementScore) continue;
    runs.set(`${m.cell} ${m.birth}`, { cell: m.cell, sum: m.sum });
  }
  const published = new Map<string, bigint>();
  for (const { cell, sum } of runs.values()) published.set(cell, (published.get(cell) ?? 0n) + sum);
  const wrong = [...expected].filter(([cell, sum]) => sum !== (published.get(cell) ?? 0n));
  return wrong.map(([cell, sum]) => `clients raised ${cell} by ${sum}, published ${published.get(cell) ?? 0n}`);
}

function incrementOf([name, key = "", first = "", second = ""]: readonly string[], db: number): { cell: string; by: bigint } | undefined {
  if (name === "INCRBY") return { cell: cellName(db, key, "s"), by: BigInt(first) };
  if (name === "INCR" || name === "DECR") return { cell: cellName(db, key, "s"), by: name === "INCR" ? 1n : -1n };
  if (name === "HINCRBY") return { cell: cellName(db, key, "h", first), by: BigInt(second) };
  return name === "ZINCRBY" ? { cell: cellName(db, key, "z", second), by: scaledOf(Number(first)) } : undefined;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
