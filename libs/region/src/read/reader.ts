/**
 * Keys whose content must be read at a position of the stream: because a command's result is not in the stream, because
 * a race left it open what the server holds, or because a value must be kept before it is overwritten.
 *
 * Limits: `READ_KEYS_MAX` keys in one read, `READS_IN_FLIGHT_MAX` reads at a time. What the server refuses to have read, because it
 * is too large, is tried again after `REFUSED_MS`.
 */
import { RESERVED_PREFIX, type MarkNote, type ReadKey, type ReadResult, type ReadValue } from "@meridian/mark";
import type { Applier } from "../apply/applier.js";
import type { RegionCounters } from "../counters.js";
import type { Reading } from "../effects.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { ListWrites } from "../capture/list-writes.js";
import type { LocalStreams } from "../capture/local-streams.js";
import type { LivePolicies } from "../policies/live-policies.js";
import type { LocalWrites } from "../capture/local-writes.js";
import { reconcileRegister } from "../capture/register-writes.js";
import type { Residency } from "../publish/residency.js";
import type { RegionLimits } from "../region-limits.js";
import { numberOfPrint, shownDeadlinePrint, shownPrint } from "../keys/content.js";
import { firstIdIn } from "./reconcile-stream.js";
import { ReadCells, reconcile } from "./reconcile.js";
import { isDigest, type Sibling } from "@meridian/merge";
import { willBeHidden } from "../apply/type-clash.js";
import { bringBack } from "../apply/evicted-keys.js";
import { isPast, revive } from "../apply/server-deadlines.js";
import { countName } from "../counters.js";

/** Keys read by one script: they are read at one position, and what differs becomes one transaction. */
export const READ_KEYS_MAX = 64;
/** After how long a key is read again that could not be read, in ms by the region's clock: it may have become smaller. */
export const REFUSED_MS = 60_000;
/** Reads that may be on their way. */
export const READS_IN_FLIGHT_MAX = 4;

interface Wanted {
  readonly entry: KeyEntry;
  readonly first: boolean;
  /** The key was forgotten meanwhile. */
  readonly isForgotten?: boolean;
}

const EMPTY = Buffer.alloc(0);

/** What the reader needs of its region. */
export interface ReaderContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly streams: LocalStreams;
  readonly lists: ListWrites;
  readonly applier: Applier;
  readonly counters: RegionCounters;
  /** What happens to keys by prefix. */
  readonly policies: LivePolicies;
  /** Which keys only some regions get; undefined: none. */
  readonly residency: Residency | undefined;
  readonly beginCommand: () => void;
  readonly nowMs: () => number;
  readonly limits: RegionLimits;
  /** The server's clock, at a position of the stream that is captured. */
  readonly onServerTime: (serverMs: number) => void;
}

/** See the module's comment. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #wanted = new Set<KeyEntry>();
  /** Streams of which the first entry is to be read: no one waits for that. */
  readonly #trimmed = new Set<KeyEntry>();
  readonly #inFlight = new Map<number, readonly Wanted[]>();
  /** Keys that the server refused to have read, and when. */
  readonly #refused = new Map<KeyEntry, number>();
  #epoch = 0;
  #lastId = 0;
  /** The read that only asks what time it is, while it is on its way. */
  #probeId = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  get pending(): number {
    return this.#wanted.size + this.#trimmed.size + this.#inFlight.size;
  }

  /** Begins a lease. */
  begin(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The key is read soon; it is not read again if a read that began later than this call is already wanted. */
  want(entry: KeyEntry): void {
    if (entry.reading === 0) this.#wanted.add(entry);
    entry.reading ||= -1;
  }

  /** A command changed the key in a way that the stream does not show. A read under way comes after it and will show it. */
  blind(entry: KeyEntry): void {
    entry.doubted = false;
    if (entry.evicted) this.#bringBack(entry);
    if (entry.blind) return;
    entry.blind = true;
    this.#context.keys.touchEntry(entry);
    for (const slot of entry.loadedSlots()) if (slot.issued) slot.raced = true;
    this.want(entry);
  }

  /** The first import has come to the key, or what the server holds is in doubt while it runs: a read may find what nobody knows. */
  doubt(entry: KeyEntry): void {
    if (entry.blind) return;
    this.blind(entry);
    entry.doubted = true;
  }

  /** Keys that a scan has found: what the server holds of them nobody knows. Not of our own, and not of those that stay here. */
  doubtListed(db: number, names: readonly string[]): void {
    const { keys, policies, residency } = this.#context;
    const stays = (key: string): boolean => (policies.isJoining ? !policies.joins(key) : policies.isLocal(key));
    for (const key of names) {
      if (key.startsWith(RESERVED_PREFIX) || stays(key) || residency?.isForeign(key) === true) continue;
      this.doubt(keys.entry(db, key));
    }
  }

  /** A client trimmed the stream: which entries are gone follows from the first that is left. */
  wantFirst(entry: KeyEntry): void {
    this.#trimmed.add(entry);
    if (entry.trimmed) return;
    entry.trimmed = true;
    this.#context.keys.touchEntry(entry);
  }

  /** Has nothing more to do with keys, whatever is still being read of them. */
  forget(matches: (entry: KeyEntry) => boolean): void {
    for (const entry of this.#wanted) if (matches(entry)) this.#wanted.delete(entry);
    for (const entry of this.#trimmed) if (matches(entry)) this.#trimmed.delete(entry);
    const mark = (one: Wanted): Wanted => (matches(one.entry) ? { ...one, isForgotten: true } : one);
    for (const [id, wanted] of this.#inFlight) this.#inFlight.set(id, wanted.map(mark));
  }

  /** Reads to issue now. `probe`: one more, of no key, for the server's clock. */
  issue(probe: boolean): Reading[] {
    const readings: Reading[] = [];
    const { readKeys, readsInFlight } = this.#context.limits;
    if (this.#refused.size > 0) this.#readAgain();
    if (probe && this.#epoch > 0) {
      this.#lastId += 1;
      this.#probeId = this.#lastId;
      readings.push({ id: this.#lastId, keys: [] });
    }
    while (this.#epoch > 0 && this.#wanted.size + this.#trimmed.size > 0 && this.#inFlight.size < readsInFlight) {
      this.#lastId += 1;
      const wanted = [...this.#take(this.#wanted, false, readKeys)];
      for (const { entry } of wanted) entry.reading = this.#lastId;
      wanted.push(...this.#take(this.#trimmed, true, readKeys - wanted.length));
      this.#inFlight.set(this.#lastId, wanted);
      readings.push({ id: this.#lastId, keys: wanted.map((one) => this.#readKey(one)) });
    }
    return readings;
  }

  /** What only reading tells is not given up. */
  #readAgain(): void {
    const nowMs = this.#context.nowMs();
    for (const [entry, sinceMs] of this.#refused) {
      if (entry.blind && Math.abs(nowMs - sinceMs) < REFUSED_MS) continue;
      this.#refused.delete(entry);
      if (entry.blind) this.want(entry);
    }
  }

  #readKey({ entry: { db, key }, first }: Wanted): ReadKey {
    if (first) return { db, key, first };
    return this.#context.policies.table?.isRegister(key) === true ? { db, key, whole: true } : { db, key };
  }

  *#take(from: Set<KeyEntry>, first: boolean, limit: number): Generator<Wanted> {
    for (const entry of [...from].slice(0, limit)) {
      from.delete(entry);
      yield { entry, first };
    }
  }

  /** A batch noted what it found. */
  onNotes(notes: readonly MarkNote[]): void {
    if (notes.length === 0) return;
    this.#context.beginCommand();
    this.#context.streams.onNotes(notes);
  }

  /** A read's result stands in the stream. One of an earlier lease is passed over: its keys are read again. */
  onRead(result: ReadResult, serverMs: number): void {
    if (result.epoch === this.#epoch && result.id === this.#probeId) {
      this.#context.onServerTime(serverMs);
      return;
    }
    const wanted = result.epoch === this.#epoch ? this.#inFlight.get(result.id) : undefined;
    if (!wanted) return;
    this.#inFlight.delete(result.id);
    this.#context.beginCommand();
    for (const [at, { entry, first, isForgotten }] of wanted.entries()) {
      if (isForgotten) continue;
      const value = result.values[at];
      if (first) {
        this.#takeFirst(entry, value?.type === "first" ? (value.payload ?? EMPTY).toString("latin1") : undefined);
        continue;
      }
      entry.reading = 0;
      if (value) this.#takeValue(entry, value);
    }
  }

  /** Undefined: it is no stream, and what became of it stands in the stream of commands. */
  #takeFirst(entry: KeyEntry, firstId: string | undefined): void {
    if (firstId !== undefined && !entry.blind) this.#context.streams.trimBelow(entry, firstId);
    if (this.#trimmed.has(entry) || this.#isReadingFirst(entry)) return;
    entry.trimmed = false;
    this.#context.keys.touchEntry(entry);
  }

  #isReadingFirst(entry: KeyEntry): boolean {
    for (const wanted of this.#inFlight.values()) if (wanted.some((other) => other.first && other.entry === entry)) return true;
    return false;
  }

  #takeValue(entry: KeyEntry, value: ReadValue): void {
    const { keys, counters, streams, nowMs } = this.#context;
    counters.readBacks += 1;
    if (value.refused !== undefined) {
      countName(counters.unsupported, `read: ${value.refused.replace(/\d+/g, "N")}`);
      this.#leaveUnread(entry);
      if (entry.blind) this.#refused.set(entry, nowMs());
      return;
    }
    // A whole stream says too what a trim has left of it.
    if (value.type === "stream" && !entry.blind) streams.trimBelow(entry, firstIdIn(value.items ?? []));
    if (entry.blind) {
      entry.blind = false;
      keys.touchEntry(entry);
      if (this.#context.policies.table?.isRegister(entry.key) === true) reconcileRegister(entry, value, this.#context, nowMs());
      else reconcile(entry, value, this.#context, nowMs());
      entry.doubted = false;
    }
    this.#show(entry, value);
  }

  /** A register that is too large to be read is not waited for: only the ledger goes without what it held. */
  #leaveUnread({ whole }: KeyEntry): void {
    if (!whole) return;
    whole.unreadable = true;
    if (whole.pending.length > 0) this.#context.applier.retry(whole);
  }

  /** A key is read whole, at one position: whatever was thought of its cells, this is what the server holds. */
  #show(entry: KeyEntry, value: ReadValue): void {
    const { keys, writes, nowMs, applier } = this.#context;
    const deadline = shownDeadlinePrint(entry);
    if (value.type === "none" && deadline !== undefined && isPast(numberOfPrint(deadline), nowMs())) writes.expire(entry, nowMs());
    if (value.type !== "none" && entry.expired) revive(entry, keys, (slot) => applier.retry(slot));
    if (value.type !== "none" && entry.evicted) this.#bringBack(entry);
    const cells = new ReadCells(value);
    for (const slot of keys.allSlots(entry)) {
      if (slot.list) this.#showList(slot, value.type === "list" ? (value.items ?? []) : []);
      else this.#showCell(slot, cells);
    }
  }

  #bringBack(entry: KeyEntry): void {
    const { keys, applier } = this.#context;
    bringBack(entry, keys, (slot) => applier.retry(slot));
  }

  #showList(slot: CellSlot, items: readonly Buffer[]): void {
    this.#context.applier.showListRead(slot, items);
    if (slot.pending.length > 0) this.#context.applier.retry(slot);
  }

  /** Keeps what goes for another type, and that only the server holds. */
  #keepHidden(slot: CellSlot, cells: ReadCells): void {
    const found = new Map(cells.all(slot).map((bytes) => [cells.printOf(slot, bytes), bytes]));
    if (!slot.base.siblings.some(({ value, print }) => !value && isDigest(print) && found.has(print))) return;
    const kept = (sibling: Sibling): Sibling => {
      const bytes = sibling.value || !isDigest(sibling.print) ? undefined : found.get(sibling.print);
      return bytes ? { ...sibling, value: Buffer.from(bytes) } : sibling;
    };
    slot.base.siblings = slot.base.siblings.map(kept);
    this.#context.keys.touch(slot);
  }

  /** Keeps the values of siblings that the server holds for us, and notes what it holds. */
  #showCell(slot: CellSlot, cells: ReadCells): void {
    const print = cells.print(slot);
    const bytes = cells.bytes(slot);
    const { siblings } = slot.base;
    const lacksValue = (): boolean => siblings.some((sibling) => !sibling.value && sibling.print === print);
    if (willBeHidden(slot)) this.#keepHidden(slot, cells);
    else if (bytes && (slot.pending.length > 0 || siblings.length > 1) && lacksValue()) {
      const copy = Buffer.from(bytes);
      slot.base.siblings = slot.base.siblings.map((s) => (!s.value && s.print === print ? { ...s, value: copy } : s));
      this.#context.keys.touch(slot);
    }
    if (slot.unsure || print !== shownPrint(slot)) this.#context.applier.showRead(slot, print);
    if (slot.pending.length > 0) this.#context.applier.retry(slot);
  }
}
