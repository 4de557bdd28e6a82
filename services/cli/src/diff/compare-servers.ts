/**
 * Compares all values of several servers.
 *
 * Promises that every key which stands still during the comparison is compared on all servers, whichever has it, in
 * every database; that what is compared is what clients read, deadlines included; and that a mesh which goes on working
 * gives no false alarm as long as it converges within `settleMs` (see suspects.ts). Memory does not grow with the
 * number of keys. Where agents can be asked (agent-knowledge.ts), what was evicted, and what policies keep in its region, is
 * told apart and is no difference; where not, the report says so. Keys of Meridian itself (`meridian:*`) are left out. Refuses
 * nothing of Redis' own types; field deadlines inside hashes (Redis 7.4) are not looked at, and of consumer groups only whether
 * they exist: the rest is a region's own.
 */
import { MeridianError } from "@meridian/words";
import { AgentKnowledge, type KnownServer } from "./agent-knowledge.js";
import type { ComparedServer } from "./chunk-comparison.js";
import { Circles } from "./circles.js";
import { compareSettings, type CompareOptions, type CompareReport, type CompareSettings } from "./compare-report.js";
import { absentKeys, databaseSizes, scanKeys, type KeyChunk } from "./key-scan.js";
import { serverAddress } from "./server-address.js";
import { ServerConnection } from "./server-connection.js";
import { bytesOf, listOf } from "./value-differences.js";

/** A server to compare. */
export interface NamedServer {
  /** In the report; host:port by default. */
  readonly name?: string;
  /** redis:// or rediss:// URL. */
  readonly url: string;
}

/** Chunks on their way at once: hides the round trips. */
const CHUNKS_IN_FLIGHT = 4;

/**
 * Compares two servers or more; the first is the one that others are compared with. Throws `BAD_OPTION`,
 * `SERVER_UNAVAILABLE`, `SERVER_REFUSED`.
 */
export async function compareServers(servers: readonly NamedServer[], options: CompareOptions = {}): Promise<CompareReport> {
  if (servers.length < 2) {
    throw new MeridianError("BAD_OPTION", "a comparison needs two servers at least", { advice: "name two regions or two URLs" });
  }
  const addresses = servers.map(({ url, name }) => serverAddress(url, name));
  const opened: ServerConnection[] = [];
  const close = (): void => opened.forEach((connection) => connection.close());
  options.signal?.addEventListener("abort", close, { once: true });
  try {
    for (const address of addresses) opened.push(await ServerConnection.open(address));
    const compared = await Promise.all(opened.map(inspect));
    const knowledge = await AgentKnowledge.ask(options.agents ?? [], await Promise.all(opened.map(identify)));
    return await new Comparison(compared, compareSettings(options), options, knowledge).run();
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", close);
    close();
  }
}

async function inspect(connection: ServerConnection): Promise<ComparedServer> {
  const version = /redis_version:(\d+)/.exec(bytesOf(await connection.call("INFO", "server")).toString())?.[1];
  const [seconds, micros] = listOf(await connection.call("TIME")).map((part) => Number(bytesOf(part).toString()));
  const clockAheadMs = Math.round((seconds ?? 0) * 1_000 + (micros ?? 0) / 1_000 - Date.now());
  return { connection, hasExpireTime: Number(version ?? 0) >= 7, clockAheadMs };
}

async function identify(connection: ServerConnection): Promise<KnownServer> {
  const info = bytesOf(await connection.call("INFO", "replication")).toString();
  return { name: connection.address.name, replicationId: /master_replid:(\w+)/.exec(info)?.[1] ?? "" };
}

/** One run over all databases. */
class Comparison {
  readonly #servers: readonly ComparedServer[];
  readonly #options: CompareOptions;
  readonly #knowledge: AgentKnowledge;
  readonly #circles: Circles;
  readonly #everywhere: readonly number[];
  readonly #keysByType = new Map<string, number>();
  #keys = 0;
  #keysWithDeadline = 0;
  #reserved = 0;
  #leftOut = 0;
  #local = 0;
  #resident = 0;
  #scanned = 0;
  #expected = 0;

  constructor(servers: readonly ComparedServer[], settings: CompareSettings, options: CompareOptions, knowledge: AgentKnowledge) {
    this.#servers = servers;
    this.#options = options;
    this.#knowledge = knowledge;
    this.#circles = new Circles(servers, settings, knowledge);
    this.#everywhere = [...servers.keys()];
  }

  async run(): Promise<CompareReport> {
    const startedMs = performance.now();
    const databases = await this.#databases();
    for (const db of databases) await this.#compareDatabase(db);
    const durationMs = performance.now() - startedMs;
    const circles = this.#circles;
    const [differing, unsettled] = [circles.sum("differing"), circles.sum("unsettled")];
    return {
      servers: this.#servers.map(({ connection }) => connection.address.name),
      verdict: differing > 0 ? "different" : unsettled > 0 ? "unsettled" : "equal",
      keys: this.#keys,
      keysByType: Object.fromEntries([...this.#keysByType].sort(([a], [b]) => (a < b ? -1 : 1))),
      keysWithDeadline: this.#keysWithDeadline,
      reserved: this.#reserved,
      leftOut: this.#leftOut,
      local: this.#local,
      resident: this.#resident,
      evicted: circles.evictedByServer,
      evictedKeys: circles.evictedKeys,
      remarks: this.#knowledge.remarks,
      databases,
      differing,
      unsettled,
      settledEqual: circles.sum("settledEqual"),
      differences: circles.differences,
      durationMs: Math.round(durationMs),
      keysPerSecond: Math.round((this.#keys * 1_000) / Math.max(durationMs, 1)),
    };
  }

  async #databases(): Promise<number[]> {
    const sizes = await Promise.all(this.#servers.map(({ connection }) => databaseSizes(connection)));
    const wanted = this.#options.databases;
    const all = new Set(sizes.flatMap((of) => [...of.keys()]));
    const databases = [...all].filter((db) => wanted === undefined || wanted.includes(db)).sort((a, b) => a - b);
    this.#expected = sizes.reduce((sum, of) => sum + databases.reduce((inner, db) => inner + (of.get(db) ?? 0), 0), 0);
    return databases;
  }

  async #compareDatabase(db: number): Promise<void> {
    await Promise.all(this.#servers.map(({ connection }) => connection.call("SELECT", db)));
    const except = (this.#options.except ?? []).map((prefix) => Buffer.from(prefix));
    for (const [index, { connection }] of this.#servers.entries()) {
      await inParallel(scanKeys(connection, except), CHUNKS_IN_FLIGHT, async (chunk) => {
        this.#options.signal?.throwIfAborted();
        await this.#compareChunk(db, chunk, index);
        this.#progress(db);
      });
    }
    await this.#circles.settle(db, this.#options.signal);
  }

  async #compareChunk(db: number, { keys, reserved, leftOut }: KeyChunk, scannedServer: number): Promise<void> {
    this.#scanned += keys.length + reserved + leftOut;
    if (scannedServer === 0) this.#reserved += reserved;
    this.#leftOut += leftOut;
    // keys that an earlier server has were compared when that one was scanned
    let fresh = keys;
    for (const { connection } of this.#servers.slice(0, scannedServer)) fresh = await absentKeys(connection, fresh);
    for (const [members, placed] of this.#byPlace(fresh)) {
      const { types, withDeadline } = await this.#circles.compare(db, placed, members);
      this.#keys += types.length;
      this.#keysWithDeadline += withDeadline;
      for (const type of types) this.#keysByType.set(type, (this.#keysByType.get(type) ?? 0) + 1);
    }
    await this.#circles.readDue(db);
  }

  /** Keys by the servers among which they are to be the same. */
  #byPlace(keys: readonly Buffer[]): Map<readonly number[], Buffer[]> {
    const placed = new Map<readonly number[], Buffer[]>();
    for (const key of keys) {
      const place = this.#knowledge.placeOf(key) ?? this.#everywhere;
      if (place === "local") this.#local += 1;
      else if (place.length < 2) this.#resident += 1;
      else if (!placed.get(place)?.push(key)) placed.set(place, [key]);
    }
    return placed;
  }

  #progress(db: number): void {
    this.#options.onProgress?.({
      db,
      keysScanned: this.#scanned,
      keysExpected: this.#expected,
      differing: this.#circles.sum("differing"),
      waiting: this.#circles.sum("waiting"),
    });
  }
}

/** Runs `work` on every item, at most `limit` at a time; the first error stops it. */
async function inParallel<T>(items: AsyncIterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  for await (const item of items) {
    const task: Promise<void> = work(item)
      .catch((error: unknown) => void (failed ??= { error }))
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= limit) await Promise.race(running);
    if (failed !== undefined) break;
  }
  await Promise.all(running);
  if (failed !== undefined) throw failed.error;
}
