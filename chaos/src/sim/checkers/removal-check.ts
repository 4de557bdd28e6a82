/**
 * No removal is published that none of the region's clients made: of a key as often at most as they deleted it, of a field or
 * member as often as they removed that. What a client removes of a key is not what the key hides, nor what it had lost already.
 *
 * Keys whose content the agent has to read are left out, for there it finds out itself what is gone; so are lists and streams,
 * whose commands remove by place: the oracles of these look at them.
 */
import { ReplyError } from "@meridian/resp";
import { MutationKind } from "@meridian/words";
import { unreadKeys } from "./acknowledged-check.js";
import type { Published } from "./audited-log.js";
import { cellName } from "./cells-of-server.js";
import type { TakenCommand, World } from "../mesh/world.js";

const K = MutationKind;
const REMOVALS: ReadonlySet<MutationKind> = new Set([K.RemoveKey, K.RemoveField, K.RemoveMember, K.RemoveScore]);

/** What is wrong, one line each. */
export function checkRemovals(world: World, mutations: readonly Published[]): string[] {
  return world.writers.flatMap((writer, at) => {
    if (at === 0 && world.settings.imported > 0) return [];
    const removals = mutations.filter((m) => m.writer === writer && REMOVALS.has(m.kind));
    if (removals.length === 0) return [];
    const taken = world.taken.filter((command) => command.at === at);
    const unread = unreadKeys(world, taken);
    const made = new Map<string, number>();
    for (const command of taken) for (const name of removedBy(command)) count(made, name);
    const published = new Map<string, number>();
    for (const m of removals) if (!unread.has(m.place)) count(published, m.cell);
    // A deletion of which nobody could tell whether it was an eviction counts as a client's.
    let inDoubt = (world.agents[at] ?? world.stopped)?.counters.evictions.untold ?? 0;
    const wrong = [...published].filter(([name, times]) => {
      const excess = times - (made.get(name) ?? 0);
      if (excess <= 0) return false;
      inDoubt -= excess;
      return inDoubt < 0;
    });
    return wrong.map(([name, times]) => `r${at} published the removal of ${name} ${times} times, its clients removed it ${made.get(name) ?? 0} times`);
  });
}

/** What a command may have removed. A deadline that is past when it is given deletes the key at once. */
function removedBy({ db, words, reply }: TakenCommand): string[] {
  const [name = "", key = "", ...rest] = words;
  if (reply instanceof ReplyError) return [];
  switch (name) {
    case "DEL":
    case "UNLINK":
      return [key, ...rest].map((other) => cellName(db, other, ""));
    case "PEXPIREAT":
      return [cellName(db, key, "")];
    case "HDEL":
      return [...new Set(rest)].map((field) => cellName(db, key, "h", field));
    case "SREM":
      return [...new Set(rest)].map((member) => cellName(db, key, "e", member));
    case "SPOP":
      return Buffer.isBuffer(reply) ? [cellName(db, key, "e", reply.toString("latin1"))] : [];
    case "ZREM":
      return [...new Set(rest)].map((member) => cellName(db, key, "z", member));
    default:
      return [];
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
