/**
 * Listens to a server's keyspace events for a region, so that it knows what its stream alone does not tell: subscribes, sees that a
 * sign is given that stands in the stream and among the events, and hands over what comes. What it loses it takes up again by
 * itself; until then the region goes without, and its status says why.
 */
import { EVENT_CLASSES, SIGN_KEY_PREFIX, SYNC_KEY_PREFIX, type FloatOptions, type FloatStatus, type Region } from "@meridian/region";
import { KeyspaceEvents, type RedisTarget, type ServerFacts } from "@meridian/target";
import type { Logger } from "@meridian/shell";
import { MeridianError } from "@meridian/words";
import type { Endpoint } from "../endpoint.js";

/** `auto`: where the server tells events; `on`: a server that tells none is not followed. */
export type FloatMode = "off" | "auto" | "on";

/** What becomes of evictions: they stay in their region, or are deletions like any other. */
export type EvictionMode = "keep" | "replicate";

/** Whether events of increments are listened to, and of which keys, as options name their beginnings. */
export interface FloatSettings {
  readonly mode: FloatMode;
  readonly prefixes: readonly string[];
}

/** Where events go. */
export interface EventSink {
  readonly status: FloatStatus;
  readonly isClosed: boolean;
  opened(id: string): void;
  closed(reason: string): void;
  told(db: number, key: string, event: string): void;
}

/** What a feed works with. */
export interface FeedDeps {
  readonly settings: { readonly floats: FloatSettings; readonly connectTimeoutMs: number; readonly replyTimeoutMs: number };
  readonly endpoint: Endpoint;
  readonly target: RedisTarget;
  readonly logger: Logger;
  /** Events came, or the subscription stands: the region may go on. */
  readonly onTold: () => void;
}

/** What is told to whom, and how that is called. */
interface Topic {
  readonly name: "floats" | "evictions";
  readonly sink: EventSink;
  /** Beginnings of keys; binary strings. */
  readonly prefixes: readonly string[];
  readonly signPrefix: string;
  /** The feed gives the sign itself, once; otherwise the sink asks for signs. */
  readonly givesSign: boolean;
  readonly isMust: boolean;
  readonly isWanted: () => boolean;
  /** What is said in the log where events are followed, and where not. */
  readonly followed: string;
  readonly missed: string;
}

/** How often it is seen to that events come. */
const LOOK_MS = 1000;
/** Pauses between attempts double up to this. */
const PAUSE_MS_MAX = 60_000;
/** How long the first sign is waited for where events are a must. */
const SIGN_MS_MAX = 2000;

/** What a region is told of; undefined: of nothing. */
export function toldOf({ mode, prefixes }: FloatSettings): FloatOptions | undefined {
  return mode === "off" ? undefined : { prefixes: prefixes.map((prefix) => Buffer.from(prefix, "utf8").toString("latin1")) };
}

/** True where a server drops keys to make room when it is full. */
export function mayEvict({ maxMemoryBytes, maxMemoryPolicy }: Pick<ServerFacts, "maxMemoryBytes" | "maxMemoryPolicy">): boolean {
  return maxMemoryBytes > 0 && maxMemoryPolicy !== "noeviction";
}

/** The feeds of a region that is to be told of events. */
export function feedsOf({ floats, evictions }: Region, deps: FeedDeps): readonly EventFeed[] {
  const feeds: EventFeed[] = [];
  if (floats) {
    const { mode } = deps.settings.floats;
    const words = { followed: "float increments are added up", missed: "float increments are replicated as values" };
    const prefixes = toldOf(deps.settings.floats)?.prefixes ?? [];
    const topic = { name: "floats" as const, sink: floats, prefixes, signPrefix: SYNC_KEY_PREFIX, givesSign: true, isMust: mode === "on" };
    feeds.push(new EventFeed({ ...topic, ...words, isWanted: () => true }, deps));
  }
  if (evictions) {
    const { events } = evictions;
    const words = { followed: "evictions stay in this region", missed: "evictions are not told from deletions" };
    const topic = { name: "evictions" as const, sink: events, prefixes: [""], signPrefix: SIGN_KEY_PREFIX, givesSign: false, isMust: false };
    feeds.push(new EventFeed({ ...topic, ...words, isWanted: () => events.isExpected }, deps));
  }
  return feeds;
}

/** See the module's comment. */
export class EventFeed {
  readonly #topic: Topic;
  readonly #deps: FeedDeps;
  #events: KeyspaceEvents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #pauseMs = LOOK_MS;
  #nextMs = 0;
  #isTrying = false;
  #isClosed = false;
  #said: string | undefined;
  #onSign: (() => void) | undefined;

  constructor(topic: Topic, deps: FeedDeps) {
    this.#topic = topic;
    this.#deps = deps;
  }

  /** Begins. Rejects only where events are a must and do not come. */
  async start(): Promise<void> {
    if (this.#topic.isWanted()) await this.#try(this.#topic.isMust);
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#events?.close();
  }

  async #look(): Promise<void> {
    const { sink, name, followed, missed } = this.#topic;
    if (!this.#topic.isWanted()) return this.#rest();
    const { status } = sink;
    const says = status.follows ? "followed" : status.reason;
    if (status.follows) this.#pauseMs = LOOK_MS;
    if (says !== this.#said) this.#deps.logger.info({ [name]: says }, status.follows ? followed : missed);
    this.#said = says;
    if (sink.isClosed && !this.#isTrying && Date.now() >= this.#nextMs) await this.#try(false);
  }

  /** Nothing is to be told: a server pays for every subscriber. */
  async #rest(): Promise<void> {
    const events = this.#events;
    if (!events || this.#isTrying) return;
    this.#events = undefined;
    this.#said = undefined;
    await events.close();
  }

  async #try(isMust: boolean): Promise<void> {
    this.#isTrying = true;
    this.#nextMs = Date.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
    try {
      await this.#open(isMust);
    } catch (error) {
      if (!(error instanceof MeridianError)) throw error;
      if (isMust) throw error;
      if (!this.#isClosed) this.#topic.sink.closed(error.message);
    } finally {
      this.#isTrying = false;
    }
  }

  async #open(isMust: boolean): Promise<void> {
    const { settings, endpoint, target, onTold } = this.#deps;
    const { connectTimeoutMs, replyTimeoutMs } = settings;
    const { sink, prefixes, signPrefix, givesSign } = this.#topic;
    await this.#events?.close();
    this.#attempts += 1;
    const id = `${process.pid}-${Date.now().toString(36)}-${this.#attempts}`;
    const ownKey = signPrefix + id;
    const sign = new Promise<void>((resolve) => (this.#onSign = resolve));
    const mine: { events?: KeyspaceEvents } = {};
    mine.events = await KeyspaceEvents.subscribe({
      ...endpoint,
      connectTimeoutMs,
      replyTimeoutMs,
      clientName: "meridian-events",
      prefixes,
      ownKey,
      onEvent: (db, key, event) => {
        if (key === ownKey) this.#onSign?.();
        sink.told(db, key, event);
        onTold();
      },
      onLost: (error) => {
        if (this.#isClosed || this.#events !== mine.events) return;
        sink.closed(error.message);
        onTold();
      },
    });
    this.#events = mine.events;
    if (this.#isClosed) return this.#events.close();
    sink.opened(id);
    if (!givesSign) return onTold();
    await target.signal(ownKey);
    if (isMust) await within(sign);
  }
}

async function within(sign: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(silent()), SIGN_MS_MAX);
  });
  await Promise.race([sign, late]).finally(() => clearTimeout(timer));
}

function silent(): MeridianError {
  return new MeridianError("SERVER_UNSUPPORTED", "the server tells no keyspace events, and capture.floatEvents is on", {
    advice: "set notify-keyspace-events to K$h (or more) in the server, or capture.floatEvents to auto",
  });
}

/** What is to be done where evictions are not told from deletions. */
export const EVICTION_REMEDY = `${EVENT_CLASSES} (CONFIG SET notify-keyspace-events Kgxe), and the agent's user the right &__keyspace@*__:*`;
