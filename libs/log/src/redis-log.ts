/**
 * The log in Redis Streams: the embedded default.
 *
 * One stream per writer. A batch is one MULTI of XADDs, so it is stored whole or not at all. Entries are as durable as
 * the server makes them: see README for `appendfsync`. Retention is counted by the server's own clock, from the ids
 * that it gave, so a wrong clock at the agent trims nothing too early. The last entry always stays, so numbering goes on.
 */
import type { WriterId } from "@meridian/words";
import type { Redis } from "ioredis";
import { encodeHeader, type Entry, type StoredEntry } from "./entry.js";
import type { EntryStore, LogTail, StoreLimits, StoreWatch } from "./entry-store.js";
import { untilAborted, withDeadline } from "./patience.js";
import type { RawPosition } from "./position.js";
import { RedisTrimmer } from "./redis-trimmer.js";
import { ANSWER_TIMEOUT_MS, connectRedis, redisError, streamKey, urlOf, type RedisLogOptions } from "./redis-options.js";
import { checkServer, checkStream } from "./redis-checks.js";
import { FIELD_DATA, FIELD_HEADER, storedEntry, type RawStreamEntry } from "./redis-entry.js";
import { followStream } from "./redis-reader.js";

const LIMITS: StoreLimits = { entryBytesMax: 1 << 20, batchBytesMax: 4 << 20, batchEntriesMax: 1024 };

/** The adapter. */
export class RedisStreamStore implements EntryStore {
  readonly kind = "redis";
  readonly limits = LIMITS;
  readonly #options: RedisLogOptions;
  readonly #watch: StoreWatch;
  readonly #random: () => number;
  readonly #clients = new Map<string, Promise<Redis>>();
  readonly #trimmers = new Map<WriterId, RedisTrimmer>();
  readonly #closing = new AbortController();

  constructor(options: RedisLogOptions, watch: StoreWatch, random: () => number) {
    this.#options = options;
    this.#watch = watch;
    this.#random = random;
  }

  async prepare(writers: readonly WriterId[]): Promise<void> {
    const urls = new Set(writers.map((writer) => urlOf(this.#options, writer)));
    for (const url of urls) await this.#use(url, `open ${url}`, (client) => checkServer(client, url, this.#watch.logger));
    for (const writer of writers) {
      const url = urlOf(this.#options, writer);
      await this.#use(url, `open ${url}`, (client) => checkStream(client, writer));
    }
  }

  tail(writer: WriterId, count: number): Promise<LogTail> {
    const url = urlOf(this.#options, writer);
    return this.#use(url, writer, async (client) => {
      const found = await client.xrevrangeBuffer(streamKey(writer), "+", "-", "COUNT", count);
      return { entries: found.map((entry) => storedEntry(entry as RawStreamEntry, writer)).reverse() };
    });
  }

  store(writer: WriterId, entries: readonly Entry[]): Promise<readonly RawPosition[]> {
    const url = urlOf(this.#options, writer);
    return this.#use(url, writer, async (client) => {
      const transaction = client.multi();
      const key = streamKey(writer);
      for (const { header, payload } of entries) {
        transaction.xadd(key, "*", FIELD_HEADER, encodeHeader(header), FIELD_DATA, payload);
      }
      const trimmer = this.#trimmer(writer);
      for (const [strategy, threshold] of trimmer.due()) transaction.call("XTRIM", key, strategy, "~", threshold);
      const replies = (await transaction.exec()) ?? [];
      if (replies.length < entries.length) throw new Error(`${replies.length} answers to ${entries.length} XADDs`);
      const raws = replies.slice(0, entries.length).map(([error, id]) => {
        if (error) throw redisError(error, url);
        return String(id);
      });
      trimmer.stored(entries, raws.at(-1) as RawPosition);
      return raws;
    });
  }

  follow(
    writer: WriterId,
    after: RawPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEntry[], void, undefined> {
    return followStream({ options: this.#options, watch: this.#watch, random: this.#random }, writer, after, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const clients = await Promise.allSettled(this.#clients.values());
    for (const client of clients) if (client.status === "fulfilled") client.value.disconnect();
    this.#clients.clear();
  }

  #trimmer(writer: WriterId): RedisTrimmer {
    let trimmer = this.#trimmers.get(writer);
    if (!trimmer) this.#trimmers.set(writer, (trimmer = new RedisTrimmer(this.#options)));
    return trimmer;
  }

  /** Runs `work` on the connection of `lane` (a connection each, so that a large batch holds up nobody else). */
  async #use<T>(url: string, lane: string, work: (client: Redis) => Promise<T>): Promise<T> {
    const client = await this.#client(url, lane);
    const limitMs = this.#options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
    try {
      return await withDeadline(work(client), limitMs, () => redisError(new Error(`no answer for ${limitMs} ms`), url));
    } catch (error) {
      // what the connection has still to deliver is unknown: nothing more is sent on it
      client.disconnect();
      this.#clients.delete(lane);
      throw redisError(error, url);
    }
  }

  async #client(url: string, lane: string): Promise<Redis> {
    const present = this.#clients.get(lane);
    if (present) {
      const client = await present;
      if (client.status === "ready") return client;
      client.disconnect();
    }
    const connecting = connectRedis(this.#options, url);
    this.#clients.set(lane, connecting);
    connecting.catch(() => this.#clients.delete(lane));
    const client = await untilAborted(connecting, this.#closing.signal);
    if (client) return client;
    void connecting.then((late) => late.disconnect()).catch(() => undefined);
    throw redisError(new Error("closed while connecting"), url);
  }
}
