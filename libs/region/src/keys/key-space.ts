/**
 * The region's memory of its keys: a bounded cache over the store, and the set of what must be written at the next
 * commit. Reading goes through the cache, so that what is not yet committed is seen.
 *
 * Limit: `cachedSlotsMax` cells in each of two generations; cells with something in flight stay beyond it.
 */
import { forgetEarly, forgetSeen, isForgettable, type CellChange } from "@meridian/merge";
import { ByteWriter } from "@meridian/wire";
import type { CellKind, Hlc, Mutation, ReadonlyVector, WriterId } from "@meridian/words";
import { entryKey, isHashedName, memberKey, memberPrefix, prefixEnd } from "./cell-key.js";
import { readEntry, readMember, writeEntry, writeMember, type DurablePending } from "./entry-codec.js";
import { CellSlot, KeyEntry } from "./key-entry.js";
import { collectList, loadBlocks } from "./list-codec.js";
import type { StateReader, StateWrite } from "../effects.js";
import { hasRemains, keyHasRemains, type Graves } from "../forget/graves.js";
import { PlainFlights, type FlyingFrame, type PlainFlight } from "../apply/plain-flights.js";
import { PackedRecords } from "./packed-records.js";
import { PlainStrings } from "./plain-strings.js";
import { isToBeListed, listEntry, listSlot } from "../start-lists.js";
import type { PlainPrint } from "./value-slice.js";
import type { WriterTable } from "./writer-table.js";

/** Kinds of cells of which a key has one. */
type SingleKind = "s" | "w" | "l" | "t";

function newList(entry: KeyEntry): CellSlot {
  entry.addType("l");
  return new CellSlot(entry, "l", "");
}

function isSingle(kind: CellKind): kind is SingleKind {
  return kind === "s" || kind === "w" || kind === "t" || kind === "l";
}

/** Databases have each a map of their own, so that key strings need not be joined to be looked up. */
type Generation = Map<number, Map<string, KeyEntry>>;

/** The keys of one region's server. */
export class KeySpace {
  readonly #store: StateReader;
  readonly #writers: WriterTable;
  readonly #cachedSlotsMax: number;
  readonly #graves: Pick<Graves, "bury">;
  /** Cells that the store's list for the next start names. */
  readonly #listed = new Set<CellSlot>();
  readonly #clashing = new Set<KeyEntry>();
  /** Keys of which a change of one cell may say of others whether they are as they should be. */
  readonly #relisted = new Set<KeyEntry>();
  #dirtyEntries = new Set<KeyEntry>();
  #dirtyMembers = new Set<CellSlot>();
  readonly #bytes = new ByteWriter();
  readonly #records = new PackedRecords();
  readonly #plain = new PlainStrings();
  readonly #flights = new PlainFlights();
  readonly #recordOf = (name: string): Buffer | undefined => this.#plain.get(name) ?? this.#store.get("cell", name);
  #young: Generation = new Map();
  #old: Generation = new Map();
  #youngSlots = 0;
  /** Keys that the server has evicted, as of the last commit. */
  evicted: number;

  constructor(store: StateReader, writers: WriterTable, cachedSlotsMax: number, graves: Pick<Graves, "bury">, evicted = 0) {
    this.evicted = evicted;
    this.#graves = graves;
    this.#store = store;
    this.#writers = writers;
    this.#cachedSlotsMax = cachedSlotsMax;
  }

  /** The entry of a key; a fresh one where nothing is known of it. */
  entry(db: number, key: string): KeyEntry {
    const found = this.#young.get(db)?.get(key);
    if (found) return found;
    const aged = this.#old.get(db)?.get(key);
    return this.#keep(aged ?? this.#load(db, key));
  }

  /** The entry of a key whose string is about to be replaced: what the replacement takes along anyway is not read. */
  entryToReplace(db: number, key: string): KeyEntry {
    const cached = this.#young.get(db)?.get(key) ?? this.#old.get(db)?.get(key);
    const name = entryKey(db, key);
    if (cached || this.#isPacked(name) || !this.#store.isPlain?.(name)) return this.entry(db, key);
    const entry = new KeyEntry(db, key);
    entry.stored = true;
    return this.#keep(entry);
  }

  /**
   * The key's string becomes this value, without a deadline, and nothing else is left of the key. False where more is known of it
   * than that takes along unread: then its entry must be changed.
   */
  replacePlain(db: number, key: string, writer: WriterId, hlc: Hlc, print: PlainPrint): boolean {
    if (this.#isEntry(db, key)) return false;
    const name = entryKey(db, key);
    if (this.#flights.has(name)) return false;
    const number = this.#writers.indexOf(writer);
    if (this.#plain.replace(name, number, hlc, print)) return true;
    if (!this.#store.isPlain?.(name)) return false;
    this.#plain.add(name, number, hlc, print);
    return true;
  }

  /** A received write of a plain string begins its flight. Undefined where it must be merged into the key's entry. */
  receivePlain(m: Mutation, from: FlyingFrame): PlainFlight | undefined {
    if (this.#isEntry(m.db, m.key)) return undefined;
    return this.#flights.begin(m, entryKey(m.db, m.key), this.#recordOf, from, this.#writers);
  }

  /** The mark of a flight was read: the server holds the value. */
  settlePlain(flight: PlainFlight): void {
    const { name, writer, hlc, print } = flight;
    this.#flights.end(flight);
    this.#plain.put(name, this.#writers.indexOf(writer), hlc, print);
  }

  /** True where the key is in memory as an entry, or can be held as nothing else. */
  #isEntry(db: number, key: string): boolean {
    return this.#young.get(db)?.has(key) === true || this.#old.get(db)?.has(key) === true || isHashedName(key);
  }

  #isPacked(name: string): boolean {
    return this.#plain.has(name) || this.#flights.has(name);
  }

  /** The slot of a key's string, whole value, list or expiry, made where missing. */
  single(entry: KeyEntry, kind: SingleKind): CellSlot {
    if (kind === "s") return (entry.string ??= new CellSlot(entry, "s", ""));
    if (kind === "l") return (entry.list ??= newList(entry));
    if (kind === "w") return (entry.whole ??= new CellSlot(entry, "w", ""));
    return (entry.expiry ??= new CellSlot(entry, "t", ""));
  }

  /** The slot of a field or member, made where missing. */
  member(entry: KeyEntry, kind: CellKind, field: string): CellSlot {
    return this.knownMember(entry, kind, field) ?? this.#addMember(entry, new CellSlot(entry, kind, field));
  }

  /** The slot of a field or member, or undefined where nothing is known of it. */
  knownMember(entry: KeyEntry, kind: CellKind, field: string): CellSlot | undefined {
    const id = kind + field;
    const loaded = entry.members.get(id);
    if (loaded || entry.memberRecords === 0) return loaded;
    const bytes = this.#store.get("cell", memberKey(entry.db, entry.key, kind, field));
    return bytes && this.#addMember(entry, readMember(bytes, entry, kind, field, this.#writers));
  }

  /** The entries of a stream whose fields are from `from` up to, not including, `to`, in no order; loads them. */
  entriesWithin(entry: KeyEntry, from: string, to: string | undefined): CellSlot[] {
    const found: CellSlot[] = [];
    const isWithin = (field: string): boolean => field !== "" && field >= from && (to === undefined || field < to);
    for (const field of entry.fresh) {
      const slot = isWithin(field) && entry.members.get(`x${field}`);
      if (slot) found.push(slot);
    }
    if (entry.memberRecords === 0) return found;
    const start = memberKey(entry.db, entry.key, "x", "");
    const end = to === undefined ? prefixEnd(start) : start + to;
    for (const [name, bytes] of this.#store.range("cell", start + from, end)) {
      const field = name.slice(start.length);
      if (!isWithin(field) || entry.fresh.has(field)) continue;
      found.push(entry.members.get(`x${field}`) ?? this.#addMember(entry, readMember(bytes, entry, "x", field, this.#writers)));
    }
    return found;
  }

  /** The slot of any kind, made where missing. */
  slot(entry: KeyEntry, kind: CellKind, field: string): CellSlot {
    return isSingle(kind) ? this.single(entry, kind) : this.member(entry, kind, field);
  }

  /** Every slot of a key, loading what is only in the store. */
  allSlots(entry: KeyEntry): CellSlot[] {
    if (entry.memberRecords > 0) this.loadMembers(entry);
    return [...entry.loadedSlots()];
  }

  /** Every key in memory; what waits for something is among them. */
  inMemory(): KeyEntry[] {
    return [this.#young, this.#old].flatMap((generation) => [...generation.values()].flatMap((keys) => [...keys.values()]));
  }

  /** Drops keys from memory, with all that is noted of them. Only behind a commit, of which nothing of theirs is left. */
  forget(matches: (entry: KeyEntry) => boolean): void {
    for (const entry of this.inMemory()) if (matches(entry)) this.forgetKey(entry.db, entry.key);
    for (const slot of this.#listed) if (matches(slot.entry)) this.#listed.delete(slot);
    for (const entry of this.#clashing) if (matches(entry)) this.#clashing.delete(entry);
    for (const entry of this.#relisted) if (matches(entry)) this.#relisted.delete(entry);
  }

  /** Drops one key from memory, whatever is known of it. */
  forgetKey(db: number, key: string): void {
    this.#young.get(db)?.delete(key);
    this.#old.get(db)?.delete(key);
  }

  /** Marks a slot for the next commit. */
  touch(slot: CellSlot): void {
    if (slot.entry.mayClash) this.#noteClash(slot.entry);
    if (isSingle(slot.kind)) this.#dirtyEntries.add(slot.entry);
    else this.#dirtyMembers.add(slot);
  }

  #noteClash(entry: KeyEntry): void {
    entry.clash = undefined;
    this.#clashing.add(entry);
    this.#relisted.add(entry);
  }

  /** True where {@link takeClashing} would return something. */
  get hasClashing(): boolean {
    return this.#clashing.size > 0;
  }

  /** Keys that may have cells of several types and of which one has changed since the last call. */
  takeClashing(): readonly KeyEntry[] {
    if (this.#clashing.size === 0) return NO_ENTRIES;
    const entries = [...this.#clashing];
    this.#clashing.clear();
    return entries;
  }

  /** Marks a key's own record for the next commit. */
  touchEntry(entry: KeyEntry): void {
    this.#dirtyEntries.add(entry);
  }

  /** Keys and members to be written at the next commit. */
  get dirtyCount(): number {
    return this.#dirtyEntries.size + this.#dirtyMembers.size + this.#plain.size;
  }

  /**
   * True where the server holds what the cells say, as of the last commit. What it refused for good does not count: of that
   * it holds nothing.
   */
  get isSettled(): boolean {
    for (const { refused, pending, kind } of this.#listed) if (!refused || pending.length > 0 || kind === "t") return false;
    return true;
  }

  /** The store's list names the cell, from an earlier life. */
  noteListed(slot: CellSlot): void {
    slot.listed = true;
    this.#listed.add(slot);
  }

  /** Appends the records of everything touched. `frontier` decides what is written of pending changes. */
  collect(writes: StateWrite[], frontier: ReadonlyVector): void {
    const durable = (slot: CellSlot): readonly CellChange[] => durablePending(slot, frontier);
    if (this.#relisted.size > 0) this.#relist();
    this.#records.begin();
    for (const slot of this.#dirtyMembers) this.#collectMember(writes, slot, frontier, durable);
    for (const entry of this.#dirtyEntries) this.#collectEntry(writes, entry, frontier, durable);
    this.#records.close();
    this.#plain.collect(writes);
    // Not emptied: what was in a set that is used again outlives the young generation (name-table.ts).
    if (this.#dirtyMembers.size > 0) this.#dirtyMembers = new Set();
    if (this.#dirtyEntries.size > 0) this.#dirtyEntries = new Set();
    this.#age();
  }

  #relist(): void {
    for (const entry of this.#relisted) for (const slot of entry.loadedSlots()) if (isToBeListed(slot) !== slot.listed) this.touch(slot);
    this.#relisted.clear();
  }

  #collectMember(writes: StateWrite[], slot: CellSlot, frontier: ReadonlyVector, durable: DurablePending): void {
    const { entry } = slot;
    const key = memberKey(entry.db, entry.key, slot.kind, slot.field);
    forgetArrived(slot, frontier);
    if (isForgettable(slot.base) && durable(slot).length === 0 && !slot.shown) {
      if (slot.stored) {
        writes.push({ table: "cell", key, value: undefined });
        slot.stored = false;
        entry.memberRecords -= 1;
        entry.countsChanged = true;
      }
      if (!slot.pinned) entry.dropMember(slot);
    } else {
      if (slot.refused || hasRemains(slot.base)) this.#graves.bury(entry, slot);
      else slot.buried = 0;
      writeMember(this.#records.bytes, slot, this.#writers, durable);
      this.#records.add(writes, key);
      if (!slot.stored) {
        slot.stored = true;
        entry.memberRecords += 1;
        entry.countsChanged = true;
      }
    }
    if (slot.kind === "x") entry.noteRecord(slot);
    listSlot(writes, slot, key, this.#listed);
    if (entry.countsChanged) this.#dirtyEntries.add(entry);
  }

  #collectEntry(writes: StateWrite[], entry: KeyEntry, frontier: ReadonlyVector, durable: DurablePending): void {
    const key = entryKey(entry.db, entry.key);
    entry.countsChanged = false;
    entry.early = forgetEarly(entry.early, frontier);
    for (const slot of [entry.string, entry.whole, entry.expiry]) {
      if (!slot) continue;
      forgetArrived(slot, frontier);
      listSlot(writes, slot, key, this.#listed);
      if (!isForgettable(slot.base) || durable(slot).length > 0 || slot.shown || slot.pinned) continue;
      if (slot === entry.string) entry.string = undefined;
      else if (slot === entry.whole) entry.whole = undefined;
      else entry.expiry = undefined;
    }
    if (entry.list) listSlot(writes, entry.list, key, this.#listed);
    if (entry.list) collectList(writes, entry.list, { frontier, durable, bytes: this.#bytes, writers: this.#writers });
    // With the last of its cells goes what could come back.
    if (entry.evicted && !entry.isPresent) entry.evicted = false;
    if (keyHasRemains(entry)) this.#graves.bury(entry);
    else entry.buried = 0;
    if (!entry.forgettable) {
      writeEntry(this.#records.bytes, entry, this.#writers, durable);
      this.#records.add(writes, key);
    } else if (entry.stored) {
      writes.push({ table: "cell", key, value: undefined });
    }
    entry.stored = !entry.forgettable;
    const before = entry.evictedListed;
    listEntry(writes, entry, key);
    if (entry.evictedListed !== before) this.evicted += before ? -1 : 1;
  }

  #addMember(entry: KeyEntry, slot: CellSlot): CellSlot {
    entry.addMember(slot);
    if (slot.pending.length > 0) entry.addType(slot.kind);
    this.#youngSlots += 1;
    return slot;
  }

  /** Brings every member into memory. */
  loadMembers(entry: KeyEntry): void {
    const prefix = memberPrefix(entry.db, entry.key);
    for (const [key, bytes] of this.#store.range("cell", prefix, prefixEnd(prefix))) {
      const kind = key.charAt(prefix.length) as CellKind;
      if (kind === "l") continue;
      const name = key.slice(prefix.length + 2);
      if (entry.members.has(kind + name)) continue;
      const slot = readMember(bytes, entry, kind, name, this.#writers);
      if (!entry.members.has(kind + slot.field)) this.#addMember(entry, slot);
    }
  }

  #load(db: number, key: string): KeyEntry {
    const name = entryKey(db, key);
    const packed = this.#plain.size === 0 ? undefined : this.#plain.take(name);
    const flight = this.#flights.take(name);
    const bytes = packed ?? this.#store.get("cell", name);
    const entry = bytes ? readEntry(bytes, db, key, this.#writers, this) : new KeyEntry(db, key);
    if (packed) this.#dirtyEntries.add(entry);
    flight?.land(this.single(entry, "s"));
    if (entry.list) loadBlocks(entry.list, this.#store, this.#writers);
    return entry;
  }

  #keep(entry: KeyEntry): KeyEntry {
    let keys = this.#young.get(entry.db);
    if (!keys) this.#young.set(entry.db, (keys = new Map<string, KeyEntry>()));
    keys.set(entry.key, entry);
    this.#youngSlots += 1 + entry.members.size;
    return entry;
  }

  /** Drops the older generation, but for what is pinned. Only between commits: nothing dirty may be dropped. */
  #age(): void {
    if (this.#youngSlots <= this.#cachedSlotsMax) return;
    const old = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const [db, keys] of old) {
      const newer = this.#old.get(db);
      for (const entry of keys.values()) if (newer?.get(entry.key) !== entry && entry.pinned) this.#keep(entry);
    }
    // What stays counts only once: where much is in flight the next aging would come with the next commit.
    this.#youngSlots = 0;
  }
}

/** What of a slot's pending changes must survive a crash: those that the frontier covers; the rest comes again. */
function durablePending(slot: CellSlot, frontier: ReadonlyVector): readonly CellChange[] {
  if (!slot.excepted) return NOTHING;
  return slot.pending.filter((change) => frontier.covers(change.writer, change.hlc));
}

const NOTHING: readonly CellChange[] = [];
const NO_ENTRIES: readonly KeyEntry[] = [];

/** Drops what the cell remembers only until it has arrived. */
function forgetArrived({ base, pending }: CellSlot, frontier: ReadonlyVector): void {
  if (pending.length > 0) return;
  base.early = forgetEarly(base.early, frontier);
  base.siblings = forgetSeen(base.siblings, frontier);
}
