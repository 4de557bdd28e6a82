/**
 * What the agents of the compared servers know and no server says: which keys a server has evicted, and which keys policies keep
 * at home or among some regions.
 *
 * Promises that an agent is believed about the one server whose history it follows (by replication id), whatever it is called, and
 * that nothing is guessed: where no agent of a server answers, its missing keys are differences; where a policy cannot be known for
 * certain (agents that disagree, a change under way, a region that no agent names), keys are compared like all others. `remarks`
 * says each time what could not be known.
 */
import { POLL_TIMEOUT_MS, pollAgents } from "../status/agent-poll.js";
import type { PipelineStatus } from "../status/agent-status.js";

/** Keys of one question. */
const ASKED_KEYS_MAX = 500;

/** A server that agents may know. */
export interface KnownServer {
  readonly name: string;
  readonly replicationId: string;
}

/** Where a key is to be the same: the indexes of servers among which it is compared; `local`: among none; undefined: among all. */
export type KeyPlace = readonly number[] | "local" | undefined;

interface Follower {
  readonly url: string;
  readonly region: string;
  readonly pipeline: PipelineStatus;
}

interface Rule {
  readonly prefix: Buffer;
  readonly place: KeyPlace;
}

/** See the module's comment. */
export class AgentKnowledge {
  /** What could not be known, one sentence each. */
  readonly remarks: string[];
  /** By server; undefined: no agent that follows it has answered, or it does not any more. */
  readonly #followers: (Follower | undefined)[];
  /** The longest prefix first. */
  readonly #rules: readonly Rule[];

  private constructor(followers: (Follower | undefined)[], rules: readonly Rule[], remarks: string[]) {
    this.#followers = followers;
    this.#rules = rules;
    this.remarks = remarks;
  }

  /** Asks agents once who they are, and what their policies are. Never rejects for one that does not answer. */
  static async ask(urls: readonly string[], servers: readonly KnownServer[]): Promise<AgentKnowledge> {
    const answers = await pollAgents(urls);
    const remarks = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
    const told = answers.flatMap((answer) => {
      return "error" in answer ? [] : answer.status.pipelines.map((pipeline) => ({ url: answer.url, region: answer.status.region, pipeline }));
    });
    const followers = servers.map(({ replicationId }) => told.find(({ pipeline }) => pipeline.replicationId === replicationId));
    const unknown = servers.filter((_, at) => followers[at] === undefined).map(({ name }) => name);
    if (unknown.length > 0) {
      remarks.push(`no agent of ${unknown.join(", ")} was asked: what was evicted there, or is kept there by a policy, cannot be told apart and counts as different`);
    }
    return new AgentKnowledge(followers, rulesOf(followers, unknown, remarks), remarks);
  }

  /** Where a key is to be the same. */
  placeOf(key: Buffer): KeyPlace {
    for (const { prefix, place } of this.#rules) if (key.subarray(0, prefix.length).equals(prefix)) return place;
    return undefined;
  }

  /** Which of the keys a server has evicted, as its agent says; none where nobody can be asked. Never rejects. */
  async evicted(server: number, db: number, keys: readonly Buffer[]): Promise<boolean[]> {
    const all: boolean[] = [];
    for (let from = 0; from < keys.length; from += ASKED_KEYS_MAX) {
      all.push(...(await this.#ask(server, db, keys.slice(from, from + ASKED_KEYS_MAX))));
    }
    return all;
  }

  async #ask(server: number, db: number, keys: readonly Buffer[]): Promise<boolean[]> {
    const follower = this.#followers[server];
    if (follower === undefined) return keys.map(() => false);
    try {
      return await askEvicted(follower, db, keys);
    } catch (error) {
      this.#followers[server] = undefined;
      const reason = (error as Error).message;
      this.remarks.push(`the agent at ${follower.url} does not say what its server has evicted, which counts as different: ${reason}`);
      return keys.map(() => false);
    }
  }
}

async function askEvicted({ url, pipeline }: Follower, db: number, keys: readonly Buffer[]): Promise<boolean[]> {
  const body = JSON.stringify({ server: pipeline.server, db, keys: keys.map((key) => key.toString("base64")) });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body, signal: AbortSignal.timeout(POLL_TIMEOUT_MS) };
  const answer = await fetch(`${url.replace(/\/$/, "")}/evicted`, init);
  if (!answer.ok) throw new Error(`it answered ${answer.status} ${answer.statusText}`);
  const { evicted } = (await answer.json()) as { evicted?: unknown };
  if (!Array.isArray(evicted) || evicted.length !== keys.length) throw new Error("its answer cannot be read");
  return evicted.map((one) => one === true);
}

/** Rules only where all agents tell the same and no change is under way; what cannot be known is added to the remarks. */
function rulesOf(followers: readonly (Follower | undefined)[], unknown: readonly string[], remarks: string[]): Rule[] {
  const known = followers.filter((one) => one !== undefined);
  const [first, ...others] = known.map(({ pipeline }) => pipeline.policies);
  if (first === undefined || known.every(({ pipeline }) => pipeline.policies.rows.length === 0)) return [];
  if (others.some(({ digest }) => digest !== first.digest) || [first, ...others].some(({ stage }) => stage !== "done")) {
    remarks.push("the regions' policies are not the same, or are being changed: all keys are compared like any others");
    return [];
  }
  const rules: Rule[] = [];
  for (const { prefix, policy } of first.rows) {
    const regions = /^regions=(.+)$/.exec(policy)?.[1]?.split(",");
    if (regions !== undefined && unknown.length > 0) {
      remarks.push(`whether ${unknown.join(", ")} is of ${policy} nobody has told: keys that begin with ${JSON.stringify(prefix)} are compared everywhere`);
    }
    const members = regions === undefined || unknown.length > 0 ? undefined : [...followers.keys()].filter((at) => regions.includes(followers[at]?.region ?? ""));
    rules.push({ prefix: Buffer.from(prefix), place: policy === "local" ? "local" : members });
  }
  return rules.sort((a, b) => b.prefix.length - a.prefix.length);
}
