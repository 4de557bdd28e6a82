/**
 * What an operator should know about a server although everything runs: what stays in the region, and what the server is
 * set to do behind the agent's back. One sentence each, with what it means.
 */
import { FIELD_DEADLINE_COMMANDS } from "@meridian/commands";
import type { AbsenceStatus, RegionCounters } from "@meridian/region";
import type { ServerFacts } from "@meridian/target";

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
  if (facts && mayEvict(facts)) {
    const { maxMemoryPolicy, evictedKeys } = facts;
    notices.push(`maxmemory-policy is ${maxMemoryPolicy}: what this server evicts (${evictedKeys} keys since it started) is deleted in every region; set noeviction`);
  }
  return notices;
}

/** What is said of regions that stay away. */
export function absenceNotices({ fenced, silent, asked, boundTo, absent }: AbsenceStatus): string[] {
  const notices = fenced.map(({ writer, isOut }) => `${writer} stayed away for too long and is fenced: what it writes is refused; rebuild that region from a peer${isOut ? "" : "; its log is still needed up to where others have received it"}`);
  if (asked.length > 0) notices.push(`nothing came from ${asked.join(", ")} for longer than stability.absentAfter: the other regions are asked whether to go on without`);
  else if (boundTo) notices.push(`nothing came from ${absent.join(", ")} for too long: ${boundTo} decides whether to go on without, and until then nothing more of it is taken`);
  else if (silent.length > 0) notices.push(`nothing came from ${silent.join(", ")} for longer than stability.absentAfter`);
  return notices;
}

/** Its stream shows an evicted key like one that a client deleted. */
function mayEvict({ maxMemoryBytes, maxMemoryPolicy, evictedKeys }: ServerFacts): boolean {
  return (maxMemoryBytes > 0 && maxMemoryPolicy !== "noeviction") || evictedKeys > 0;
}
