/**
 * Keys that a region's server has evicted: the server holds nothing of them, the region says which they are, and all others hold
 * them. What is compared between regions and with the rules is therefore compared with what an evicted key would be: as another
 * region has it, or, where none has it, as the rules say.
 */
import { readEvicted } from "@meridian/region";
import type { AgentHost } from "../mesh/agent-host.js";
import type { Published } from "./audited-log.js";
import type { World } from "../mesh/world.js";
import { parseCellName, type ServerCells } from "./cells-of-server.js";
import type { OracleCells } from "./oracle.js";

/** Keys as `db|key`. */
export type Places = ReadonlySet<string>;

/** The keys that are away, by what the region's store says. */
export function evictedIn(agent: AgentHost): Places {
  return new Set(readEvicted(agent.store, undefined, Infinity).keys.map(({ db, key }) => `${db}|${key}`));
}

/** What each region would hold had its server evicted nothing. */
export function withEvicted(cells: readonly ServerCells[], away: readonly Places[], rules: OracleCells): readonly ServerCells[] {
  if (away.every(({ size }) => size === 0)) return cells;
  return cells.map((held, at) => {
    const all = new Map(held);
    for (const place of away[at] ?? []) {
      const other = away.findIndex((places) => !places.has(place));
      for (const [name, content] of (other < 0 ? rules : cells[other]) ?? []) {
        if (parseCellName(name).place === place) all.set(name, content);
      }
    }
    return all;
  });
}

/**
 * True where a key was evicted and something of it may be lost, of which its region has counted that: nobody could tell what its
 * deletion was, or a client had changed it in a way that only reading tells.
 */
export function isInDoubt({ evicted, agents }: World, place: string): boolean {
  return evicted.has(place) && agents.some(({ counters: { evictions } }) => evictions.untold + evictions.unread > 0);
}

/** Commands that add to a key, and never end it. */
const ADDING: ReadonlySet<string> = new Set(["HSET", "HINCRBY", "SADD", "ZADD", "ZINCRBY", "INCR", "INCRBY", "DECR"]);

/**
 * Who adds to a key that was only ever added to does not make it anew once its region knows of it, though its server has dropped it:
 * that would take away what all others have.
 */
export function checkCreations(world: World, mutations: readonly Published[]): string[] {
  if (world.settings.expiries > 0 || world.settings.imported > 0) return [];
  const ended = new Set(world.taken.filter(({ words }) => !ADDING.has(words[0] ?? "")).flatMap(({ db, words }) => words.slice(1).map((word) => `${db}|${word}`)));
  const placeOf = ({ db, key }: Published): string => `${db}|${key}`;
  const isWatched = (place: string): boolean => world.evicted.has(place) && !ended.has(place) && !isInDoubt(world, place);
  const own = mutations.filter((m) => isWatched(placeOf(m)));
  const isKnown = (m: Published): boolean => own.some((other) => placeOf(other) === placeOf(m) && knows(m, other));
  return own.filter((m) => m.creates && isKnown(m)).map((m) => `${m.writer} says that it makes ${placeOf(m)}, which it knew and only its server had dropped`);
}

function knows(m: Published, other: Published): boolean {
  return m.writer === other.writer ? other.hlc < m.hlc : m.context.covers(other.writer, other.hlc);
}

/** What is wrong with what a region says of evictions. */
export function checkEvictions(world: World): string[] {
  return world.agents.flatMap((agent, at) => {
    const { region, context } = agent;
    const away = evictedIn(agent);
    const held = new Set([...context.server.cells(world.nowMs).keys()].map((name) => parseCellName(name).place));
    const found = [...away].filter((place) => held.has(place)).map((place) => `${place} is said to be evicted, and there`);
    const { seen, untold } = agent.counters.evictions;
    const made = context.server.evictions;
    if (away.size > seen) found.push(`${away.size} keys are away, ${seen} evictions were seen`);
    if (seen > made) found.push(`${seen} evictions were seen, the server made ${made}`);
    // Events are lost only with their connection, or with the agent.
    const isWhole = agent.lives <= 1 && agent.silences === 0 && agent.isHeardFromStart;
    if (isWhole && seen + untold < made) found.push(`the server made ${made} evictions, ${seen} were seen and ${untold} in doubt`);
    if (region?.evictions && region.halt === undefined && region.evictions.keysAway !== away.size) found.push(`${region.evictions.keysAway} keys are counted as away, ${away.size} are listed`);
    return found.map((problem) => `r${at}: ${problem}`);
  });
}
