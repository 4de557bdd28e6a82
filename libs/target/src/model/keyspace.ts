/**
 * The data of the model: databases of typed values with deadlines. Looking a key up after its deadline deletes it and
 * says so in the stream, before whatever the command itself says, as a real master does.
 */
import type { ReplicationFeed } from "./replication-feed.js";
import type { StreamValue } from "./stream-value.js";

interface Timed {
  /** Milliseconds since 1970; -1 without expiry. */
  deadlineMs: number;
}

/** One key's value. All strings are binary: one character per byte. */
export type Entry = Timed &
  (
    | { readonly type: "string"; value: string }
    | { readonly type: "hash"; readonly value: Map<string, string> }
    | { readonly type: "set"; readonly value: Set<string> }
    | { readonly type: "zset"; readonly value: Map<string, number> }
    | { readonly type: "list"; readonly value: string[] }
    | { readonly type: "stream"; readonly value: StreamValue }
  );

/** Names of the types as TYPE gives them. */
export type EntryType = Entry["type"];

/** The entry of one type. */
export type EntryOf<T extends EntryType> = Extract<Entry, { type: T }>;

/** See the module's comment. */
export class Keyspace {
  /** The server's clock; set before every call. */
  nowMs = 0;
  readonly #feed: ReplicationFeed;
  readonly #dbs: Map<string, Entry>[] = [];

  readonly #notify: (event: string, db: number, key: string) => void;

  /** `notify` is told of keys that go without a command: `expired`, `evicted`. */
  constructor(feed: ReplicationFeed, notify: (event: string, db: number, key: string) => void) {
    this.#feed = feed;
    this.#notify = notify;
  }

  /** The live entry. A dead one is deleted on the way. */
  lookup(db: number, key: string): Entry | undefined {
    const entry = this.#dbs[db]?.get(key);
    if (entry === undefined || entry.deadlineMs < 0 || this.nowMs <= entry.deadlineMs) return entry;
    this.#expire(db, key);
    return undefined;
  }

  put(db: number, key: string, entry: Entry): void {
    this.database(db).set(key, entry);
  }

  delete(db: number, key: string): boolean {
    return this.#dbs[db]?.delete(key) ?? false;
  }

  /** Deletes every key whose deadline is past, each as a unit of its own; says how many. */
  expireAll(): number {
    let expired = 0;
    for (const [db, keys] of this.#dbs.entries()) {
      for (const [key, entry] of keys ?? []) {
        if (entry.deadlineMs < 0 || this.nowMs <= entry.deadlineMs) continue;
        this.#expire(db, key);
        this.#feed.endUnit();
        expired += 1;
      }
    }
    return expired;
  }

  /** Drops a key to make room, as a unit of its own. False: it is not there. */
  evict(db: number, key: string): boolean {
    if (!this.delete(db, key)) return false;
    this.#notify("evicted", db, key);
    this.#feed.add(db, ["DEL", key]);
    this.#feed.endUnit();
    return true;
  }

  flush(db?: number): void {
    if (db === undefined) this.#dbs.length = 0;
    else this.#dbs[db]?.clear();
  }

  /** The raw keys of one database, dead ones included. */
  database(db: number): Map<string, Entry> {
    return (this.#dbs[db] ??= new Map());
  }

  /** Numbers of the databases that were ever used. */
  get databases(): number[] {
    const used: number[] = [];
    for (let db = 0; db < this.#dbs.length; db += 1) if (this.#dbs[db] !== undefined) used.push(db);
    return used;
  }

  #expire(db: number, key: string): void {
    this.#dbs[db]?.delete(key);
    this.#notify("expired", db, key);
    this.#feed.add(db, ["DEL", key]);
  }
}
