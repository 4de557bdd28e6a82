/**
 * What can be forgotten once every region is past it: keys that expired or of which only a deadline is left, sums that were
 * taken away, deletes of sketches, contexts that came early. Their names are put into *buckets*. A bucket is closed with the
 * vector of what had been merged by then; when every region knows all of that, each of its names is looked at again, and
 * what was not touched since is forgotten (STABILITY.md: why that is safe).
 *
 * The names stand in the store, not in memory. Limits: `BUCKETS_MAX` closed buckets (then the open one goes on growing,
 * each name in it once), `CHUNK_NAMES` names per record, one record looked at per `DIG_PAUSE_MS`.
 */
import { emptyCell, forgetWipes, isLive, type Cell } from "@meridian/merge";
import { ByteReader, ByteWriter } from "@meridian/wire";
import type { CellKind, ReadonlyVector, VersionVector } from "@meridian/words";
import { baseDeadline, isHeld } from "../keys/content.js";
import type { StateReader, StateWrite } from "../effects.js";
import type { Horizon } from "./horizon.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { RegionLimits } from "../region-limits.js";
import { restsHidden } from "../apply/type-clash.js";

/** Closed buckets that may wait. */
export const BUCKETS_MAX = 64;
/** Names in one record of the store, and looked at in one piece. */
export const CHUNK_NAMES = 512;
/** Between two pieces, in ms. */
const DIG_PAUSE_MS = 10;

/** Names of records in the `state` table begin with this; a group's name, the bucket, the number of the record in it follow. */
export const GRAVE_PREFIX = "grave";
/** Behind all of them. */
export const GRAVE_PREFIX_END = "gravf";

/** A bucket, or several that were closed one after the other. */
export interface Bucket {
  readonly from: number;
  readonly to: number;
  /** What was merged here when it was closed, this region's own included. */
  readonly vector: VersionVector;
  readonly closedMs: number;
}

/** What of the buckets is kept beside their names. */
export interface GravesState {
  readonly closed: readonly Bucket[];
  /** The number of the bucket that takes names. */
  readonly open: number;
}

interface Name {
  readonly db: number;
  /** Empty: the key itself. */
  readonly kind: CellKind | "";
  readonly key: string;
  readonly field: string;
}

/** See the module's comment. */
export class Graves {
  readonly #store: StateReader;
  readonly #prefix: string;
  readonly #limits: RegionLimits;
  #closed: readonly Bucket[];
  #open: number;
  /** The bucket that an earlier life had open: it is closed with the first commit. */
  #inherited: number | undefined;
  #names: Name[] = [];
  #chunks = 0;
  #openNames = 0;
  #openedMs: number | undefined;
  #dugMs = 0;
  /** Keys and members forgotten since the start. */
  forgotten = 0;

  /** `group`: whose keys are buried here; "" for those that every region gets. */
  constructor(store: StateReader, state: GravesState, limits: RegionLimits, group = "") {
    this.#limits = limits;
    this.#store = store;
    this.#prefix = group === "" ? `${GRAVE_PREFIX}:` : `${GRAVE_PREFIX}~${group}:`;
    this.#closed = state.closed;
    this.#inherited = this.#firstChunk(state.open, state.open) ? state.open : undefined;
    this.#open = this.#inherited === undefined ? state.open : state.open + 1;
  }

  get state(): GravesState {
    return { closed: this.#closed, open: this.#open };
  }

  /** True where something waits for the other regions. */
  get waits(): boolean {
    return this.#closed.length > 0 || this.#openNames > 0 || this.#inherited !== undefined;
  }

  /** Since when the oldest closed bucket waits, in ms since 1970 by this agent's clock; undefined: none does. */
  get oldestMs(): number | undefined {
    return this.#closed[0]?.closedMs;
  }

  /** What the oldest closed bucket waits for. */
  get oldest(): Bucket | undefined {
    return this.#closed[0];
  }

  /** Notes a key, or with `slot` one of its members, of which something is left; called at each commit that touches it. */
  bury(entry: KeyEntry, slot?: CellSlot): void {
    const holder = slot ?? entry;
    if (holder.buried === this.#open) return;
    holder.buried = this.#open;
    this.#names.push({ db: entry.db, kind: slot?.kind ?? "", key: entry.key, field: slot?.field ?? "" });
    this.#openNames += 1;
  }

  /** Appends the names that were noted since the last commit. Behind what was merged by `vector` the bucket may be closed. */
  collect(writes: StateWrite[], vector: () => VersionVector, nowMs: number, everyMs: number): boolean {
    const { buckets, bucketNames } = this.#limits;
    for (let at = 0; at < this.#names.length; at += bucketNames) {
      const value = encodeNames(this.#names.slice(at, at + bucketNames));
      writes.push({ table: "state", key: chunkKey(this.#prefix, this.#open, this.#chunks), value });
      this.#chunks += 1;
    }
    if (this.#names.length > 0) this.#names = [];
    if (this.#inherited !== undefined) {
      this.#close(this.#inherited, vector(), nowMs);
      this.#inherited = undefined;
      return true;
    }
    if (this.#openNames === 0) return false;
    if (this.#openedMs === undefined || this.#openedMs > nowMs) this.#openedMs = nowMs;
    if (nowMs - this.#openedMs < everyMs || this.#closed.length >= buckets) return false;
    this.#close(this.#open, vector(), nowMs);
    this.#open += 1;
    this.#chunks = 0;
    this.#openNames = 0;
    this.#openedMs = undefined;
    return true;
  }

  /** A bucket that finds no place any more joins the one before it, and waits for both. */
  #close(bucket: number, vector: VersionVector, closedMs: number): void {
    const last = this.#closed.length < this.#limits.buckets ? undefined : this.#closed.at(-1);
    const before = last ? this.#closed.slice(0, -1) : this.#closed;
    this.#closed = [...before, { from: last?.from ?? bucket, to: bucket, vector, closedMs }];
  }

  /** Works off one piece of the oldest bucket, if every region is past it. Returns whether the list of buckets changed. */
  dig(horizon: Horizon, keys: KeySpace, writes: StateWrite[], nowMs: number): boolean {
    const bucket = this.#closed[0];
    if (!bucket || (nowMs >= this.#dugMs && nowMs - this.#dugMs < DIG_PAUSE_MS)) return false;
    // Beyond its own clock no key in it was found dead: before that there is no use in looking.
    if (!horizon.isKnownEverywhere(bucket.vector) || !horizon.isPastEverywhere(bucket.closedMs)) return false;
    this.#dugMs = nowMs;
    const chunk = this.#firstChunk(bucket.from, bucket.to);
    if (!chunk) {
      this.#closed = this.#closed.slice(1);
      return true;
    }
    writes.push({ table: "state", key: chunk.key, value: undefined });
    for (const name of chunk.names) this.#look(name, bucket, horizon, keys);
    return false;
  }

  #firstChunk(from: number, to: number): { readonly key: string; readonly names: Name[] } | undefined {
    const chunks = this.#store.range("state", chunkKey(this.#prefix, from, 0), chunkKey(this.#prefix, to + 1, 0));
    for (const [key, bytes] of chunks) return { key, names: decodeNames(Buffer.from(bytes)) };
    return undefined;
  }

  #look({ db, kind, key, field }: Name, { from, to, vector }: Bucket, horizon: Horizon, keys: KeySpace): void {
    const entry = keys.entry(db, key);
    noteOverdue(entry, horizon, keys);
    const isOurs = ({ buried }: { readonly buried: number }): boolean => buried >= from && buried <= to;
    if (kind !== "") {
      const slot = keys.knownMember(entry, kind, field);
      if (!slot || !isOurs(slot)) return;
      if (!entry.blind && entry.reading === 0) this.#forgetDead(slot, vector);
      keys.touch(slot);
      return;
    }
    if (!isOurs(entry)) return;
    if (this.#isForgettable(entry, horizon, keys)) this.#forgetKey(entry, keys);
    else for (const slot of [entry.string, entry.whole]) if (slot) this.#forgetDead(slot, vector);
    keys.touchEntry(entry);
  }

  /** Nothing of it can be seen any more, anywhere, and nothing is on its way. What stays is buried again. */
  #isForgettable(entry: KeyEntry, horizon: Horizon, keys: KeySpace): boolean {
    if (entry.isPresent || entry.blind || entry.reading !== 0) return false;
    if (entry.expired && !horizon.isPastEverywhere(baseDeadline(entry) ?? 0)) return false;
    return entry.early.length === 0 && keys.allSlots(entry).every((slot) => !isBusy(slot) && !waitsForLater(slot));
  }

  #forgetKey(entry: KeyEntry, keys: KeySpace): void {
    for (const slot of keys.allSlots(entry)) {
      slot.list?.sequence.clear();
      slot.changeBase((cell) => {
        cell.siblings = emptyCell().siblings;
        cell.sums = emptyCell().sums;
        cell.wipes = undefined;
      });
      keys.touch(slot);
    }
    entry.expired = false;
    this.forgotten += 1;
  }

  #forgetDead(slot: CellSlot, known: ReadonlyVector): void {
    if (isBusy(slot) && !isGivenUp(slot)) return;
    const { base } = slot;
    const wipes = forgetWipes(base.wipes, known);
    if (wipes === base.wipes && base.sums.every(isLive)) return;
    base.wipes = wipes;
    base.sums = base.sums.filter(isLive);
    this.forgotten += 1;
  }
}

/** True where something remains of a cell that only a late change would need. */
export function hasRemains({ sums, early, wipes }: Cell): boolean {
  if (early.length > 0 || wipes !== undefined) return true;
  for (const sum of sums) if (!isLive(sum)) return true;
  return false;
}

/** True where something remains of a key beside what is in use, its members apart. */
export function keyHasRemains(entry: KeyEntry): boolean {
  const { string, whole, list, expiry } = entry;
  if (entry.expired || entry.early.length > 0) return true;
  if (string && (string.refused || hasRemains(string.base))) return true;
  if (whole && (whole.refused || hasRemains(whole.base))) return true;
  if (list && (list.refused || waitsForLater(list))) return true;
  return expiry !== undefined && (hasRemains(expiry.base) || !entry.isPresent);
}

/** A context came before what it covers. */
function waitsForLater({ base, list }: CellSlot): boolean {
  return base.early.length > 0 || (list !== undefined && list.sequence.early.length > 0);
}

/** A key that should have come back, and whose value nobody here held, dies with its deadline without the server's saying so. */
function noteOverdue(entry: KeyEntry, horizon: Horizon, keys: KeySpace): void {
  const deadline = baseDeadline(entry);
  if (deadline === undefined || entry.expired || isHeld(entry) || !horizon.isPastEverywhere(deadline)) return;
  for (const slot of keys.allSlots(entry)) {
    slot.shown = undefined;
    slot.refused = false;
    keys.touch(slot);
  }
  entry.expired = true;
  entry.evicted = false;
  keys.touchEntry(entry);
}

/** What another type hides is at rest, though the server holds something else than the cell says. */
function isBusy(slot: CellSlot): boolean {
  return isMoving(slot) || ((slot.pinned || slot.needsAttention) && !restsHidden(slot));
}

function isMoving({ issued, unsure, excepted, deferred }: CellSlot): boolean {
  return issued !== undefined || unsure || excepted || deferred !== 0;
}

/** The server does not hold what the cell says, and will not until something changes: what is dead in it may go all the same. */
function isGivenUp(slot: CellSlot): boolean {
  return slot.refused && slot.pending.length === 0 && !isMoving(slot);
}

function chunkKey(prefix: string, bucket: number, chunk: number): string {
  return `${prefix}${bucket.toString().padStart(12, "0")} ${chunk.toString().padStart(12, "0")}`;
}

function encodeNames(names: readonly Name[]): Buffer {
  const out = new ByteWriter();
  out.varint(names.length);
  for (const { db, kind, key, field } of names) {
    out.varint(db);
    out.text(kind);
    out.text(key);
    out.text(field);
  }
  return out.take();
}

function decodeNames(bytes: Buffer): Name[] {
  const from = new ByteReader(bytes);
  return Array.from({ length: from.varint() }, () => ({ db: from.varint(), kind: from.text() as CellKind | "", key: from.text(), field: from.text() }));
}
