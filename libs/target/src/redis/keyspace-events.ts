/**
 * A server's keyspace events, as a subscriber hears them: which command wrote a key, in the order of the server's stream.
 *
 * Promise: events of keys with the given prefixes (of a key of ours perhaps twice), each once, in order, until
 * the connection is lost. Refuses (`SERVER_REFUSED`) where the user may not subscribe. Whether the server tells events at all
 * is its own setting (`notify-keyspace-events`), and shows only by what comes.
 */
import { ReplyError, type Reply } from "@meridian/resp";
import type { MeridianError } from "@meridian/words";
import type { RedisTargetOptions } from "./redis-target.js";
import { replyFailure } from "./reply-failure.js";
import { ServerConnection } from "./server-connection.js";

/** What to listen to, and who listens. Keys are binary strings. */
export interface KeyspaceEventsOptions extends RedisTargetOptions {
  /** Beginnings of keys, none of which begins another; an empty one: all keys. */
  readonly prefixes: readonly string[];
  /** A key of ours, in database 0, that is told of too. */
  readonly ownKey: string;
  readonly onEvent: (db: number, key: string, event: string) => void;
  readonly onLost: (error: MeridianError) => void;
}

const CHANNEL = /^__keyspace@(\d+)__:/;

/** See the module's comment. */
export class KeyspaceEvents {
  readonly #connection: ServerConnection;

  private constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** Connects and subscribes: what is written after it resolves is told. */
  static async subscribe(options: KeyspaceEventsOptions): Promise<KeyspaceEvents> {
    const connection = await ServerConnection.open(options, (reply) => tell(reply, options.onEvent), options.onLost);
    try {
      const { username, password, clientName } = options;
      const ask = async (args: readonly (string | Buffer)[], doing: string): Promise<void> => {
        const reply = await connection.call(args);
        if (reply instanceof ReplyError) throw replyFailure(reply, doing);
      };
      const user = username === undefined ? [] : [Buffer.from(username)];
      if (password !== undefined) await ask(["AUTH", ...user, Buffer.from(password)], "authenticate");
      await ask(["CLIENT", "SETNAME", clientName], "name the connection");
      // Of patterns a server's rights are compared letter by letter.
      const patterns = options.prefixes.map((prefix) => `__keyspace@*__:${literally(prefix)}*`);
      for (const pattern of patterns) await ask(["PSUBSCRIBE", Buffer.from(pattern, "latin1")], `tell of ${pattern}`);
      await ask(["SUBSCRIBE", `__keyspace@0__:${options.ownKey}`], "tell of a key under meridian:");
      return new KeyspaceEvents(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

/** True for what a server sends to a subscriber unasked. */
function tell(reply: Reply, onEvent: KeyspaceEventsOptions["onEvent"]): boolean {
  if (!Array.isArray(reply) || !(reply[0] instanceof Buffer)) return false;
  const kind = reply[0].toString("latin1");
  if (kind !== "message" && kind !== "pmessage") return false;
  const [channel = "", event = ""] = reply.slice(-2).map((part) => (part as Buffer).toString("latin1"));
  const found = CHANNEL.exec(channel);
  if (found) onEvent(Number(found[1]), channel.slice(found[0].length), event);
  return true;
}

/** A prefix as a pattern that matches nothing else. */
function literally(prefix: string): string {
  return prefix.replace(/[\\*?[\]]/g, "\\$&");
}
