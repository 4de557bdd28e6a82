/**
 * Keyspace events as the second source beside the stream. A server's stream carries INCRBYFLOAT as SET with KEEPTTL and
 * HINCRBYFLOAT as HSET of one field; its keyspace events say which of these were increments. Both tell of the same writes in the
 * same order: from one key of ours on, seen on either side, each event belongs to one write of the stream.
 *
 * Promise: a write is taken for an increment only where its own event says so. Where events are not told, come too late, do not
 * fit the stream or are lost, float increments are what the stream says, a SET of their result (the register rule), and
 * {@link FloatEvents.status} says why. Only a write that may be one waits for its event, at most `EVENT_PATIENCE_MS`; what stands
 * behind it waits with it. Limits: `EVENTS_MAX` events ahead of the stream, `WRITES_MAX` writes ahead of their events,
 * `HELD_BYTES_MAX` of the stream; beyond any of them the register rule holds.
 */
import { argumentIs, argumentText, commandIn, type CommandRow } from "@meridian/commands";
import { RESERVED_PREFIX } from "@meridian/mark";
import type { CommandView } from "@meridian/resp";
import type { Capture } from "./capture.js";
import { Fifo } from "./fifo.js";
import { HeldCommands } from "./held-commands.js";
import type { RegionLimits } from "../region-limits.js";

/** How long a write is held back for its event, in ms. */
export const EVENT_PATIENCE_MS = 1000;
/** Events that may be ahead of the stream. */
export const EVENTS_MAX = 100_000;
/** Writes that may be ahead of their events. */
export const WRITES_MAX = 100_000;
/** Bytes of the stream that may wait behind a write. */
export const HELD_BYTES_MAX = 16 * 1024 * 1024;
/** Keys from which on events and stream fit begin like this. */
export const SYNC_KEY_PREFIX = `${RESERVED_PREFIX}events:`;

/** Whether float increments are known as such. */
export type FloatStatus = { readonly follows: true } | { readonly follows: false; readonly reason: string };

/** What is told of keys: any of these begins their names, and none begins another. One that is empty: all keys. */
export interface FloatOptions {
  readonly prefixes: readonly string[];
}

/** A write of the stream that an event tells of, or that event. */
interface Write {
  readonly db: number;
  readonly key: string;
  /** `set` of a string or `hset`; of an event also of an increment. */
  readonly event: string;
  readonly isIncrement: boolean;
}

/** Events that tell of a write by one of {@link TRACKED}, and which of them is an increment of what. */
const EVENTS: ReadonlyMap<string, Pick<Write, "event" | "isIncrement">> = new Map([
  ["set", { event: "set", isIncrement: false }],
  ["incrbyfloat", { event: "set", isIncrement: true }],
  ["hset", { event: "hset", isIncrement: false }],
  ["hincrbyfloat", { event: "hset", isIncrement: true }],
]);

/** Commands of the stream of whose keys such events tell: at every argument from the first on, by this step; 0: only there. */
const TRACKED: ReadonlyMap<string, { readonly event: string; readonly step: number }> = new Map([
  ["set", { event: "set", step: 0 }],
  ["setnx", { event: "set", step: 0 }],
  ["getset", { event: "set", step: 0 }],
  ["mset", { event: "set", step: 2 }],
  ["msetnx", { event: "set", step: 2 }],
  ["hset", { event: "hset", step: 0 }],
  ["hmset", { event: "hset", step: 0 }],
  ["hsetnx", { event: "hset", step: 0 }],
]);

/** Commands that may tell such an event or not: behind them nobody knows which write an event belongs to. */
const OPEN_ENDED: ReadonlySet<string> = new Set(["bitop", "hsetex", "msetex"]);

/** See the module's comment. Stands before a region's capture. */
export class FloatEvents {
  readonly #prefixes: readonly string[];
  readonly #capture: Capture;
  readonly #limits: RegionLimits;
  readonly #nowMs: () => number;
  #reason: string | undefined = "not begun";
  #syncKey = "";
  /** The sync key's event was told; what came before it is dropped. */
  #isToldFrom = false;
  /** The sync key was written in the stream. */
  #isWrittenFrom = false;
  /** Events whose writes are still to come, or writes whose events are; never both. */
  readonly #events = new Fifo<Write>();
  readonly #writes = new Fifo<Write>();
  readonly #held = new HeldCommands();
  /** Since when something waits for an event. */
  #waitingMs = 0;
  #db: number;

  constructor({ prefixes }: FloatOptions, capture: Capture, nowMs: () => number, limits: RegionLimits) {
    this.#limits = limits;
    this.#prefixes = prefixes;
    this.#capture = capture;
    this.#nowMs = nowMs;
    this.#db = capture.db;
  }

  /** What holds now: with a reason, the register rule. */
  get status(): FloatStatus {
    if (this.#reason !== undefined) return { follows: false, reason: this.#reason };
    return this.#isWrittenFrom && this.#isToldFrom ? { follows: true } : { follows: false, reason: "the stream has not come to where its events begin" };
  }

  /** True where nothing is under way: the shell subscribes again when it sees fit. */
  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  /** The subscription stands; the key named {@link SYNC_KEY_PREFIX} and `id` is written next, once, in database 0. */
  opened(id: string): void {
    this.closed("begun anew");
    this.#reason = undefined;
    this.#syncKey = SYNC_KEY_PREFIX + id;
    this.#isToldFrom = false;
    this.#isWrittenFrom = false;
  }

  /** No more events come, or they are of no use. */
  closed(reason: string): void {
    this.#close(reason);
    this.#drain();
  }

  /** An event, in the order in which the server told them. */
  told(db: number, key: string, name: string): void {
    if (this.#reason !== undefined) return;
    if (!this.#isToldFrom) {
      this.#isToldFrom = key === this.#syncKey;
      return;
    }
    const event = EVENTS.get(name);
    if (!event || key.startsWith(RESERVED_PREFIX)) return;
    this.#events.push({ db, key, ...event });
    if (this.#writes.length > 0) this.#match();
    else if (this.#events.length > this.#limits.events) this.#close(`the stream is ${this.#limits.events} events behind`);
    this.#drain();
  }

  /** Gives up on events that do not come. */
  tick(nowMs: number): void {
    const isWaiting = this.#writes.length > 0 || this.#held.length > 0 || (this.#isWrittenFrom && !this.#isToldFrom);
    if (this.#reason === undefined && isWaiting && nowMs - this.#waitingMs > EVENT_PATIENCE_MS) {
      this.closed(this.#isToldFrom ? "events of writes did not come" : "the server tells no events: notify-keyspace-events must name K, $ and h");
    }
  }

  /** True while commands that were taken have not been captured. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Takes one command of the stream. */
  readonly onCommand = (view: CommandView, endOffset: number, isEviction = false): void => {
    if (this.#held.length > 0 || !this.#take(view, endOffset, isEviction)) this.#hold(view, endOffset, isEviction);
  };

  /** False where the command must wait for its event. */
  #take(view: CommandView, endOffset: number, isEviction: boolean): boolean {
    const row = commandIn(view);
    if (row?.name === "select") this.#db = Number(argumentText(view, 1));
    let isIncrement = false;
    if (row && this.#reason === undefined) {
      if (this.#isWrittenFrom) {
        const taken = this.#follow(row, view);
        if (taken === "waits") return false;
        isIncrement = taken === "increment";
      } else if (row.name === "set" && argumentText(view, 1) === this.#syncKey) {
        this.#isWrittenFrom = true;
        this.#waitingMs = this.#nowMs();
      }
    }
    this.#capture.take(view, endOffset, isIncrement, isEviction);
    return true;
  }

  /** Does not go on with what is held: whoever takes commands does. */
  #close(reason: string): void {
    this.#reason = reason;
    this.#events.clear();
    this.#writes.clear();
  }

  #follow(row: CommandRow, view: CommandView): "waits" | "increment" | "write" {
    const tracked = TRACKED.get(row.name);
    if (!tracked) {
      if (OPEN_ENDED.has(row.name)) this.#close(`behind ${row.name.toUpperCase()} events cannot be told apart`);
      return "write";
    }
    const { event, step } = tracked;
    const key = argumentText(view, 1);
    if (!this.#capture.isOwn && mayBeIncrement(row.name, view)) {
      if (!this.#covers(key)) return "write";
      const next = this.#events.first;
      if (!next) {
        if (this.#writes.length === 0) this.#waitingMs = this.#nowMs();
        return "waits";
      }
      this.#note(key, event, true);
      return next.isIncrement && this.#reason === undefined ? "increment" : "write";
    }
    for (let at = 1; at < view.argc; at += step) {
      const name = argumentText(view, at);
      if (this.#covers(name)) this.#note(name, event, false);
      if (step === 0) break;
    }
    return "write";
  }

  #covers(key: string): boolean {
    return !key.startsWith(RESERVED_PREFIX) && this.#prefixes.some((prefix) => key.startsWith(prefix));
  }

  #note(key: string, event: string, isIncrement: boolean): void {
    if (this.#reason !== undefined) return;
    if (this.#writes.length === 0) this.#waitingMs = this.#nowMs();
    this.#writes.push({ db: this.#db, key, event, isIncrement });
    this.#match();
    if (this.#writes.length > this.#limits.eventWrites) this.#close(`events are ${this.#limits.eventWrites} writes behind`);
  }

  /** Holds what waits on both sides against each other, in order. */
  #match(): void {
    while (this.#writes.length > 0 && this.#events.length > 0) {
      const write = this.#writes.shift() as Write;
      const event = this.#events.shift() as Write;
      const isSame = write.db === event.db && write.key === event.key && write.event === event.event;
      if (!isSame || (event.isIncrement && !write.isIncrement)) {
        this.#close("events did not fit the stream");
        return;
      }
      this.#waitingMs = this.#nowMs();
    }
  }

  #hold(view: CommandView, endOffset: number, isEviction: boolean): void {
    this.#held.push(view, endOffset, isEviction);
    if (this.#held.bytes > this.#limits.heldBytes) this.closed("events are too far behind the stream");
  }

  #drain(): void {
    this.#held.drain(({ view, endOffset, isEviction }) => this.#take(view, endOffset, isEviction));
  }
}

/** True for the forms in which the stream carries the increment of a float. */
function mayBeIncrement(name: string, view: CommandView): boolean {
  if (view.argc !== 4) return false;
  return name === "hset" || (name === "set" && argumentIs(view, 3, "keepttl"));
}
