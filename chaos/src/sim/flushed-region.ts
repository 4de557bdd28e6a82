/**
 * A region whose client ran FLUSHALL or the like stops: what was written before is published, nothing behind it is, and nothing is
 * applied there any more, over restarts too. The others go on without it.
 */
import { decodeRecord } from "@meridian/wire";
import type { Published } from "./audited-log.js";
import { isUnique } from "./chronicle.js";
import type { World } from "./world.js";

/** Where a region's history was lost. */
export interface Flushed {
  /** The region, by its number: the last one. */
  readonly at: number;
  /** Where its server's stream stood behind the command or its transaction. */
  readonly offset: number;
  /** Which of the commands that servers took it was. */
  readonly taken: number;
}

/** The mesh as its other regions have it: without the agent of the one that stopped, and without what clients did there later. */
export function withoutFlushed(world: World): World {
  const { flushed } = world;
  if (!flushed) return world;
  const taken = world.taken.filter(({ at }, index) => at !== flushed.at || index < flushed.taken);
  return Object.create(world, { agents: { value: world.agents.slice(0, flushed.at) }, taken: { value: taken } }) as World;
}

/** What the region that should have stopped did behind that. */
export function checkFlushed(world: World, mutations: readonly Published[]): string[] {
  const { flushed } = world;
  const writer = world.writers[flushed?.at ?? -1];
  const agent = world.agents[flushed?.at ?? -1];
  if (!flushed || !writer || !agent) return [];
  const own = world.taken.flatMap((command, index) => (command.at === flushed.at ? [{ index, words: command.words }] : []));
  const before = new Set(own.filter(({ index }) => index < flushed.taken).flatMap(({ words }) => words));
  const later = own.filter(({ index }) => index > flushed.taken).flatMap(({ words }) => words);
  const behind = new Set(later.filter((word) => isUnique(word) && !before.has(word)));
  const problems = mutations
    .filter((m) => m.writer === writer && behind.has(m.value))
    .map(({ key, value }) => `${key} = ${value} was written behind it and published`);
  for (const record of world.log.of(writer)) {
    const { lastOffset } = decodeRecord(record, writer).span;
    if (lastOffset > flushed.offset) problems.push(`a record of what stands up to ${lastOffset} in the stream was published, it stands at ${flushed.offset}`);
  }
  const { halt } = agent.region ?? {};
  if (halt?.code !== "QUARANTINED") problems.push(`the region goes on: ${String(halt?.code)}`);
  return problems.map((problem) => `r${flushed.at}, whose client ran FLUSHALL: ${problem}`);
}
