/**
 * Where the log's Redis servers are: one for all regions, or one per region (a writer's stream lives with its region).
 */
import type { ConnectionOptions } from "node:tls";
import { MeridianError, regionOf, type WriterId } from "@meridian/words";
import { Redis } from "ioredis";

/** Options of the Redis Streams adapter. */
export interface RedisLogOptions {
  /** `redis://` or `rediss://`, with credentials if needed. Serves every region that `regions` does not name. */
  readonly url?: string;
  /** The server of each region's streams. */
  readonly regions?: Readonly<Record<string, string>>;
  /** Override what the URL says. */
  readonly username?: string;
  readonly password?: string;
  /** TLS options for `rediss://` servers. */
  readonly tls?: ConnectionOptions;
  /** Milliseconds for which entries are kept at least. */
  readonly retentionMs: number;
  /**
   * About how many bytes of payload one writer's stream may keep, even of entries younger than `retentionMs`: a Redis
   * log lives in memory. A reader that falls behind further is told so (`RECORD_GAP`). No limit by default.
   */
  readonly streamBytesMax?: number;
  /** Milliseconds to connect. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds without an answer after which a connection is given up. */
  readonly answerTimeoutMs?: number;
}

/** Default of {@link RedisLogOptions.connectTimeoutMs}. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** Default of {@link RedisLogOptions.answerTimeoutMs}. */
export const ANSWER_TIMEOUT_MS = 15_000;
/** A stream's key is this and the writer. Meridian never replicates keys that begin with `meridian:`. */
export const STREAM_KEY_PREFIX = "meridian:log:";

/** The key of a writer's stream. */
export function streamKey(writer: WriterId): string {
  return `${STREAM_KEY_PREFIX}${writer}`;
}

/** The URL of the server that holds a writer's stream. Throws `BAD_OPTION` where there is none. */
export function urlOf(options: RedisLogOptions, writer: WriterId): string {
  const url = options.regions?.[regionOf(writer)] ?? options.url;
  if (url !== undefined) return url;
  throw new MeridianError("BAD_OPTION", `no log server is configured for region ${regionOf(writer)}`, {
    advice: `set log.redis.url, or log.redis.regions.${regionOf(writer)}`,
  });
}

/**
 * Connects once. The client never reconnects and never sends anything twice: whoever holds it decides what to send
 * again, in which order, on a new one.
 */
export async function connectRedis(options: RedisLogOptions, url: string): Promise<Redis> {
  const settings = {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // the mapping of RESP3 maps is one thing less to trust, and servers before 6 have no HELLO
    protocol: 2 as const,
    connectionName: "meridian-log",
    connectTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    ...(url.startsWith("rediss:") && { tls: options.tls ?? {} }),
  };
  const client = new Redis(url, settings);
  // every command rejects by itself; without a listener ioredis prints. Of a refusal while it connects only this event tells
  let told: Error | undefined;
  client.on("error", (error: Error) => (told ??= error));
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.disconnect();
    throw redisError(told ?? error, url);
  }
}

/** Turns what ioredis or the server said into an error for the operator. */
export function redisError(error: unknown, url: string): MeridianError {
  if (error instanceof MeridianError) return error;
  const reason = (error as { previousErrors?: Error[] }).previousErrors?.[0] ?? (error as Error);
  const text = reason.message;
  const where = `log server ${withoutPassword(url)}`;
  if (text.startsWith("WRONGTYPE")) {
    return new MeridianError("TOPIC_MISMATCH", `${where} holds something other than a stream under the log's key: ${text}`, {
      advice: `delete or rename the key that is not a stream (redis-cli --scan --pattern '${STREAM_KEY_PREFIX}*', TYPE <key>)`,
      cause: error,
    });
  }
  return new MeridianError("LOG_UNAVAILABLE", `${where}: ${text}`, { advice: adviceFor(text), retryable: true, cause: error });
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^(NOAUTH|WRONGPASS)/, "give log.redis the right user name and password"],
  [/^NOPERM/, `allow the log's user: ACL SETUSER <user> ~${STREAM_KEY_PREFIX}* +@stream +@connection +@transaction +type +pttl +info`],
  [/^OOM/, "raise the log server's maxmemory, or shorten the log's retention"],
  [/^READONLY/, "log.redis points at a replica: give it the master"],
  [/^MISCONF/, "the log server cannot write to its disk: free space there"],
  [/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/, "nothing: the log server is busy and will answer again"],
];

function adviceFor(text: string): string {
  const known = ADVICE.find(([pattern]) => pattern.test(text));
  return known?.[1] ?? "check that the log server runs and can be reached; nothing is lost while it is away";
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}
