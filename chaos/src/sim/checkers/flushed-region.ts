/**
 * A region whose client ran FLUSHALL or the like stops: what was written before is published, nothing behind it is, and nothing is
 * applied there any more, over restarts too. The others go on without it. Of a transaction nothing leaves where the FLUSHALL stands
 * in it, and where it came before the keys could be read that tell what the transaction did; nor does what was written behind that.
 */
import type { Published } from "./audited-log.js";
import { isUnique } from "./chronicle.js";
import type { TakenCommand, World } from "../mesh/world.js";
import { readRecord } from "../mesh/read-record.js";

/** Where a region's history was lost. */
export interface Flushed {
  /** The region, by its number: the last one. */
  readonly at: number;
  /** Where its server's stream stood behind the command or its transaction. */
  readonly offset: number;
  /** Which of the commands that servers took it was. */
  readonly taken: number;
}

/** The command was captured before the region stopped. */
function isKept({ agents, flushed }: World, { at, endOffset }: TakenCommand): boolean {
  return at !== flushed?.at || endOffset <= (agents[at]?.region?.capturedOffset ?? 0);
}

/** The mesh as its other regions have it: without the agent of the one that stopped, and what clients did there behind its place. */
export function withoutFlushed(world: World): World {
  const { flushed } = world;
  if (!flushed) return world;
  const taken = world.taken.filter((command) => isKept(world, command));
  const others = { agents: { value: world.agents.slice(0, flushed.at) }, stopped: { value: world.agents[flushed.at] } };
  return Object.create(world, { ...others, taken: { value: taken } }) as World;
}

/** What the region that should have stopped did behind that. */
export function checkFlushed(world: World, mutations: readonly Published[]): string[] {
  const { flushed } = world;
  const writer = world.writers[flushed?.at ?? -1];
  const agent = world.agents[flushed?.at ?? -1];
  if (!flushed || !writer || !agent) return [];
  const own = world.taken.filter(({ at }) => at === flushed.at);
  const kept = own.filter((command) => isKept(world, command));
  const before = new Set(kept.flatMap(({ words }) => words));
  const later = own.filter((command) => !kept.includes(command)).flatMap(({ words }) => words);
  const behind = new Set(later.filter((word) => isUnique(word) && !before.has(word)));
  const problems = mutations
    .filter((m) => m.writer === writer && behind.has(m.value))
    .map(({ key, value }) => `${key} = ${value} was written in its transaction or behind it and published`);
  const isUnit = ({ offset }: TakenCommand): boolean => UNITS.has(agent.context.server.commandsFrom(offset).find(([name]) => name !== "SELECT")?.[0] ?? "");
  problems.push(...checkPlace(own, kept, flushed, isUnit));
  for (const record of world.log.of(writer)) {
    const { lastOffset } = readRecord(record, writer).span;
    if (lastOffset > flushed.offset) problems.push(`a record of what stands up to ${lastOffset} in the stream was published, it stands at ${flushed.offset}`);
  }
  const { halt } = agent.region ?? {};
  if (halt?.code !== "QUARANTINED") problems.push(`the region goes on: ${String(halt?.code)}`);
  return problems.map((problem) => `r${flushed.at}, whose client ran FLUSHALL: ${problem}`);
}

/** How a unit begins in the stream: a RENAME that stands alone is one, where its keys are read apart. */
const UNITS: ReadonlySet<string> = new Set(["MULTI", "RENAME"]);

/**
 * It stops at the FLUSHALL, or where a transaction began whose keys were not read by then: a client's, or a command in one with the
 * DEL of the key that it found past its deadline.
 */
function checkPlace(
  own: readonly TakenCommand[],
  kept: readonly TakenCommand[],
  { offset }: Flushed,
  isUnit: (command: TakenCommand) => boolean,
): string[] {
  const [first] = own.filter((command) => !kept.includes(command));
  if (!first) return ["it goes on behind it"];
  if (first.endOffset === offset || own.filter((command) => command.offset === first.offset).length > 1 || isUnit(first)) return [];
  return [`it stops before ${first.words.join(" ")}, which is part of nothing`];
}
