/** What must be true of a mesh at rest. Each check says what is wrong in one line; a sound mesh gives none. */
import { ReplyError } from "@meridian/resp";
import { ServerModel } from "@meridian/target";
import { MutationKind } from "@meridian/words";
import { checkAbsence, counted, membersOf } from "./absence-check.js";
import { checkAcknowledged } from "./acknowledged-check.js";
import type { AgentHost } from "../mesh/agent-host.js";
import { auditLog, type AuditedLog, type Published } from "./audited-log.js";
import { cellName, cellsOfServer, differing, parseCellName, type ServerCells } from "./cells-of-server.js";
import { checkFlushed, withoutFlushed } from "./flushed-region.js";
import { byVersionOf, checkLedger } from "./ledger-check.js";
import { compareMetadata, compareWithServer, isMissingHidden, metadataOf, missingIn, unfinishedIn, type Metadata } from "./metadata-check.js";
import { checkCreations, checkEvictions, evictedIn, isInDoubt, withEvicted, type Places } from "./eviction-check.js";
import { checkContexts } from "./context-check.js";
import { checkFloats } from "./float-check.js";
import { expectedCells, type OracleCells } from "./oracle.js";
import { checkLocalKeys, partOfMemory, sharedCells, SWITCHED_PREFIX, withoutSwitched } from "../mesh/policies.js";
import { problemsOf, type Checker, type Problem } from "./problem.js";
import { checkRegisters } from "./register-check.js";
import { checkSwitches, countedByTable } from "./switch-check.js";
import { checkRemovals } from "./removal-check.js";
import { includesSketch } from "./sketch-content.js";
import { checkResidency, partsOf } from "../mesh/residents.js";
import type { World } from "../mesh/world.js";

/** Problems of one kind beyond this many are not listed: the first ones tell. */
const LISTED_MAX = 8;

/** All problems of a world that was brought to rest. */
export function checkAtRest(whole: World): Problem[] {
  const world = withoutFlushed(whole);
  const memory = new Map(world.agents.map((agent) => [agent, metadataOf(agent)]));
  const parts = partsOf(world).map((part) => ({ part, audited: auditLog(part) }));
  const [main] = parts;
  // A region that was fenced stands where it stood, whatever the others have changed since.
  const remembered = [...memory].flatMap(([agent, own]) => (world.settings.switches && agent.isShutOut ? [] : [own]));
  const own = main?.audited.mutations ?? [];
  const all = parts.length === 1 ? own : parts.flatMap(({ audited }) => audited.mutations);
  return [
    ...problemsOf("absence", checkAbsence(world).slice(0, LISTED_MAX)),
    ...checkUnfinished(world, memory),
    ...parts.flatMap(({ part, audited }) => checkPart(part, audited, memory)),
    ...problemsOf("evictions", world.settings.faults.includes("eviction") ? [...checkEvictions(world), ...checkCreations(world, all)].slice(0, LISTED_MAX) : []),
    ...problemsOf("lost history", checkFlushed(whole, own).slice(0, LISTED_MAX)),
    ...(whole.messages?.atRest(whole, main?.audited.messages ?? []).slice(0, LISTED_MAX) ?? []),
    ...problemsOf("one switch", checkSwitches(world, all).slice(0, LISTED_MAX)),
    ...problemsOf("registers", checkRegisters(main?.part ?? world, withoutSwitched(world, own)).slice(0, LISTED_MAX)),
    ...problemsOf("stays in its region", checkLocalKeys(world, all, remembered).slice(0, LISTED_MAX)),
    ...problemsOf("resides with members", checkResidency(world, [...memory.values()]).slice(0, LISTED_MAX)),
  ];
}

/** What each agent's store says of cells. */
type Memory = ReadonlyMap<AgentHost, Metadata>;

function checkUnfinished(world: World, memory: Memory): Problem[] {
  return membersOf(world).flatMap((agent, at) => {
    const own = memory.get(agent) ?? new Map<string, never>();
    const missing = mayMiss(world) ? missingIn(own) : NOTHING;
    const looksOn = missing.size > 0 || (mayMiss(world) && isMissingHidden(own));
    const lines = unfinishedIn(agent, own, missing, { looksOn, waits: world.flushed !== undefined }).map((problem) => `r${at}: ${problem}`);
    return problemsOf("nothing left to do", lines.slice(0, LISTED_MAX));
  });
}

/** What is everybody's, or what a group has, as a mesh of its own. */
function checkPart(world: World, audited: AuditedLog, memory: Memory): Problem[] {
  const members = membersOf(world);
  const held = members.map(({ context }) => sharedCells(world, context.server.cells(world.nowMs)));
  const away = members.map((agent) => evictedIn(agent));
  const mutations = countedByTable(world, counted(world, audited.mutations));
  const steady = withoutSwitched(world, audited.mutations);
  const metadata = members.map((agent) => partOfMemory(world, memory.get(agent) ?? new Map<string, never>()));
  // Where nothing ever expires or is evicted, nothing may be missing.
  const missing = metadata.map((own) => (mayMiss(world) ? missingIn(own) : NOTHING));
  const expected = expectedCells(mutations, world.nowMs);
  const cells = withEvicted(held, away, expected);
  return [
    ...checkRegions(world, { cells, held, away }, metadata, missing),
    ...problemsOf("log", audited.problems),
    ...problemsOf("contexts", checkContexts(world).slice(0, LISTED_MAX)),
    ...problemsOf("no echo", [...checkOrigins(world, steady), ...checkRemovals(world, steady).slice(0, LISTED_MAX)]),
    ...problemsOf("acknowledged writes", checkAcknowledged(world, steady).slice(0, LISTED_MAX)),
    ...problemsOf("the rules", checkOracle(cells, expected, missingInFirst(missing, away))),
    // Of a region that was fenced some of what was acknowledged does not count.
    ...(members.length < world.agents.length ? [] : problemsOf("exact counters", [...checkCounters(world, cells), ...checkFloats(world, cells, mutations)])),
    ...(members.length < world.agents.length ? [] : problemsOf("exact sketches", checkSketches(world, { cells, held, away }, missing))),
    ...problemsOf("conflict ledger", checkLedgers(world, metadata, withoutSwitched(world, mutations))),
  ];
}

const NOTHING: ReadonlySet<string> = new Set();

function mayMiss({ settings }: World): boolean {
  return settings.expiries > 0 || settings.faults.includes("eviction");
}

/** What the regions hold, what their servers hold, and which keys are away. */
interface Held {
  readonly cells: readonly ServerCells[];
  readonly held: readonly ServerCells[];
  readonly away: readonly Places[];
}

/** What the first region has evicted is looked at in another one, which may miss something of it. */
function missingInFirst(missing: Missing, away: readonly Places[]): ReadonlySet<string> {
  const [first = NOTHING] = missing;
  return away[0]?.size ? new Set(missing.flatMap((names) => [...names])) : first;
}

/** With a register's value goes all that it holds. */
function isMissing(missing: ReadonlySet<string>, name: string): boolean {
  return missing.has(name) || (missing.size > 0 && missing.has(`${parseCellName(name).place}|w|`));
}

type Missing = readonly ReadonlySet<string>[];

function checkRegions(world: World, { cells, held: servers, away }: Held, metadata: readonly Metadata[], missing: Missing): Problem[] {
  const anywhere = mayMiss(world) ? new Set(missing.flatMap((names) => [...names])) : NOTHING;
  return membersOf(world).flatMap((agent, at) => {
    const own = metadata[at] as (typeof metadata)[number];
    const held = cells[at] as ServerCells;
    const [first = own] = metadata;
    const [firstHeld = held] = cells;
    const server = agent.context.server;
    const lacking = missing[at] ?? NOTHING;
    const unequal = differing(firstHeld, held).filter((name) => !isMissing(anywhere, name));
    const found = (checker: Checker, lines: readonly string[]): Problem[] => problemsOf(checker, lines.slice(0, LISTED_MAX));
    const differs = (name: string): string => `${name}: r0 holds ${String(firstHeld.get(name))}, r${at} holds ${String(held.get(name))}`;
    return [
      ...found("equal values", unequal.map(differs)),
      ...found("equal memory", compareMetadata(first, own).map((problem) => `r0 and r${at} differ: ${problem}`)),
      ...found("server and memory", compareWithServer(withoutPlaces(own, away[at]), servers[at] ?? held, server, world.nowMs, lacking).map((problem) => `r${at}: ${problem}`)),
    ];
  });
}

/** What is away is looked at by itself. */
function withoutPlaces(metadata: Metadata, places: Places | undefined): Metadata {
  if (!places || places.size === 0) return metadata;
  return new Map([...metadata].filter(([, { db, key }]) => !places.has(`${db}|${key}`)));
}

function checkLedgers(world: World, metadata: readonly Metadata[], mutations: readonly Published[]): string[] {
  const byVersion = byVersionOf(mutations);
  return membersOf(world).flatMap((agent, at) => {
    const own = metadata[at] ?? new Map<string, never>();
    const steady = world.settings.switches ? new Map([...own].filter(([, cell]) => withoutSwitched(world, [cell]).length > 0)) : own;
    const problems = checkLedger(world, agent, steady, mutations, byVersion).slice(0, LISTED_MAX);
    return problems.map((problem) => `r${at}: ${problem}`);
  });
}

/**
 * No mutation comes home: what a region publishes, one of its own clients did. Two kinds of keys are left out, because their
 * content is read, and a batch that was on its way by then may be what is read: keys that a region is importing, and
 * keys that were renamed.
 */
function checkOrigins(world: World, mutations: readonly Published[]): string[] {
  const problems: string[] = [];
  const renamed = new Set<string>();
  for (const { at, db, words } of world.taken) if (words[0] === "RENAME") for (const key of words.slice(1)) renamed.add(`${at}|${db}|${key}`);
  for (const m of mutations) {
    const at = world.writers.indexOf(m.writer);
    if ((at === 0 && world.settings.imported > 0) || (renamed.size > 0 && renamed.has(`${at}|${m.place}`))) continue;
    const server = world.servers[at];
    const isEntry = m.kind === MutationKind.PutEntry;
    const isWhole = isEntry || m.kind === MutationKind.PutString || m.kind === MutationKind.PutField;
    const name = isEntry ? cellName(m.db, m.key, "x") : m.cell;
    const content = isWhole ? m.value : m.kind === MutationKind.AddMember ? "" : undefined;
    if (!server?.touched.has(m.place)) problems.push(`r${at} published a mutation of ${m.key}, which none of its clients wrote`);
    else if (content !== undefined && !server.hasMade(name, content)) problems.push(`r${at} published ${name} = ${content}, which none of its clients made`);
  }
  return problems.slice(0, LISTED_MAX);
}

function checkOracle(cells: readonly ServerCells[], expected: OracleCells, missing: ReadonlySet<string>): string[] {
  const [held] = cells;
  if (!held) return [];
  // A whole value's mutation holds a payload of the server's own format: its content is compared elsewhere.
  const wrong = differing(expected, held).filter((name) => parseCellName(name).kind !== "w" && !isMissing(missing, name));
  return wrong.slice(0, LISTED_MAX).map((name) => `the rules give ${name} = ${String(expected.get(name))}, but r0 holds ${String(held.get(name))}`);
}

/** Sketches that clients only added to hold every element that was acknowledged, and nothing else; what a region lacks it alone lacks. */
function checkSketches(world: World, { cells, away }: Held, missing: Missing): string[] {
  if (!world.taken.some(({ words }) => words[0] === "PFADD")) return [];
  const truth = new ServerModel();
  const other = new Set<string>();
  for (const { at, db, words, reply } of world.taken) {
    const [name = ""] = words;
    // A sketch is read to be published: a region that lost its history may not have come to that.
    const isSwitched = world.settings.switches && words[1]?.startsWith(SWITCHED_PREFIX);
    if (at === world.flushed?.at || isSwitched) for (const word of words.slice(1)) other.add(`${db}|${word}`);
    else if (name === "PFADD" && world.policies?.isRegister(words[1] ?? "") !== true && !(reply instanceof ReplyError)) truth.execute(words, world.nowMs, db);
    else if (name !== "PFCOUNT" || world.policies?.isRegister(words[1] ?? "") === true) for (const word of words.slice(1)) other.add(`${db}|${word}`);
  }
  return [...cellsOfServer(truth)].flatMap(([cell, content]) => {
    const [db = "", key = ""] = cell.split("|");
    if (other.has(`${db}|${key}`) || isInDoubt(world, `${db}|${key}`)) return [];
    const mayLack = (at: number): boolean => missing[at]?.has(cell) === true || (away[at]?.has(`${db}|${key}`) === true && missing.some((names) => names.has(cell)));
    const isSound = (held: string | undefined, at: number): boolean =>
      held === content || (mayLack(at) && (held === undefined || includesSketch(content, held)));
    return cells.flatMap((own, at) => {
      const held = own.get(cell);
      return isSound(held, at) ? [] : [`sketch ${cell}: r${at} does not hold what was acknowledged: ${content} / ${String(held)}`];
    });
  });
}

/** Keys that clients only incremented hold exactly what was acknowledged. */
function checkCounters(world: World, cells: readonly ServerCells[]): string[] {
  const totals = new Map<string, bigint>();
  for (const { db, words, reply } of world.taken) {
    if (words[0] !== "INCRBY" || !words[1]?.startsWith("n") || typeof reply !== "number") continue;
    const name = cellName(db, words[1], "s");
    if (isInDoubt(world, `${db}|${words[1]}`)) continue;
    totals.set(name, (totals.get(name) ?? 0n) + BigInt(words[2] ?? "0"));
  }
  return [...totals].flatMap(([name, total]) =>
    cells.flatMap((held, at) => (held.get(name) === String(total) ? [] : [`counter ${name}: ${String(total)} was acknowledged, r${at} holds ${String(held.get(name))}`])),
  );
}
