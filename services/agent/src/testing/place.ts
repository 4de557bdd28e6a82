/** One region for tests: a real server, an agent's life over it, and a log that can hold back what its peers publish. */
import type { Redis } from "ioredis";
import { memoryLog, MemoryShelf, type LogPosition, type LogRecord, type MutationLog } from "@meridian/log";
import { CONFLICT_LIMITS, zeroCounters, type RegionCounters } from "@meridian/region";
import { createLogger } from "@meridian/shell";
import { MemoryStore } from "@meridian/store";
import { startRedis, type TestRedis } from "@meridian/testkit";
import { writerId, type MeridianError, type WriterId } from "@meridian/words";
import { Life } from "../pipeline/life.js";
import type { LifeSettings } from "../pipeline/life-deps.js";

/** A log whose readers can be made to wait. */
export class HeldLog implements MutationLog {
  readonly #log: MutationLog;
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(log: MutationLog) {
    this.#log = log;
  }

  hold(): void {
    this.#gate ??= new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#open?.();
    this.#gate = undefined;
  }

  async *read(writer: WriterId, after: LogPosition | undefined, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    for await (const records of this.#log.read(writer, after, signal)) {
      await this.#gate;
      yield records;
    }
  }

  open = (writers: readonly WriterId[]): Promise<void> => this.#log.open(writers);
  append = (writer: WriterId, record: Buffer): Promise<LogPosition> => this.#log.append(writer, record);
  end = (writer: WriterId): Promise<LogPosition | undefined> => this.#log.end(writer);
  health = (): ReturnType<MutationLog["health"]> => this.#log.health();
  close = (): Promise<void> => this.#log.close();
}

const SETTINGS: LifeSettings = {
  connectTimeoutMs: 5000,
  ackIntervalMs: 1000,
  replyTimeoutMs: 10_000,
  maxDriftMs: 500,
  cachedSlotsMax: 10_000,
  publishInFlightMax: 8,
  storeBytesMax: 2 ** 24,
  syncsCommits: false,
  probe: "never",
  acceptUnknownRewrites: false,
  conflicts: CONFLICT_LIMITS,
  policies: undefined,
  messages: undefined,
  lateEntriesToGroups: true,
  absentAfterMs: undefined,
  floats: { mode: "off", prefixes: [""] },
  evictions: "keep",
};

/** One region: a server, an agent's life, a client. */
export class Place {
  readonly writer: WriterId;
  readonly log: HeldLog;
  readonly counters: RegionCounters = zeroCounters();
  readonly failures: MeridianError[] = [];
  /** Each time that the life said that its region stands still. */
  readonly halts: MeridianError[] = [];
  readonly store: MemoryStore;
  readonly server: TestRedis;
  /** What the logs of all regions stand on. */
  readonly shelf: MemoryShelf;
  readonly life: Life;
  readonly #ended: Promise<unknown>;

  constructor(
    server: TestRedis,
    writer: WriterId,
    peers: readonly WriterId[],
    shelf: MemoryShelf,
    store?: MemoryStore,
    settings: Partial<LifeSettings> = {},
  ) {
    this.server = server;
    this.shelf = shelf;
    this.store = store ?? new MemoryStore();
    this.writer = writer;
    this.log = new HeldLog(memoryLog({ shelf }));
    this.life = new Life({
      writer,
      peers,
      endpoint: () => ({ host: server.host, port: server.port }),
      store: this.store,
      log: this.log,
      logger: createLogger({ name: writer, level: "error", pretty: "never", destination: { write: () => undefined } }),
      lastEpoch: 0,
      settings: { ...SETTINGS, ...settings },
      counters: this.counters,
      onVisible: () => undefined,
      onPeerFailure: (_, error) => this.failures.push(error),
      onHalt: (error) => this.halts.push(error),
    });
    this.#ended = this.life.run().then((error) => error && this.failures.push(error));
  }

  async stop(): Promise<void> {
    await this.leave();
    await this.server.stop();
  }

  /** Ends the agent; its server goes on. */
  async leave(): Promise<void> {
    this.log.release();
    await this.life.stop(0);
    await this.#ended;
    await this.log.close();
  }

  /** True where everything that a peer has published is visible here. */
  hasMerged(peer: Place): boolean {
    return peer === this || this.life.region.frontier.covers(peer.writer, peer.life.region.lastVersion);
  }

  /** True where everything that the server has executed was captured, and is durable in the log. */
  async hasCaptured(client: Redis): Promise<boolean> {
    const { region } = this.life;
    const at = Number(/master_repl_offset:(\d+)/.exec(await client.info("replication"))?.[1]);
    return region.isReady && region.capturedOffset >= at && region.pending.reads === 0 && region.pending.records === 0;
  }
}

/** True where every region has received and settled everything, and its server has executed nothing more. */
export async function areQuiet(places: readonly Place[], clients: readonly Redis[]): Promise<boolean> {
  const captured = await Promise.all(places.map((place, at) => place.hasCaptured(clients[at] as Redis)));
  return captured.every(Boolean) && places.every((place) => place.life.region.isQuiet && places.every((peer) => place.hasMerged(peer)));
}

/** What holds a place up, for the message of a test that waits in vain. */
export function describePlace({ writer, life: { region }, failures }: Place): unknown {
  const { pending, frontier, lastVersion, holds, halt } = region;
  return { writer, pending, frontier: frontier.toString(), lastVersion, holds, halt, failures: failures.map(String) };
}

/** Arguments of a server that tells the keyspace events which name float increments. */
export const TELLS_FLOATS = ["--notify-keyspace-events", "K$h"];

/** True where the place knows increments of floats from values. */
export function followsFloats({ life: { region } }: Place): boolean {
  return region.floats?.status.follows === true;
}

/** True where the place knows evictions from deletions. */
export function followsEvictions({ life: { region } }: Place): boolean {
  return region.evictions?.events.status.follows === true;
}

/** Servers with agents that share a log, one for each region's name. `settings`: of all, or by the region's number. */
export async function openPlaces(
  names: readonly string[],
  args: readonly string[] = [],
  settings: Partial<LifeSettings> | ((at: number) => Partial<LifeSettings>) = {},
  shelf = new MemoryShelf(),
): Promise<Place[]> {
  const writers = names.map((name) => writerId(name, "0"));
  const servers = await Promise.all(names.map(() => startRedis({ args })));
  const peersOf = (at: number): WriterId[] => writers.filter((_, other) => other !== at);
  const settingsOf = typeof settings === "function" ? settings : () => settings;
  return servers.map((server, at) => new Place(server, writers[at] as WriterId, peersOf(at), shelf, undefined, settingsOf(at)));
}
