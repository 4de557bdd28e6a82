/**
 * Which DEL of the stream is a server making room. Its stream shows evictions as deletions of one key like any other; its keyspace
 * events say `evicted`, `expired` or `del`, in the stream's order ([EVICTION.md](../../EVICTION.md)).
 *
 * Promise: a deletion is taken for an eviction only where its own event says so, and what can be one waits for it, with everything
 * behind it. *Signs*, keys of ours that are removed at a place seen on both sides, part events and stream into stretches: an
 * event belongs to a deletion of its stretch. Where it cannot be told (no event, or several ways to read them) a deletion is taken
 * for a client's, as without all this, and counted (`untold`); an eviction's event that finds no deletion is counted too (`unmatched`).
 * Limits: `EVENT_PATIENCE_MS`, `EVENTS_MAX`, `HELD_BYTES_MAX`; beyond any of them {@link EvictionEvents.status} says why it has ended.
 */
import { argumentText, commandIn, writtenKeys, type CommandRow } from "@meridian/commands";
import { isMarkKey, RESERVED_PREFIX } from "@meridian/mark";
import type { CommandView } from "@meridian/resp";
import type { EvictionCounters } from "../counters.js";
import { EVENT_PATIENCE_MS, type FloatStatus } from "./float-events.js";
import { HeldCommands } from "./held-commands.js";
import type { RegionLimits } from "../region-limits.js";

/** Signs begin like this. */
export const SIGN_KEY_PREFIX = `${RESERVED_PREFIX}evicted:`;
/** How long a deletion waits before a sign is asked for, behind which its event must have come, in ms. */
export const SIGN_AFTER_MS = 20;
/** While something is left over, signs come this often, in ms: what belongs to nothing is dropped at the next one. */
export const SIGN_EVERY_MS = 1000;
/** Deletions without any event, in a row, after which the server is taken for one that does not tell of them. */
export const UNTOLD_MAX = 16;
/** What a server must be told to tell. */
export const EVENT_CLASSES = "notify-keyspace-events must hold K, e, g and x";

/** Whether evictions are known as such. */
export type EvictionStatus = FloatStatus;

/** Where commands go, and what is asked of the region. */
export interface EvictionEventsContext {
  /** Takes a command. `isEviction`: the server has dropped its key to make room. */
  readonly next: (view: CommandView, endOffset: number, isEviction: boolean) => void;
  /** True where the server holds the key as of the last command handed over; undefined: not known. */
  readonly holds: (db: number, key: string) => boolean | undefined;
  readonly counters: EvictionCounters;
  readonly nowMs: () => number;
  readonly limits: RegionLimits;
}

/** The end of a key, as an event tells of it. */
interface Ending {
  /** The sign behind which it was told, by its number. */
  readonly stretch: number;
  readonly isEviction: boolean;
}

/** What is known of one key in the stretch at hand. */
interface KeyEndings {
  readonly endings: Ending[];
  /** Endings that the stream has shown by other commands than a deletion alone, and whose events must come first. */
  owed: number;
  /** The same, where it is not known whether there were any. */
  possible: number;
}

type Fate = "waits" | "evicted" | "other" | "untold";

const ENDINGS: ReadonlySet<string> = new Set(["del", "expired", "evicted"]);

/** Commands that never end a key. */
const ENDLESS: ReadonlySet<string> = new Set(
  ("set setnx getset mset msetnx incr decr incrby decrby append setrange setbit bitfield hset hmset hsetnx hincrby hincrbyfloat incrbyfloat sadd zadd " +
    "zincrby persist pexpireat lpush rpush lpushx rpushx linsert lset xadd xdel xtrim xsetid xgroup xclaim xack pfadd publish spublish").split(" "),
);

/** See the module's comment. Stands before a region's capture, and before what looks at floats. */
export class EvictionEvents {
  readonly #context: EvictionEventsContext;
  readonly #limits: RegionLimits;
  readonly #held = new HeldCommands();
  readonly #keys = new Map<string, KeyEndings>();
  #isExpected = false;
  #reason: string | undefined = "not begun";
  #id = "";
  /** The last sign that was asked for, was told and stands in the stream, by their numbers. */
  #sent = 0;
  #told = 0;
  #read = 0;
  #sentMs = 0;
  #readMs = 0;
  #waitingMs = 0;
  #endings = 0;
  #untoldInRow = 0;
  #db = 0;
  #inTransaction = false;
  /** Behind our own mark within a transaction. */
  #isOwn = false;

  constructor(context: EvictionEventsContext) {
    this.#context = context;
    this.#limits = context.limits;
  }

  /** What holds now: with a reason, an eviction is taken for a client's deletion. */
  get status(): EvictionStatus {
    if (this.#reason !== undefined) return { follows: false, reason: this.#reason };
    return this.#read > 0 && this.#told > 0 ? { follows: true } : { follows: false, reason: "the stream has not come to where its events begin" };
  }

  /** True where nothing is under way: the shell subscribes again when it sees fit. */
  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  /** True while commands wait for an event. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** True where the server may evict, by its own settings. Where it may not, nothing is waited for nor counted. */
  get isExpected(): boolean {
    return this.#isExpected;
  }

  /** The server's settings say whether it may evict. */
  expect(may: boolean): void {
    this.#isExpected = may;
    if (!may && !this.isClosed) this.closed("the server does not evict");
  }

  /** The subscription stands. The first sign is asked for at once. */
  opened(id: string): void {
    this.closed("begun anew");
    this.#reason = undefined;
    this.#id = id;
    this.#sent = 0;
    this.#told = 0;
    this.#read = 0;
    this.#untoldInRow = 0;
  }

  /** No more events come, or they are of no use. */
  closed(reason: string): void {
    this.#close(reason);
    this.#drain();
  }

  /** The key to be set and removed now, once, in database 0; undefined: none. The caller does it. */
  takeSign(nowMs: number): string | undefined {
    if (this.#reason !== undefined || this.#sent > this.#told || this.#sent > this.#read) return undefined;
    const sinceMs = nowMs - this.#sentMs;
    const isTime = sinceMs >= SIGN_EVERY_MS || sinceMs < 0;
    const isDue = this.isHolding ? nowMs - this.#waitingMs >= SIGN_AFTER_MS : this.#keys.size > 0 && isTime;
    if (this.#sent > 0 && !isDue) return undefined;
    this.#sent += 1;
    this.#sentMs = nowMs;
    return this.#sign;
  }

  get #sign(): string {
    return `${SIGN_KEY_PREFIX}${this.#id}:${this.#sent}`;
  }

  /** An event, in the order in which the server told them. */
  told(db: number, key: string, name: string): void {
    if (this.#reason !== undefined) return;
    if (key.startsWith(RESERVED_PREFIX)) {
      // A sign may be dropped to make room itself, before it is removed.
      if (!ENDINGS.has(name) || this.#told === this.#sent || key !== this.#sign) return;
      this.#told = this.#sent;
    } else {
      if (this.#told === 0 || !ENDINGS.has(name)) return;
      this.#note(db, key, name === "evicted");
    }
    this.#drain();
  }

  #note(db: number, key: string, isEviction: boolean): void {
    // The stream is past the stretch: nothing of it waits any more.
    if (this.#told < this.#read) {
      if (isEviction) this.#context.counters.unmatched += 1;
      return;
    }
    this.#of(db, key).endings.push({ stretch: this.#told, isEviction });
    this.#endings += 1;
    if (this.#endings > this.#limits.events) this.#close(`the stream is ${this.#limits.events} events behind`);
  }

  /** Gives up on events that do not come. */
  tick(nowMs: number): void {
    if (this.#reason !== undefined) return;
    const isSilent = this.#read > this.#told && nowMs - this.#readMs > EVENT_PATIENCE_MS;
    if (isSilent && this.#told === 0) this.closed(`the server tells no events: ${EVENT_CLASSES}`);
    else if (isSilent || (this.isHolding && nowMs - this.#waitingMs > EVENT_PATIENCE_MS)) this.closed(`events of deletions did not come: ${EVENT_CLASSES}`);
  }

  /** Takes one command of the stream. */
  readonly onCommand = (view: CommandView, endOffset: number): void => {
    if (!this.#isExpected && this.#reason !== undefined) this.#context.next(view, endOffset, false);
    else if (this.isHolding || !this.#take(view, endOffset)) this.#hold(view, endOffset);
  };

  /** False where the command must wait for its event. */
  #take(view: CommandView, endOffset: number): boolean {
    const { next, counters } = this.#context;
    const row = commandIn(view);
    const name = row?.name;
    if (name === "multi" || name === "exec") {
      this.#inTransaction = name === "multi";
      this.#isOwn = false;
    } else if (name === "select") this.#db = Number(argumentText(view, 1));
    const isDeletion = name === "del" || name === "unlink";
    if (isDeletion && !this.#inTransaction && view.argc === 2) {
      const fate = this.#deletion(argumentText(view, 1));
      if (fate === "waits") return false;
      if (fate === "evicted") counters.seen += 1;
      next(view, endOffset, fate === "evicted");
      return true;
    }
    if (row && this.#read > 0 && this.#reason === undefined) this.#follow(row, view, endOffset);
    else next(view, endOffset, false);
    return true;
  }

  /** A DEL or UNLINK of one key, not within a transaction: only these may be evictions. */
  #deletion(key: string): Fate {
    if (key.startsWith(RESERVED_PREFIX)) {
      if (this.#reason === undefined && this.#read < this.#sent && key === this.#sign) this.#pass();
      return "other";
    }
    if (this.#reason !== undefined || this.#read === 0) {
      this.#context.counters.untold += 1;
      return "untold";
    }
    const id = `${this.#db} ${key}`;
    const of = this.#keys.get(id);
    const fate = this.#fateOf(of ?? NOTHING_KNOWN);
    if (of && of.endings.length + of.owed + of.possible === 0) this.#keys.delete(id);
    if (fate === "waits") return fate;
    this.#untoldInRow = fate === "untold" ? this.#untoldInRow + 1 : 0;
    if (fate === "untold") this.#context.counters.untold += 1;
    if (this.#untoldInRow > UNTOLD_MAX) this.#close(`events of deletions do not come: ${EVENT_CLASSES}`);
    return fate;
  }

  /** Events come in the stream's order: what earlier commands owe stands before this deletion's own. */
  #fateOf(of: KeyEndings): Fate {
    const { endings } = of;
    const isAllTold = this.#told > this.#read;
    const here = (): Ending | undefined => (endings[0]?.stretch === this.#read ? endings[0] : undefined);
    for (; of.owed > 0 && here()?.isEviction === false; of.owed -= 1) this.#drop(endings, 1);
    const first = here();
    if (!first) return isAllTold ? "untold" : "waits";
    if (first.isEviction) {
      this.#drop(endings, 1);
      of.owed = 0;
      of.possible = 0;
      return "evicted";
    }
    const eviction = endings.findIndex(({ isEviction, stretch }) => isEviction && stretch === this.#read);
    const before = eviction < 0 ? endings.filter(({ stretch }) => stretch === this.#read).length : eviction;
    if (before <= of.possible) {
      if (eviction < 0 && !isAllTold) return "waits";
      if (eviction >= 0) {
        this.#drop(endings, eviction + 1);
        return "untold";
      }
    }
    this.#drop(endings, 1);
    return "other";
  }

  #drop(endings: Ending[], count: number): void {
    endings.splice(0, count);
    this.#endings -= count;
  }

  /** Every other command: notes which events it owes. */
  #follow(row: CommandRow, view: CommandView, endOffset: number): void {
    const { next, holds } = this.#context;
    if (this.#inTransaction && row.name === "set" && isMarkKey(view.buffer, view.starts[1] ?? 0, view.ends[1] ?? 0)) this.#isOwn = true;
    if (ENDLESS.has(row.name) || row.treatment === "transport") {
      next(view, endOffset, false);
      return;
    }
    const db = this.#db;
    const keys = new Set(writtenKeys(row, view).map((at) => argumentText(view, at)).filter((key) => !key.startsWith(RESERVED_PREFIX)));
    const before = new Map([...keys].map((key) => [key, this.#isOwn ? undefined : holds(db, key)] as const));
    next(view, endOffset, false);
    for (const [key, was] of before) {
      const is = was === undefined ? undefined : holds(db, key);
      if (was === undefined || is === undefined) this.#of(db, key).possible += 1;
      else if (was && !is) this.#of(db, key).owed += 1;
    }
    if (this.#keys.size > this.#limits.events) this.#close(`events of ${this.#limits.events} keys are behind the stream`);
  }

  /** The stream has come to the last sign: what was before it is over. */
  #pass(): void {
    this.#read = this.#sent;
    this.#readMs = this.#context.nowMs();
    this.#db = 0;
    for (const [id, of] of this.#keys) {
      of.owed = 0;
      of.possible = 0;
      const later = of.endings.findIndex(({ stretch }) => stretch >= this.#read);
      const gone = of.endings.slice(0, later < 0 ? undefined : later);
      this.#context.counters.unmatched += gone.filter(({ isEviction }) => isEviction).length;
      this.#drop(of.endings, gone.length);
      if (of.endings.length === 0) this.#keys.delete(id);
    }
  }

  #of(db: number, key: string): KeyEndings {
    const id = `${db} ${key}`;
    let of = this.#keys.get(id);
    if (!of) this.#keys.set(id, (of = { endings: [], owed: 0, possible: 0 }));
    return of;
  }

  #close(reason: string): void {
    this.#reason = reason;
    this.#keys.clear();
    this.#endings = 0;
  }

  #hold(view: CommandView, endOffset: number): void {
    if (!this.isHolding) this.#waitingMs = this.#context.nowMs();
    this.#held.push(view, endOffset);
    if (this.#held.bytes > this.#limits.heldBytes) this.closed("events are too far behind the stream");
  }

  #drain(): void {
    const before = this.#held.length;
    this.#held.drain(({ view, endOffset }) => this.#take(view, endOffset));
    if (this.#held.length < before) this.#waitingMs = this.#context.nowMs();
  }
}

const NOTHING_KNOWN: KeyEndings = { endings: [], owed: 0, possible: 0 };
