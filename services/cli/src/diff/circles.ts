/**
 * Keys are to be the same among some servers: all of them, those of a policy's regions, or those that have not evicted them. Each
 * such circle of servers has its own comparison and its own suspects.
 *
 * Promises that a missing key counts as evicted only where the agent of every server that lacks it says so, and that the servers
 * which have it are then still compared with each other.
 */
import { printable } from "../printable.js";
import type { AgentKnowledge } from "./agent-knowledge.js";
import { ChunkComparison, type ChunkResult, type ComparedServer, type Suspicion } from "./chunk-comparison.js";
import type { CompareSettings, Difference, EvictedKey } from "./compare-report.js";
import { KEY_BYTES_SHOWN, Suspects } from "./suspects.js";

interface Circle {
  /** Indexes of its servers. */
  readonly members: readonly number[];
  readonly comparison: ChunkComparison;
  readonly suspects: Suspects;
}

/** See the module's comment. */
export class Circles {
  readonly #servers: readonly ComparedServer[];
  readonly #settings: CompareSettings;
  readonly #knowledge: AgentKnowledge;
  readonly #circles = new Map<string, Circle>();
  readonly #evicted: number[];
  readonly evictedKeys: EvictedKey[] = [];

  constructor(servers: readonly ComparedServer[], settings: CompareSettings, knowledge: AgentKnowledge) {
    this.#servers = servers;
    this.#settings = settings;
    this.#knowledge = knowledge;
    this.#evicted = servers.map(() => 0);
  }

  /** Evicted keys by the name of the server. */
  get evictedByServer(): Record<string, number> {
    const named = this.#servers.map(({ connection }, at) => [connection.address.name, this.#evicted[at] ?? 0] as const);
    return Object.fromEntries(named.filter(([, count]) => count > 0));
  }

  get differences(): Difference[] {
    return [...this.#circles.values()].flatMap(({ suspects }) => suspects.differences).slice(0, this.#settings.differencesMax);
  }

  sum(of: "differing" | "unsettled" | "settledEqual" | "waiting"): number {
    return [...this.#circles.values()].reduce((sum, { suspects }) => sum + suspects[of], 0);
  }

  /** Compares keys among some servers; `members` as indexes. */
  async compare(db: number, keys: readonly Buffer[], members: readonly number[]): Promise<ChunkResult> {
    const { comparison, suspects } = this.#circle(members);
    const result = await comparison.compare(keys);
    suspects.add(db, result.suspicions);
    return result;
  }

  /** Reads again what is due, in every circle. */
  async readDue(db: number): Promise<void> {
    for (const { suspects } of [...this.#circles.values()]) await suspects.readDue(db);
  }

  /** Reads until every key is judged. What one circle finds out may be another's work. */
  async settle(db: number, signal?: AbortSignal): Promise<void> {
    do for (const { suspects } of [...this.#circles.values()]) await suspects.settle(db, signal);
    while (this.sum("waiting") > 0);
  }

  #circle(members: readonly number[]): Circle {
    const name = members.join(",");
    const known = this.#circles.get(name);
    if (known) return known;
    const comparison = new ChunkComparison(members.map((at) => this.#servers[at]!), this.#settings);
    const explain = (db: number, missing: readonly Suspicion[]): Promise<boolean[]> => this.#explain(db, missing, members);
    const circle = { members, comparison, suspects: new Suspects(comparison, this.#settings, explain) };
    this.#circles.set(name, circle);
    return circle;
  }

  /** Which of the missing keys were evicted wherever they are missing. */
  async #explain(db: number, missing: readonly Suspicion[], members: readonly number[]): Promise<boolean[]> {
    const answers = new Map<string, boolean>();
    for (const [place, server] of members.entries()) {
      const asked = missing.filter(({ absentOn }) => absentOn.includes(place)).map(({ key }) => key);
      const evicted = asked.length === 0 ? [] : await this.#knowledge.evicted(server, db, asked);
      for (const [at, key] of asked.entries()) answers.set(`${place} ${key.toString("latin1")}`, evicted[at] === true);
    }
    const isEvicted = ({ key, absentOn }: Suspicion): boolean => absentOn.every((place) => answers.get(`${place} ${key.toString("latin1")}`) === true);
    const explained = missing.map(isEvicted);
    await this.#compareRest(db, missing.filter((_, at) => explained[at]), members);
    return explained;
  }

  /** Those that have an evicted key must hold the same. */
  async #compareRest(db: number, evicted: readonly Suspicion[], members: readonly number[]): Promise<void> {
    const rest = new Map<string, { readonly others: readonly number[]; readonly keys: Buffer[] }>();
    for (const { key, absentOn } of evicted) {
      const without = absentOn.map((place) => members[place]!);
      this.#note(db, key, without);
      const others = members.filter((server) => !without.includes(server));
      const known = rest.get(others.join(","));
      if (known) known.keys.push(key);
      else rest.set(others.join(","), { others, keys: [key] });
    }
    for (const { others, keys } of rest.values()) if (others.length > 1) await this.compare(db, keys, others);
  }

  #note(db: number, key: Buffer, without: readonly number[]): void {
    for (const server of without) this.#evicted[server] = (this.#evicted[server] ?? 0) + 1;
    if (this.evictedKeys.length >= this.#settings.differencesMax) return;
    const servers = without.map((server) => this.#servers[server]!.connection.address.name);
    this.evictedKeys.push({ db, key: printable(key, KEY_BYTES_SHOWN), keyBase64: key.toString("base64"), servers });
  }
}
