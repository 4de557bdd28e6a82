/**
 * One reader of one stream: XREAD BLOCK on a connection of its own, for ever.
 *
 * The connection is replaced when it fails or does not answer in time, and reading goes on after the last entry that
 * was handed over. Whether trimming has eaten into what follows is proved above, by the entries' numbers.
 */
import type { WriterId } from "@meridian/words";
import type { Redis } from "ioredis";
import type { StoredEntry } from "./entry.js";
import type { StoreWatch } from "./entry-store.js";
import { Patience, pause, untilAborted, withDeadline } from "./patience.js";
import type { RawPosition } from "./position.js";
import { storedEntry, type RawStreamEntry } from "./redis-entry.js";
import { ANSWER_TIMEOUT_MS, connectRedis, redisError, streamKey, urlOf, type RedisLogOptions } from "./redis-options.js";

/** How long the server holds a read that finds nothing. */
const BLOCK_MS = 5_000;
/** Bytes that one read should bring: few round trips, little memory. */
const READ_BYTES_TARGET = 4 * 1024 * 1024;
/** Entries of one read, at most and at first. */
const READ_ENTRIES_MAX = 1024;
const READ_ENTRIES_FIRST = 16;
/** The id before every entry. */
const BEFORE_FIRST = "0-0";

/** What a reader works with. */
export interface ReaderParts {
  readonly options: RedisLogOptions;
  readonly watch: StoreWatch;
  readonly random: () => number;
}

/** Entries of a writer's stream after `after`. */
export async function* followStream(
  parts: ReaderParts,
  writer: WriterId,
  after: RawPosition | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEntry[], void, undefined> {
  const { options, watch } = parts;
  const url = urlOf(options, writer);
  const source = `read ${writer}`;
  const patience = new Patience(parts.random, pause);
  let client: Redis | undefined;
  let last = after ?? BEFORE_FIRST;
  let count = READ_ENTRIES_FIRST;
  // a blocked read answers only when something comes: closing its connection ends it at once
  const hangUp = (): void => client?.disconnect();
  signal.addEventListener("abort", hangUp);
  try {
    while (!signal.aborted) {
      let entries: readonly StoredEntry[];
      try {
        client ??= await connectUnless(options, url, signal);
        if (!client) return;
        entries = (await untilAborted(readOnce(client, options, writer, last, count), signal)) ?? [];
      } catch (error) {
        if (signal.aborted) return;
        client?.disconnect();
        client = undefined;
        const failure = redisError(error, url);
        if (!failure.retryable) throw failure;
        watch.down(source, writer, failure);
        await patience.wait(signal);
        continue;
      }
      watch.up(source);
      patience.reset();
      if (entries.length === 0) continue;
      last = (entries.at(-1) as StoredEntry).raw;
      count = nextCount(entries);
      yield entries;
    }
  } finally {
    signal.removeEventListener("abort", hangUp);
    client?.disconnect();
    watch.gone(source);
  }
}

async function connectUnless(options: RedisLogOptions, url: string, signal: AbortSignal): Promise<Redis | undefined> {
  const connecting = connectRedis(options, url);
  const client = await untilAborted(connecting, signal);
  if (!client) void connecting.then((late) => late.disconnect()).catch(() => undefined);
  return client;
}

async function readOnce(
  client: Redis,
  options: RedisLogOptions,
  writer: WriterId,
  after: RawPosition,
  count: number,
): Promise<readonly StoredEntry[]> {
  const limitMs = BLOCK_MS + (options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS);
  const reading = client.xreadBuffer("COUNT", count, "BLOCK", BLOCK_MS, "STREAMS", streamKey(writer), after);
  const reply = await withDeadline(reading, limitMs, () => new Error(`no answer to a read for ${limitMs} ms`));
  const found = (reply?.[0]?.[1] ?? []) as unknown as readonly RawStreamEntry[];
  return found.map((entry) => storedEntry(entry, writer));
}

function nextCount(entries: readonly StoredEntry[]): number {
  const bytes = entries.reduce((sum, { payload }) => sum + payload.length, 0);
  const average = Math.max(1, bytes / entries.length);
  return Math.max(1, Math.min(READ_ENTRIES_MAX, Math.floor(READ_BYTES_TARGET / average)));
}
