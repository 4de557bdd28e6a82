/**
 * Listens to a server's keyspace events for a region, so that it knows increments of floats from values: subscribes, gives a sign
 * that stands in the stream and among the events, and hands over what comes. What it loses it takes up again by itself;
 * until then the region takes such increments for values, and its status says why.
 */
import { SYNC_KEY_PREFIX, type FloatEvents, type FloatOptions, type Region } from "@meridian/region";
import { KeyspaceEvents, type RedisTarget } from "@meridian/target";
import type { Logger } from "@meridian/shell";
import { MeridianError } from "@meridian/words";
import type { Endpoint } from "../endpoint.js";

/** `auto`: where the server tells events; `on`: a server that tells none is not followed. */
export type FloatMode = "off" | "auto" | "on";

/** Whether events are listened to, and of which keys, as options name their beginnings. */
export interface FloatSettings {
  readonly mode: FloatMode;
  readonly prefixes: readonly string[];
}

/** What a feed works with, beside its region. */
export interface FloatFeedDeps {
  readonly settings: { readonly floats: FloatSettings; readonly connectTimeoutMs: number; readonly replyTimeoutMs: number };
  readonly endpoint: Endpoint;
  readonly target: RedisTarget;
  readonly logger: Logger;
  /** Events came: the region may go on. */
  readonly onTold: () => void;
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

/** The feed of a region that is to be told of events. */
export function feedOf({ floats }: Region, deps: FloatFeedDeps): FloatFeed | undefined {
  return floats && new FloatFeed(floats, deps);
}

/** See the module's comment. */
export class FloatFeed {
  readonly #floats: FloatEvents;
  readonly #deps: FloatFeedDeps;
  #events: KeyspaceEvents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempts = 0;
  #pauseMs = LOOK_MS;
  #nextMs = 0;
  #isTrying = false;
  #isClosed = false;
  #said: string | undefined;
  #onSign: (() => void) | undefined;

  constructor(floats: FloatEvents, deps: FloatFeedDeps) {
    this.#floats = floats;
    this.#deps = deps;
  }

  /** Begins. Rejects only where events are a must and do not come. */
  async start(): Promise<void> {
    await this.#try(this.#deps.settings.floats.mode === "on");
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#events?.close();
  }

  async #look(): Promise<void> {
    const { logger } = this.#deps;
    const floats = this.#floats;
    const { status } = floats;
    const says = status.follows ? "followed" : status.reason;
    if (status.follows) this.#pauseMs = LOOK_MS;
    if (says !== this.#said) logger.info({ floats: says }, status.follows ? "float increments are added up" : "float increments are replicated as values");
    this.#said = says;
    if (floats.isClosed && !this.#isTrying && Date.now() >= this.#nextMs) await this.#try(false);
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
      if (!this.#isClosed) this.#floats.closed(error.message);
    } finally {
      this.#isTrying = false;
    }
  }

  async #open(isMust: boolean): Promise<void> {
    const { settings, endpoint, target, onTold } = this.#deps;
    const { connectTimeoutMs, replyTimeoutMs } = settings;
    const floats = this.#floats;
    await this.#events?.close();
    this.#attempts += 1;
    const id = `${process.pid}-${Date.now().toString(36)}-${this.#attempts}`;
    const ownKey = SYNC_KEY_PREFIX + id;
    const sign = new Promise<void>((resolve) => (this.#onSign = resolve));
    const mine: { events?: KeyspaceEvents } = {};
    mine.events = await KeyspaceEvents.subscribe({
      ...endpoint,
      connectTimeoutMs,
      replyTimeoutMs,
      clientName: "meridian-events",
      prefixes: toldOf(settings.floats)?.prefixes ?? [],
      ownKey,
      onEvent: (db, key, event) => {
        if (key === ownKey) this.#onSign?.();
        floats.told(db, key, event);
        onTold();
      },
      onLost: (error) => {
        if (this.#isClosed || this.#events !== mine.events) return;
        floats.closed(error.message);
        onTold();
      },
    });
    this.#events = mine.events;
    if (this.#isClosed) return this.#events.close();
    floats.opened(id);
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
