/**
 * A deterministic model of one server, for the simulator: commands in, replies and the replication stream out.
 *
 * Promise: for the commands it knows, replies, data and the bytes of the stream are those of Redis 7.0 (held against a
 * real server by a parity test), for clients and for the three scripts. Time comes in with every call. Synchronous, no
 * I/O, no randomness: SPOP takes the oldest member, collections answer in the order of insertion.
 * Refuses (throws) commands it does not know and batches that contradict themselves: a simulation must not go on with a
 * guess.
 */
import { decodeMark, encodeMarkHeader, MARK_KEY, MARK_PREFIX_BYTES, READ_KEY, READ_TTL_MS, type ApplyBatch, type Mark, type ReadRequest } from "@meridian/mark";
import { ReplyError, type Reply } from "@meridian/resp";
import { VersionVector } from "@meridian/words";
import type { ApplyReply, FenceReply, ReadStatus, ScanPage } from "../port.js";
import { ApplyRun } from "./apply-run.js";
import { binary } from "./batch-reader.js";
import type { CommandContext, CommandTable } from "./command.js";
import { HASH_COMMANDS } from "./hash-commands.js";
import { KEY_COMMANDS } from "./key-commands.js";
import { Keyspace, type EntryType } from "./keyspace.js";
import { LIST_COMMANDS } from "./list-commands.js";
import { MESSAGE_COMMANDS } from "./message-commands.js";
import { readPayload } from "./read-run.js";
import { ReplicationFeed } from "./replication-feed.js";
import { SET_COMMANDS } from "./set-commands.js";
import { SKETCH_COMMANDS } from "./sketch-commands.js";
import { STREAM_COMMANDS } from "./stream-commands.js";
import { plainStream } from "./stream-value.js";
import { STRING_COMMANDS } from "./string-commands.js";
import { ZSET_COMMANDS } from "./zset-commands.js";

const COMMANDS: CommandTable = {
  ...STRING_COMMANDS,
  ...KEY_COMMANDS,
  ...HASH_COMMANDS,
  ...SET_COMMANDS,
  ...ZSET_COMMANDS,
  ...LIST_COMMANDS,
  ...SKETCH_COMMANDS,
  ...STREAM_COMMANDS,
  ...MESSAGE_COMMANDS,
};

/** As clients write their names, in small letters or in capitals; others are looked for when they come. */
const BY_SENT_NAME = new Map(
  Object.entries(COMMANDS).flatMap(([name, command]) => [[name, command] as const, [name.toUpperCase(), command] as const]),
);

/**
 * One key in a snapshot. Collections are sorted, lists in their order; scores are numbers; of streams the id and the pairs of
 * every entry (as JSON), then names of groups behind `group`, then the last id behind `last`. All strings are binary.
 */
export interface SnapshotEntry {
  readonly db: number;
  readonly key: string;
  readonly type: EntryType;
  readonly value: string | readonly string[] | readonly (readonly [string, string | number])[];
  /** Milliseconds since 1970; -1 without expiry. */
  readonly deadlineMs: number;
}

/** A keyspace event. */
export interface KeyEvent {
  readonly db: number;
  readonly key: string;
  readonly event: string;
}

/** See the module's comment. */
export class ServerModel {
  readonly #feed = new ReplicationFeed();
  readonly #space = new Keyspace(this.#feed, (event, db, key) => this.#notify(event, db, key));
  /** Last key of every scan page that has a next one; the cursor is its position, from 1. */
  readonly #scans: string[] = [];
  /** What subscribers were told since they last asked; undefined: nobody listens. */
  #events: KeyEvent[] | undefined;
  #place: (Pick<Mark, "epoch" | "seq"> & { readonly bytes: string }) | undefined;
  /** What every command gets; the database is set before each. */
  readonly #context: { -readonly [Name in keyof CommandContext]: CommandContext[Name] } = {
    space: this.#space,
    db: 0,
    emit: (told) => this.#feed.add(this.#context.db, told),
    notify: (event, key) => this.#notify(event, this.#context.db, key),
  };

  /** Bytes of the stream so far. */
  get offset(): number {
    return this.#feed.offset;
  }

  /** A client's command, as one unit of the stream. */
  execute(args: readonly (string | Buffer)[], nowMs: number, db = 0): Reply {
    this.#space.nowMs = nowMs;
    const reply = this.#command(db, args.map(binary));
    this.#feed.endUnit();
    return reply;
  }

  /** MULTI, the commands, EXEC. SELECT among them changes the database of what follows. */
  transaction(commands: readonly (readonly (string | Buffer)[])[], nowMs: number, db = 0): Reply[] {
    this.#space.nowMs = nowMs;
    let selected = db;
    const replies = commands.map((args): Reply => {
      const texts = args.map(binary);
      if (texts[0]?.toUpperCase() !== "SELECT") return this.#command(selected, texts);
      selected = Number(texts[1]);
      return "OK";
    });
    this.#feed.endUnit();
    return replies;
  }

  /** The apply script. */
  apply(batch: ApplyBatch, nowMs: number): ApplyReply {
    this.#space.nowMs = nowMs;
    const place = this.#currentPlace();
    if (place === undefined) return { status: "NOMARK", epoch: 0, seq: 0, skipped: 0 };
    const { epoch, seq } = place;
    if (epoch !== batch.epoch) return { status: "FENCED", epoch, seq, skipped: 0 };
    if (seq >= batch.seq) return { status: "DUP", epoch, seq, skipped: 0 };
    if (seq !== batch.prevSeq) return { status: "GAP", epoch, seq, skipped: 0 };
    const run = new ApplyRun(this.#space, (db, args) => this.#effect(db, args), batch.args);
    return { status: "OK", epoch, seq: batch.seq, skipped: run.perform(this.#feed) };
  }

  /** The read script. */
  read(request: ReadRequest, epoch: number, byteLimit: number, nowMs: number): ReadStatus {
    this.#space.nowMs = nowMs;
    const place = this.#currentPlace();
    if (place === undefined) return "NOMARK";
    if (place.epoch !== epoch) return "FENCED";
    const payload = readPayload(this.#space, request, epoch, byteLimit);
    this.#command(0, ["SET", READ_KEY, binary(payload), "PX", String(READ_TTL_MS)]);
    this.#command(0, ["DEL", READ_KEY]);
    this.#feed.endUnit();
    return "OK";
  }

  /** The fence script. */
  fence(nowMs: number, beyond = 0): FenceReply {
    this.#space.nowMs = nowMs;
    const held = this.#currentPlace();
    const before = held && decodeMark(Buffer.from(held.bytes, "latin1"));
    const epoch = Math.max(before?.epoch ?? 0, beyond) + 1;
    const bytes = encodeMarkHeader({ epoch, seq: 0, vector: before?.vector ?? new VersionVector(), deferred: [], settled: [] });
    this.#command(0, ["SET", MARK_KEY, binary(bytes)]);
    this.#feed.endUnit();
    return { epoch, mark: decodeMark(bytes) };
  }

  /** SCAN: what is there from the first step to the last is given, whatever comes and goes meanwhile. Dead keys stay out. */
  scan(db: number, cursor: string, count: number, nowMs: number): ScanPage {
    const after = cursor === "0" ? undefined : this.#scans[Number(cursor) - 1];
    const rest = [...this.#space.database(db)].filter(([key]) => after === undefined || key > after).sort(byFirst);
    const page = rest.slice(0, count);
    const live = page.filter(([, entry]) => entry.deadlineMs < 0 || nowMs <= entry.deadlineMs);
    const next = page.length < rest.length ? String(this.#scans.push(page.at(-1)?.[0] ?? "")) : "0";
    return { cursor: next, keys: live.map(([key]) => key) };
  }

  /** Active expiry of everything that is due; says how many keys. */
  expire(nowMs: number): number {
    this.#space.nowMs = nowMs;
    return this.#space.expireAll();
  }

  /** Drops a key to make room, as a full server does. False: it is not there. */
  evict(db: number, key: string): boolean {
    return this.#space.evict(db, key);
  }

  /** Bytes of the stream since the last take. */
  takeStream(): Buffer {
    return this.#feed.take();
  }

  /**
   * Tells keyspace events from here on: of strings and hashes (`set`, `incrbyfloat`, `hset`, `hincrbyfloat`), and of keys that go
   * (`del`, `expired`, `evicted`); false: no more.
   */
  listen(on: boolean): void {
    this.#events = on ? [] : undefined;
  }

  /** Events since the last take. */
  takeEvents(): KeyEvent[] {
    return this.#events?.splice(0) ?? [];
  }

  /** A replica attaches anew (FULLRESYNC): the stream goes on with a SELECT. Returns the offset. */
  resync(): number {
    this.#feed.forgetSelected();
    return this.#feed.offset;
  }

  /** Numbers of the databases that hold keys, in order. */
  get databases(): number[] {
    return this.#space.databases.filter((db) => this.#space.database(db).size > 0);
  }

  /** Every key, our own included, ordered by database and key; keys that are dead at `nowMs` are left out if given. */
  snapshot(nowMs?: number): SnapshotEntry[] {
    const found: SnapshotEntry[] = [];
    for (const db of this.#space.databases) {
      for (const [key, { type, value, deadlineMs }] of this.#space.database(db)) {
        if (nowMs !== undefined && deadlineMs >= 0 && nowMs > deadlineMs) continue;
        const plain = typeof value === "string" ? value : type === "stream" ? plainStream(value) : type === "list" ? [...value] : [...value].sort(byName);
        found.push({ db, key, type, deadlineMs, value: plain as SnapshotEntry["value"] });
      }
    }
    return found.sort((a, b) => a.db - b.db || (a.key < b.key ? -1 : 1));
  }

  #command(db: number, args: readonly string[]): Reply {
    const name = args[0] as string;
    const command = BY_SENT_NAME.get(name) ?? COMMANDS[name.toLowerCase()];
    if (command === undefined) throw new Error(`the model does not know ${name.toLowerCase()}`);
    this.#context.db = db;
    return command(this.#context, args);
  }

  #notify(event: string, db: number, key: string): void {
    this.#events?.push({ db, key, event });
  }

  /** An effect cannot fail after its cell matched, unless the batch contradicts itself: our own mistake. */
  #effect(db: number, args: readonly string[]): void {
    const reply = this.#command(db, args);
    if (reply instanceof ReplyError) throw new Error(`${args[0]} ${args[1]} of a batch: ${reply.message}`);
  }

  /** The chain's place, which the scripts read from the prefix of the mark. */
  #currentPlace(): (Pick<Mark, "epoch" | "seq"> & { readonly bytes: string }) | undefined {
    const entry = this.#space.lookup(0, MARK_KEY);
    if (entry?.type !== "string") return undefined;
    if (this.#place?.bytes !== entry.value) {
      const prefix = Buffer.from(entry.value.slice(0, MARK_PREFIX_BYTES), "latin1");
      this.#place = { bytes: entry.value, epoch: prefix.readUInt32BE(1), seq: prefix.readDoubleBE(5) };
    }
    return this.#place;
  }
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function byName(a: string | readonly [string, unknown], b: string | readonly [string, unknown]): number {
  return (typeof a === "string" ? a : a[0]) < (typeof b === "string" ? b : b[0]) ? -1 : 1;
}
