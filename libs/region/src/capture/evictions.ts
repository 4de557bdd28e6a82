/**
 * Evictions of one region: which deletions they are (eviction-events.ts), what they do to keys (apply/evicted-keys.ts), and what
 * becomes of evicted keys whose deadline passes: they are expired like all others, though the server does not say so any more.
 *
 * Limit: `SWEEP_KEYS` evicted keys are looked at every `SWEEP_MS`.
 */
import { ByteReader } from "@meridian/wire";
import type { RegionCounters } from "../counters.js";
import type { StateReader } from "../effects.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { entryKey } from "../keys/cell-key.js";
import type { KeySpace } from "../keys/key-space.js";
import { isHeld } from "../keys/content.js";
import type { LivePolicies } from "../policies/live-policies.js";
import type { Residency } from "../publish/residency.js";
import type { RegionLimits } from "../region-limits.js";
import { evict } from "../apply/evicted-keys.js";
import { EXPIRY_SKEW_MS, isExpired } from "../apply/server-deadlines.js";
import type { Capture } from "./capture.js";
import { EvictionEvents } from "./eviction-events.js";
import type { FloatEvents } from "./float-events.js";
import type { LocalWrites } from "./local-writes.js";

/** Evicted keys looked at in one go. */
export const SWEEP_KEYS = 256;
/** The pause between two looks, in ms. */
export const SWEEP_MS = 1000;
const LIST_PREFIX = "evicted:";
const LIST_END = "evicted;";

/** What evictions need of their region. */
export interface EvictionsContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly counters: RegionCounters;
  readonly policies: LivePolicies;
  readonly residency: Residency | undefined;
  readonly store: StateReader;
  readonly capture: () => Capture;
  readonly floats: () => FloatEvents | undefined;
  readonly isImporting: () => boolean;
  readonly limits: RegionLimits;
  readonly retry: (slot: CellSlot) => void;
  readonly nowMs: () => number;
}

/** See the module's comment. */
export class Evictions {
  readonly events: EvictionEvents;
  readonly #context: EvictionsContext;
  /** Behind which name of the list the next look begins. */
  #from = LIST_PREFIX;
  #sweptMs = 0;

  constructor(context: EvictionsContext) {
    this.#context = context;
    const { counters, nowMs, floats, capture, limits } = context;
    this.events = new EvictionEvents({
      counters: counters.evictions,
      nowMs,
      limits,
      holds: (db, key) => this.#holds(db, key),
      next: (view, endOffset, isEviction) => {
        const behind = floats();
        if (behind) behind.onCommand(view, endOffset, isEviction);
        else capture().take(view, endOffset, false, isEviction);
      },
    });
  }

  /** Keys that are away, as of the last commit. */
  get keysAway(): number {
    return this.#context.keys.evicted;
  }

  /** Time passes. */
  tick(nowMs: number): void {
    this.events.tick(nowMs);
    this.#sweep(nowMs);
  }

  /** The server dropped a key to make room. Keys that are not shared are its own business. */
  evicted(db: number, key: string): void {
    const { keys, counters, writes, policies, residency, retry, nowMs } = this.#context;
    if (policies.table?.isLocal(key) === true || residency?.isForeign(key) === true) return;
    evict(keys.entry(db, key), { keys, counters, retry, expire: (entry) => writes.expire(entry, nowMs()) }, nowMs());
  }

  /** Looks at some of the evicted keys: what is dead by its deadline is to be forgotten like everything that is. */
  #sweep(nowMs: number): void {
    const { keys, store, limits } = this.#context;
    if (keys.evicted === 0 || (nowMs >= this.#sweptMs && nowMs - this.#sweptMs < SWEEP_MS)) return;
    this.#sweptMs = nowMs;
    const page = readEvicted(store, this.#from, limits.sweepKeys);
    this.#from = page.next ?? LIST_PREFIX;
    for (const { db, key } of page.keys) {
      const entry = keys.entry(db, key);
      if (!entry.evicted || !isExpired(entry, nowMs - 2 * EXPIRY_SKEW_MS)) continue;
      entry.evicted = false;
      entry.expired = true;
      keys.touchEntry(entry);
    }
  }

  #holds(db: number, key: string): boolean | undefined {
    const { keys, policies, residency, floats, isImporting } = this.#context;
    if (floats()?.isHolding === true || isImporting() || residency?.isForeign(key) === true) return undefined;
    if (policies.table?.isLocal(key) === true || policies.table?.isRegister(key) === true) return undefined;
    const entry = keys.entry(db, key);
    return isInDoubt(entry) ? undefined : isHeld(entry);
  }
}

function isInDoubt(entry: KeyEntry): boolean {
  if (entry.blind || entry.reading !== 0) return true;
  for (const { issued, unsure } of entry.loadedSlots()) if (issued !== undefined || unsure) return true;
  return false;
}

/** True where the region's server has evicted the key (a binary string), as of the last commit. */
export function isEvicted(store: StateReader, db: number, key: string): boolean {
  return store.get("state", LIST_PREFIX + entryKey(db, key)) !== undefined;
}

/** Some of the keys that a region's server has evicted, in the order of their records. */
export interface EvictedPage {
  readonly keys: readonly { readonly db: number; readonly key: string }[];
  /** Where the next page begins; undefined: this was the last one. */
  readonly next: string | undefined;
}

/** Reads at most `limit` of them from a store, from a page's `next` on. Keys are binary strings. As of the last commit. */
export function readEvicted(store: StateReader, from: string | undefined, limit: number): EvictedPage {
  const keys: { readonly db: number; readonly key: string }[] = [];
  for (const [name, bytes] of store.range("state", from ?? LIST_PREFIX, LIST_END)) {
    if (keys.length === limit) return { keys, next: name };
    const named = new ByteReader(Buffer.from(bytes));
    const db = named.varint();
    named.text();
    keys.push({ db, key: named.text() });
  }
  return { keys, next: undefined };
}
