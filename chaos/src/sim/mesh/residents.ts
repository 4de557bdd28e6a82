/**
 * Runs with residents: keys with the numbers 5 and 6 reside in some of the regions only. What is everybody's and what each group
 * has are looked at as meshes of their own, with the checkers that every run has; in each of them the other keys count as such
 * that stay in their region. Checked beside: no log holds anything of another group, or says anything of its writers; who is no
 * member remembers nothing of a resident key, and no script touches one there.
 */
import type { PolicyRow, PolicyTable } from "@meridian/region";
import { groupOf, groupWriter, MutationKind, regionOf, type WriterId } from "@meridian/words";
import type { ClientCommand } from "./event.js";
import { readRecord } from "./read-record.js";
import type { Metadata } from "../checkers/metadata-check.js";
import type { Random } from "../random.js";
import type { World } from "./world.js";

/** What a checker asks of policies. */
export type KeyRules = Pick<PolicyTable, "isLocal" | "isRegister" | "groupOf" | "groups">;

/** One log of a mesh: whose, by number, and of which group. */
export interface SimLog {
  readonly at: number;
  readonly group: string;
  readonly writer: WriterId;
}

/** The number of the first group's keys; the next has the next one. */
export const FIRST_RESIDENT = 5;
/** Beginnings of the keys of every family, and of keys that all of them share. */
const BEGINNINGS = ["s", "c", "n", "h", "e", "z", "p", "x", "l", "d", "q", "k"];

/** One group or two, of regions by their numbers. */
export function drawGroups(random: Random, regions: number): number[][] {
  const draw = (): number[] => {
    const members = Array.from({ length: regions }, (_, at) => at);
    const size = random.between(2, Math.max(2, regions - 1));
    while (members.length > size) members.splice(random.below(members.length), 1);
    return members;
  };
  return Array.from({ length: random.between(1, 2) }, draw);
}

/** The rows of a table. `names`: of the regions. */
export function residentRows(groups: readonly (readonly number[])[], names: readonly string[]): PolicyRow[] {
  return groups.flatMap((members, index) => {
    const regions = members.map((at) => names[at] as string).sort();
    const policy = { kind: "regions" as const, regions, group: regions.join("+") };
    return BEGINNINGS.map((beginning) => ({ prefix: `${beginning}${FIRST_RESIDENT + index}`, policy }));
  });
}

/** Every log of a mesh; what is everybody's first. */
export function logsOf(writers: readonly WriterId[], rules: KeyRules | undefined): SimLog[] {
  const main = writers.map((writer, at) => ({ at, group: "", writer }));
  const groups = [...(rules?.groups ?? [])].flatMap(([group, regions]) => {
    const members = main.filter(({ writer }) => regions.includes(regionOf(writer)));
    return members.map(({ at, writer }) => ({ at, group, writer: groupWriter(writer, group) }));
  });
  return [...main, ...groups];
}

/** True where the key resides in other regions than this one. */
export function isForeign(rules: KeyRules | undefined, writer: WriterId, key: string): boolean {
  const group = rules?.groupOf(key) ?? "";
  return group !== "" && rules?.groups.get(group)?.includes(regionOf(writer)) === false;
}

/** The rules as they are for one region: what resides elsewhere stays there. */
export function rulesAt(rules: KeyRules | undefined, writer: WriterId): KeyRules | undefined {
  if (!rules || rules.groups.size === 0) return rules;
  return withLocal(rules, (key) => isForeign(rules, writer, key));
}

/** Rules under which more keys stay in their region. */
export function withLocal(rules: KeyRules, isLocalToo: (key: string) => boolean): KeyRules {
  return {
    isLocal: (key) => isLocalToo(key) || rules.isLocal(key),
    isRegister: (key) => rules.isRegister(key),
    groupOf: (key) => rules.groupOf(key),
    groups: rules.groups,
  };
}

/** The mesh of what is everybody's, and those of the groups. */
export function partsOf(world: World): readonly [World, ...World[]] {
  const rules = world.policies;
  if (!rules || rules.groups.size === 0) return [world];
  const [first, ...rest] = ["", ...rules.groups.keys()].map((group) => partOf(world, rules, group));
  return [first as World, ...rest];
}

function partOf(world: World, rules: KeyRules, group: string): World {
  const logs = world.logs.filter((log) => log.group === group);
  const members = logs.map(({ at }) => at);
  const isMember = (_: unknown, at: number): boolean => members.includes(at);
  const { flushed, settings } = world;
  const taken = world.taken.filter(({ at, words }) => members.includes(at) && keysIn(words).some((key) => rules.groupOf(key) === group));
  const wasImported = members[0] === 0;
  const own = {
    group,
    writers: logs.map(({ writer }) => writer),
    servers: world.servers.filter(isMember),
    agents: world.agents.filter(isMember),
    taken: taken.map((command) => ({ ...command, at: members.indexOf(command.at) })),
    policies: withLocal(rules, (key) => rules.groupOf(key) !== group),
    settings: wasImported ? settings : { ...settings, imported: 0 },
    flushed: flushed && members.includes(flushed.at) ? { ...flushed, at: members.indexOf(flushed.at) } : undefined,
  };
  return Object.create(world, Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { value }]))) as World;
}

/** The keys that a command names. */
function keysIn([name = "", ...rest]: ClientCommand): readonly string[] {
  if (name === "MSET") return rest.filter((_, at) => at % 2 === 0);
  if (["RENAME", "LMOVE", "RPOPLPUSH", "PFMERGE"].includes(name)) return rest.slice(0, 2);
  return name === "XGROUP" ? rest.slice(1, 2) : rest.slice(0, 1);
}

/** What left its group. */
export function checkResidency(world: World, metadata: readonly Metadata[]): string[] {
  const rules = world.policies;
  if (!rules || rules.groups.size === 0) return [];
  const known = new Set<string>(world.logs.map(({ writer }) => writer));
  const strange = world.log.writers.filter((writer) => !known.has(writer)).map((writer) => `there is a log of ${writer}`);
  const remembered = metadata.flatMap((own, at) => {
    const writer = world.agents[at]?.context.writer;
    const foreign = [...own.values()].filter(({ key }) => writer !== undefined && isForeign(rules, writer, key));
    return foreign.map(({ key }) => `r${at} remembers a cell of ${key}, which resides elsewhere`);
  });
  return [...strange, ...remembered, ...world.logs.flatMap(({ group, writer }) => strayIn(world, rules, group, writer))];
}

function strayIn(world: World, rules: KeyRules, group: string, writer: WriterId): string[] {
  const problems: string[] = [];
  for (const record of world.log.of(writer)) {
    for (const frame of readRecord(record, writer).frames) {
      for (const [other] of frame.context.entries()) {
        if (groupOf(other) !== group) problems.push(`the log of ${writer} says what was seen of ${other}`);
      }
      frame.forEach(({ kind, key }) => {
        // A channel is no key.
        if (kind === MutationKind.Message) return;
        if (rules.groupOf(key) !== group) problems.push(`the log of ${writer} holds ${key}, which is of the group "${rules.groupOf(key)}"`);
      });
    }
  }
  return problems;
}
