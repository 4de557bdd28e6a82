/**
 * What an operator should know about a server although everything runs: what stays in the region, and what the server is
 * set to do behind the agent's back. One sentence each, with what it means.
 */
import { FIELD_DEADLINE_COMMANDS } from "@meridian/commands";
import type { AbsenceStatus, RegionCounters } from "@meridian/region";
import type { ServerFacts } from "@meridian/target";
import { EVICTION_REMEDY, mayEvict, type EvictionMode } from "./event-feed.js";

/** Said where a field of a hash has, or was given, a deadline of its own. */
export const FIELD_DEADLINES_STAY =
  "hash-field expiry is not replicated: a field's deadline stays in the region where it was set; when it ends the field there, it is removed everywhere";

/** Refused values that a notice names; the status has more. */
const REFUSED_SHOWN = 3;

/** The notices of one captured server. `facts`: as of the last attach. */
export function noticesOf(counters: RegionCounters, facts: ServerFacts | undefined): string[] {
  const met = FIELD_DEADLINE_COMMANDS.some((name) => counters.unsupported.has(name));
  const notices = met || (facts?.keysWithFieldDeadlines ?? 0) > 0 ? [FIELD_DEADLINES_STAY] : [];
  for (const [group, commands] of counters.foreign) {
    notices.push(`clients of this region wrote keys that reside in ${group.replaceAll("+", ", ")} (${commands} commands): what they wrote stays in this server`);
  }
  const newest = [...counters.refused].slice(-REFUSED_SHOWN).map(([key, why]) => `${key} (${why})`);
  if (newest.length > 0) notices.push(`this server refused values of peers: the last of ${counters.refused.size} known are ${newest.join(", ")}`);
  const silenced = [...counters.messages.silenced].slice(-REFUSED_SHOWN).map(([channel, { reason }]) => `${channel} (${reason})`);
  if (silenced.length > 0) notices.push(`messages were not heard everywhere: the last channels are ${silenced.join(", ")}`);
  return notices;
}

/** What is said while a server has no memory for what peers have written. `sinceMs`: by this process's clock. */
export function fullNotice(sinceMs: number): string {
  return `this server is at maxmemory and has taken nothing of the peers since ${new Date(sinceMs).toISOString()}: raise it, or make room here; what clients here write is published as before`;
}

/** What is said of regions that stay away. */
export function absenceNotices({ fenced, silent, asked, boundTo, absent }: AbsenceStatus): string[] {
  const notices = fenced.map(({ writer, isOut }) => `${writer} stayed away for too long and is fenced: what it writes is refused; rebuild that region from a peer${isOut ? "" : "; its log is still needed up to where others have received it"}`);
  if (asked.length > 0) notices.push(`nothing came from ${asked.join(", ")} for longer than stability.absentAfter: the other regions are asked whether to go on without`);
  else if (boundTo) notices.push(`nothing came from ${absent.join(", ")} for too long: ${boundTo} decides whether to go on without, and until then nothing more of it is taken`);
  else if (silent.length > 0) notices.push(`nothing came from ${silent.join(", ")} for longer than stability.absentAfter`);
  return notices;
}

/** What is known of evictions here, for the notice: whether they are told from deletions, and how many keys are away. */
export interface EvictionFacts {
  readonly mode: EvictionMode;
  /** Why they are not told from deletions; undefined: they are. */
  readonly reason: string | undefined;
  readonly keysAway: number;
}

/** What a server does to make room, and what that means elsewhere. */
export function evictionNotices(counters: RegionCounters, facts: ServerFacts | undefined, about: EvictionFacts): string[] {
  const { mode, reason, keysAway } = about;
  const { untold, unmatched, unread } = counters.evictions;
  const notices: string[] = [];
  if (facts && (mayEvict(facts) || (facts.evictedKeys > 0 && mode === "replicate"))) {
    const policy = `maxmemory-policy is ${facts.maxMemoryPolicy}: what this server evicts (${facts.evictedKeys} keys since it started)`;
    if (mode === "replicate") notices.push(`${policy} is deleted in every region, as capture.evictions says`);
    else if (reason !== undefined) notices.push(`${policy} is DELETED IN EVERY REGION, for it is not told from deletions (${reason}); ${EVICTION_REMEDY}; or set noeviction`);
  }
  if (keysAway > 0) notices.push(`${keysAway} keys were evicted by this server and are away here; the other regions keep them`);
  if (untold + unmatched > 0) notices.push(`${untold} deletions were taken for clients' although nobody could tell whether they were evictions, ${unmatched} evictions among them for certain`);
  if (unread > 0) notices.push(`${unread} keys were evicted before it could be read what a client had just done to them: that is lost`);
  return notices;
}
