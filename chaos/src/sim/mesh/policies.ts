/**
 * Runs with policies: the first key of every family but one stays in its region, the second has a home. Runs with registers:
 * the first key of every family but one, or one that all of these share, is written as a whole.
 *
 * Checked then: nothing of a local key is published, and no agent remembers anything of one. Local keys are left out of
 * every comparison of regions: each holds what its own clients wrote.
 */
import { parsePolicy, PolicyTable, type Policy, type PolicyRow } from "@meridian/region";
import type { Published } from "../checkers/audited-log.js";
import type { ServerCells } from "../checkers/cells-of-server.js";
import type { Metadata } from "../checkers/metadata-check.js";
import { residentRows, withLocal, type KeyRules } from "./residents.js";
import type { SimSettings } from "../settings.js";
import type { World } from "./world.js";

/** Names of the regions, by number. */
export const NAMES = ["ap", "br", "eu", "sa", "us"];

const LOCAL = ["s0", "c0", "h0", "e0", "z0", "l0", "x0"];
const HOME = ["s1", "h1"];
/** Keys whose policy is changed while the run goes. */
export const SWITCHED_PREFIX = "v";
/** Keys that are one register. */
export const REGISTER_PREFIX = "w";

const TABLES = new Map<string, PolicyTable>();

/**
 * The table of all regions of a run, as most checkers have it; undefined where there is none. What clients do to keys whose policy
 * is changed most of them leave alone, as if they were local.
 */
export function policiesOf(settings: SimSettings): PolicyTable | undefined {
  return settings.switches ? tableOf(settings, [[SWITCHED_PREFIX, "local"]]) : tableOf(settings, []);
}

/** With which table the regions of a run begin. */
export function firstPolicies(settings: SimSettings): PolicyTable | undefined {
  return settings.switches && settings.firstPolicy !== "crdt" ? tableOf(settings, [[SWITCHED_PREFIX, settings.firstPolicy]]) : tableOf(settings, []);
}

type SwitchedRows = readonly (readonly [prefix: string, policy: string])[];

/** The table that an operator of a run proposes. */
export function switchedTable(settings: SimSettings, rows: SwitchedRows): PolicyTable {
  return tableOf(settings, rows) ?? new PolicyTable([]);
}

function tableOf({ policies, registers, residents }: SimSettings, switched: SwitchedRows): PolicyTable | undefined {
  if (!policies && !registers && residents.length === 0 && switched.length === 0) return undefined;
  const name = `${policies} ${registers} ${JSON.stringify(residents)} ${switched.join(" ")}`;
  const known = TABLES.get(name);
  if (known) return known;
  const rows: PolicyRow[] = registers ? [{ prefix: REGISTER_PREFIX, policy: { kind: "lww" } }] : [];
  if (policies) {
    rows.push(...LOCAL.map((prefix) => ({ prefix, policy: { kind: "local" } as const })));
    rows.push(...HOME.map((prefix) => ({ prefix, policy: { kind: "home", region: "eu" } as const })));
  }
  rows.push(...residentRows(residents, NAMES));
  rows.push(...switched.map(([prefix, text]) => ({ prefix, policy: parsePolicy(text) as Policy })));
  const table = new PolicyTable(rows);
  TABLES.set(name, table);
  return table;
}

/** A server's cells without those of local keys. */
export function sharedCells(world: World, cells: ServerCells): ServerCells {
  const policies = lastPolicies(world);
  if (!policies) return cells;
  const shared: ServerCells = new Map();
  for (const [name, content] of cells) if (!policies.isLocal(keyOfCell(name))) shared.set(name, content);
  return shared.size === cells.size ? cells : shared;
}

function keyOfCell(name: string): string {
  const from = name.indexOf("|") + 1;
  return name.slice(from, name.indexOf("|", from));
}

/** A region's memory of what is looked at. */
export function partOfMemory(world: World, metadata: Metadata): Metadata {
  if (world.group === undefined) return metadata;
  const policies = lastPolicies(world);
  return new Map([...metadata].filter(([, { key }]) => policies?.isLocal(key) !== true));
}

/** What is not about keys whose policy is changed. */
export function withoutSwitched<About extends { readonly key: string }>({ settings }: World, all: readonly About[]): readonly About[] {
  return settings.switches ? all.filter(({ key }) => !key.startsWith(SWITCHED_PREFIX)) : all;
}

/** The table that all regions of the run have come to; for a part of the mesh what is not of its group stays. */
function lastPolicies(world: World): KeyRules | undefined {
  if (!world.settings.switches) return world.policies;
  const last = world.tables.last(firstPolicies(world.settings));
  return last && world.group !== undefined ? withLocal(last, (key) => last.groupOf(key) !== world.group) : last;
}

/** What left its region, or was remembered, of keys that stay. */
export function checkLocalKeys(world: World, mutations: readonly Published[], metadata: readonly Metadata[]): string[] {
  const policies = lastPolicies(world);
  if (!policies) return [];
  const published = withoutSwitched(world, mutations).filter(({ key }) => policies.isLocal(key)).map(({ writer, key }) => `${writer} published ${key}, which stays in its region`);
  const remembered = metadata.flatMap((own, at) =>
    [...own.values()].filter(({ key }) => policies.isLocal(key)).map(({ key }) => `r${at} remembers a cell of ${key}, which stays in its region`),
  );
  return [...published, ...remembered];
}

/** Keys that a command wrote beside local ones or registers: they are read back, and of several values the log holds the last. */
export function readBesideLocal(policies: KeyRules | undefined, db: number, words: readonly string[]): string[] {
  if (!policies || !(words[0] === "MSET" || words[0] === "LMOVE" || words[0] === "RPOPLPUSH")) return [];
  const keys = words[0] === "MSET" ? words.filter((_, at) => at % 2 === 1) : words.slice(1, 3);
  return keys.some((key) => policies.isLocal(key) || policies.isRegister(key)) ? keys.map((key) => `${db}|${key}`) : [];
}
