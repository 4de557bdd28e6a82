/**
 * Runs in which the policy of some keys is changed, again and again, while regions crash and are cut off from each other.
 *
 * - After n changes every region that has gone through them runs the same table, whenever it comes to that.
 * - In each writer's log the number of changes only rises, and what was written under a table is of its kind: nothing of a local
 *   key, registers whole, and nothing else whole.
 * - At rest no change is under way: all regions have gone through the same.
 * - Keys that are shared at the end are equal everywhere, and are what the rules give of everything that was written since they
 *   became so.
 */
import { linesOf, type PolicyTable, type PolicyChangeStatus } from "@meridian/region";
import { MutationKind } from "@meridian/words";
import { counted, membersOf } from "./absence-check.js";
import type { Published } from "./audited-log.js";
import { firstPolicies, SWITCHED_PREFIX } from "../mesh/policies.js";
import { readRecord } from "../mesh/read-record.js";
import type { World } from "../mesh/world.js";

/**
 * Which tables the regions of a run have run, by the number of changes before. What a region has switched to that was fenced is its own
 * business: where nothing of it was received, the others may decide something else.
 */
export class TableWatch {
  /** By the number of changes, and then by region. */
  readonly #tables = new Map<number, Map<number, PolicyTable>>();
  readonly #isShutOut: (at: number) => boolean;

  constructor(isShutOut: (at: number) => boolean) {
    this.#isShutOut = isShutOut;
  }

  /** A region has committed what it runs. */
  note(at: number, { version, table }: PolicyChangeStatus): void {
    if (version === 0) return;
    const known = this.#tables.get(version);
    if (known) known.set(at, table);
    else this.#tables.set(version, new Map([[at, table]]));
  }

  /** The regions, as far as they count, that have gone through so many changes, and their tables. */
  #of(version: number): (readonly [at: number, table: PolicyTable])[] {
    return [...(this.#tables.get(version) ?? [])].filter(([at]) => !this.#isShutOut(at));
  }

  /** How many changes any region has gone through. */
  get version(): number {
    const versions = [...this.#tables.keys()].sort((a, b) => b - a);
    return versions.find((version) => this.#of(version).length > 0) ?? 0;
  }

  /** The table after so many changes. */
  at(version: number, first: PolicyTable | undefined): PolicyTable | undefined {
    return version === 0 ? first : this.#of(version)[0]?.[1];
  }

  /** The last one. */
  last(first: PolicyTable | undefined): PolicyTable | undefined {
    return this.at(this.version, first);
  }

  /** Where regions have run different ones. */
  get problems(): string[] {
    return [...this.#tables.keys()].flatMap((version) => {
      const [first, ...others] = this.#of(version);
      return others.flatMap(([at, table]) => {
        const known = first && textOf(first[1]);
        return known === textOf(table) ? [] : [`r${at}: after ${version} changes it runs ${textOf(table)}, another region ${String(known)}`];
      });
    });
  }
}

function textOf(table: PolicyTable): string {
  return linesOf(table).map(({ prefix, policy }) => `${prefix}=${policy}`).join(" ");
}

/** Of keys whose policy is changed what was written since they have had the kind of policy that they have at the end. */
export function countedByTable(world: World, mutations: readonly Published[]): readonly Published[] {
  if (!world.settings.switches) return mutations;
  return mutations.filter(({ key, policyVersion }) => {
    if (!key.startsWith(SWITCHED_PREFIX)) return true;
    const last = ruleAt(world, world.tables.version, key);
    for (let version = policyVersion; version <= world.tables.version; version += 1) if (ruleAt(world, version, key) !== last) return false;
    return true;
  });
}

function ruleAt(world: World, version: number, key: string): "local" | "lww" | "merged" {
  const kind = world.tables.at(version, firstPolicies(world.settings))?.of(key).kind ?? "crdt";
  return kind === "local" || kind === "lww" ? kind : "merged";
}

/** What is wrong with the changes of a run. */
export function checkSwitches(world: World, mutations: readonly Published[]): string[] {
  if (!world.settings.switches) return [];
  const wrong = counted(world, mutations).filter(({ key, kind, policyVersion }) => {
    if (!key.startsWith(SWITCHED_PREFIX)) return false;
    const rule = ruleAt(world, policyVersion, key);
    return rule === "local" || (rule === "lww") !== (kind === MutationKind.PutRegister);
  });
  return [
    ...world.tables.problems,
    ...wrong.map(({ writer, key, kind, policyVersion }) => `${writer} published a mutation of kind ${kind} of ${key}, which is ${ruleAt(world, policyVersion, key)} after ${policyVersion} changes`),
    ...world.writers.flatMap((writer) => {
      // What a dead agent had sent, its heir may have sent again.
      const records = new Map(world.log.of(writer).map((record) => [record.toString("latin1"), record]));
      const versions = [...records.values()].map((record) => readRecord(record, writer).policyVersion);
      const fallen = versions.findIndex((version, at) => version < (versions[at - 1] ?? 0));
      return fallen < 0 ? [] : [`the log of ${writer} falls back from ${versions[fallen - 1]} changes to ${versions[fallen]}`];
    }),
    ...(world.flushed ? [] : unfinished(world)),
  ];
}

/** What of a change is under way in the regions of a mesh that should be at rest. */
export function unfinished(world: World): string[] {
  return membersOf(world).flatMap(({ region, context }) => {
    if (!region) return [];
    const { version, stage, proposed, awaits } = region.policies.status;
    if (version !== world.tables.version) return [`${context.writer} has gone through ${version} changes, others through ${world.tables.version}`];
    if (stage !== "done") return [`${context.writer} has not finished the last change: ${stage} ${awaits.join(" ")}`];
    return proposed ? [`${context.writer} holds a change that ${proposed.by} has proposed; it waits for ${proposed.waitsFor.join(" ")}`] : [];
  });
}
