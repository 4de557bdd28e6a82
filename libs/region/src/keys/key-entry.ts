/**
 * What the agent remembers of one key: its cells, each with two states.
 *
 * - `base` (the *view*) is what the server holds, reconstructed from its stream so far: every change whose mark stands
 *   earlier in the stream, and every local write.
 * - `pending` are the changes received but not yet seen in the stream. Base merged with them is the *target*.
 *
 * A local write replaces what is in `base`, never what is pending: its client cannot have seen that.
 */
import { emptyCell, groupStart, isPresent, type Cell, type CellChange, type EarlyContext } from "@meridian/merge";
import type { CellName } from "@meridian/mark";
import { HLC_ZERO, type CellKind, type Hlc, type Unseen } from "@meridian/words";
import { ListState } from "./list-state.js";
import type { ClashView } from "../apply/type-clash.js";

/** What the server holds where that differs from what `base` says it should: `print` undefined means nothing. */
export interface Shown {
  readonly print: string | undefined;
}

/** What can hold a key's content: cells of one of these types are visible at a time. */
export type ValueType = Exclude<CellKind, "t" | "g">;

/** The type that cells of a kind belong to; undefined for deadlines, which go with every type. */
export function typeOfKind(kind: CellKind): ValueType | undefined {
  return kind === "t" ? undefined : kind === "g" ? "x" : kind;
}

/** Types as bits of a number. */
const TYPE_BIT: Readonly<Record<CellKind, number>> = { t: 0, s: 1, w: 2, h: 4, e: 8, z: 16, l: 32, x: 64, g: 64 };

/** Brings a key's members into memory. */
export interface MemberSource {
  loadMembers(entry: KeyEntry): void;
}

/** An apply of a cell that is on its way to the server. */
export interface Issue {
  readonly seq: number;
  /** `raise`: registers of a sketch were raised, whatever they were. */
  readonly how: "nothing" | "write" | "increment" | "raise";
  /** For increments: what the server's number rises by. */
  readonly delta: bigint;
  /** The increment is of decimals, in multiples of 10^-17. */
  readonly isDecimal?: boolean;
  /** For writes that set the key's deadline too: its print. */
  readonly deadline: string | undefined;
  /** For writes that leave the cell as they say whatever was there before: the print of that, undefined for nothing. */
  readonly leaves?: { readonly print: string | undefined };
  /** Of a deadline: it goes with the value that it belongs to, and has no operation of its own. */
  readonly isCarried?: boolean;
  /** The cell goes because its key changes its type. */
  readonly converts?: boolean;
  /** The server made room and dropped the key meanwhile: that is what was in the way of a script that found something else. */
  readonly dropped?: boolean;
}

/** Kinds of cells of which a key has many. */
export type MemberKind = "h" | "e" | "z" | "x" | "g";

// Shared by all keys and cells that have none: most keys are plain strings, and most cells have nothing pending.
const NO_CHANGES: readonly CellChange[] = Object.freeze([]);
const NO_EARLY: readonly KeyContext[] = Object.freeze([]);
const NO_FIELDS: ReadonlySet<string> = new Set();
const NO_MEMBERS: ReadonlyMap<string, CellSlot> = new Map();
const NONE_PRESENT: Readonly<Record<MemberKind, number>> = Object.freeze(nonePresent());

/** A context that covers cells of a whole key. One dot may stand in several of them, so what it excepts names the cell. */
export type KeyContext = EarlyContext<Unseen>;

/** One cell of one key, in memory. */
export class CellSlot {
  readonly entry: KeyEntry;
  readonly kind: CellKind;
  readonly field: string;
  base: Cell = emptyCell();
  pending: readonly CellChange[] = NO_CHANGES;
  /** The pending changes are covered by the frontier: a mark named this cell as left out. */
  excepted = false;
  /** The last batch in flight that names this cell as deferred, by its sequence number; 0: none. */
  deferred = 0;
  shown: Shown | undefined;
  /** Of a whole value that was restored: its print, and how the server's own DUMP of it prints. Not kept in the store. */
  restored: { readonly print: string; readonly held: string } | undefined;
  /** Reading the key was refused: what the server holds of it cannot be kept. */
  unreadable = false;
  issued: Issue | undefined;
  /** A local write was captured since the apply in flight was issued. */
  raced = false;
  /** What the server holds is not known until it has been read. */
  unsure = false;
  /** The server refused the value for good; it is not sent again until something changes. */
  refused = false;
  /** The store's list of cells to look after at the next start names this one. */
  listed = false;
  /** The bucket of graves.ts that names this member; 0: none. */
  buried = 0;
  /** A record of this slot stands in the store (members only). */
  stored = false;
  /** Of a list: its elements. `base` holds nothing then. */
  readonly list: ListState | undefined;

  constructor(entry: KeyEntry, kind: CellKind, field: string) {
    this.entry = entry;
    this.kind = kind;
    this.field = field;
    this.list = kind === "l" ? new ListState() : undefined;
  }

  /** True where the slot cannot be dropped from memory. */
  get pinned(): boolean {
    return this.pending.length > 0 || this.issued !== undefined || this.unsure || this.shown !== undefined;
  }

  /** True where there is a reason to apply the cell, or to tell in a mark that it needs nothing. */
  get needsAttention(): boolean {
    return this.pending.length > 0 || this.excepted || this.deferred !== 0 || this.shown !== undefined || this.unsure;
  }

  /** As marks call it. */
  get name(): CellName {
    return { db: this.entry.db, kind: this.kind, key: this.entry.key, field: this.field };
  }

  /** Appends a received change. */
  addPending(change: CellChange): void {
    this.entry.addType(this.kind);
    // A list that is not shared belongs to this slot alone.
    if (this.pending.length === 0) this.pending = [change];
    else (this.pending as CellChange[]).push(change);
  }

  /** Changes `base` and keeps the key's count of present members. */
  changeBase(change: (cell: Cell) => void): void {
    this.entry.addType(this.kind);
    this.#change(change);
  }

  /** Takes things out of `base`: no type comes to the key with that, and what a command has said of its other cells stays true. */
  emptyBase(change: (cell: Cell) => void): void {
    this.entry.clash = undefined;
    this.#change(change);
  }

  #change(change: (cell: Cell) => void): void {
    const kind = this.kind;
    if (!isMemberKind(kind)) {
      change(this.base);
      return;
    }
    const before = isMember(kind, this.base);
    change(this.base);
    const after = isMember(kind, this.base);
    if (before === after) return;
    this.entry.count(kind, after ? 1 : -1);
    this.entry.countsChanged = true;
  }
}

/** True for kinds of cells of which a key has many. */
export function isMemberKind(kind: CellKind): kind is MemberKind {
  return kind === "h" || kind === "e" || kind === "z" || kind === "x" || kind === "g";
}

/** A group that was removed leaves something behind that is not there. */
function isMember(kind: MemberKind, cell: Cell): boolean {
  return kind === "g" ? groupStart(cell) !== undefined : isPresent(cell);
}

/** One key. */
export class KeyEntry {
  readonly db: number;
  readonly key: string;
  /** Types of which the key has, or may have, a cell, in `base` or pending: one bit for each. */
  #types = 0;
  /** What is known of a key of several types, until one of its cells changes. */
  clash: ClashView | undefined;
  /** Where members come from that are not in memory yet. */
  #source: MemberSource | undefined;
  /** String value, whole value, list and expiry: loaded with the entry. */
  string: CellSlot | undefined;
  whole: CellSlot | undefined;
  list: CellSlot | undefined;
  expiry: CellSlot | undefined;
  #members: Map<string, CellSlot> | undefined;
  /** Members present in `base`, per kind, loaded or not. */
  present: Readonly<Record<MemberKind, number>> = NONE_PRESENT;
  /** Members with a record in the store, loaded or not. */
  memberRecords = 0;
  /** Contexts of removals of the whole key that ran ahead of what was received. */
  early: readonly KeyContext[] = NO_EARLY;
  /** The key's content is unknown since a command whose result the stream does not carry; a read is to come. */
  blind = false;
  /** It is blind only because of the first import: all commands are known, so what a read does not find no client has removed. */
  doubted = false;
  /** Of a register: the version of a client's last command since it was read, whether or not that changed it; 0: there was none. */
  rewritten: Hlc = HLC_ZERO;
  /** The server dropped the key at its deadline: cells remain, for a longer deadline may still arrive. */
  expired = false;
  /** The server made room and dropped the key: cells remain, nothing of them is under way ([EVICTION.md](../../EVICTION.md)). */
  evicted = false;
  /** The store's list of evicted keys names this one. */
  evictedListed = false;
  /** The read that will resolve `blind` or `unsure`, or 0. */
  reading = 0;
  /** The bucket of graves.ts that names this key; 0: none. */
  buried = 0;
  /** A client trimmed the stream; which entries it took is to be read. */
  trimmed = false;
  /** The store's list of streams to look at at the next start names this one. */
  trimListed = false;
  /** Entries of a stream that are in memory and have no record in the store. */
  #fresh: Set<string> | undefined;
  /** A record of this entry stands in the store. */
  stored = false;
  /** `present` or `memberRecords` differ from what the record says. */
  countsChanged = false;
  /** The store's list of keys to read at the next start names this one. */
  listed = false;

  constructor(db: number, key: string, source?: MemberSource) {
    this.db = db;
    this.key = key;
    this.#source = source;
  }

  /** True where cells of several types may be there: only then may one hide another. */
  get mayClash(): boolean {
    return (this.#types & (this.#types - 1)) !== 0;
  }

  /** True where cells of several types may be there once one of `kind` is. */
  mayClashWith(kind: CellKind): boolean {
    const types = this.#types | TYPE_BIT[kind];
    return (types & (types - 1)) !== 0;
  }

  /** Notes that a cell of a type may be there, and that what was known of several is old. */
  addType(kind: CellKind): void {
    this.#types |= TYPE_BIT[kind];
    this.clash = undefined;
  }

  /** Notes which types have cells: all others have none. */
  narrowTypes(types: Iterable<ValueType>): void {
    this.#types = 0;
    for (const type of types) this.#types |= TYPE_BIT[type];
  }

  /** Brings every member into memory. */
  loadMembers(): void {
    const source = this.#source;
    this.#source = undefined;
    if (this.memberRecords > 0) source?.loadMembers(this);
  }

  /** Loaded fields and members, by kind and name. */
  get members(): ReadonlyMap<string, CellSlot> {
    return this.#members ?? NO_MEMBERS;
  }

  /** Fields of entries without a record. */
  get fresh(): ReadonlySet<string> {
    return this.#fresh ?? NO_FIELDS;
  }

  addMember(slot: CellSlot): void {
    if (slot.kind === "x" && !slot.stored) (this.#fresh ??= new Set()).add(slot.field);
    this.#members ??= new Map();
    this.#members.set(slot.kind + slot.field, slot);
  }

  /** An entry's record was written, or removed, or is not needed yet: one in memory that has none is found by its name here. */
  noteRecord(slot: CellSlot): void {
    if (!slot.stored && this.members.get(slot.kind + slot.field) === slot) (this.#fresh ??= new Set()).add(slot.field);
    else this.#fresh?.delete(slot.field);
  }

  dropMember(slot: CellSlot): void {
    this.#members?.delete(slot.kind + slot.field);
  }

  /** Notes that members of a kind came into being or went. */
  count(kind: MemberKind, change: number): void {
    // Counts that are not shared belong to this key alone.
    const own = this.present === NONE_PRESENT ? nonePresent() : (this.present as Record<MemberKind, number>);
    own[kind] += change;
    this.present = own;
  }

  /** True where nothing needs to be remembered. */
  get forgettable(): boolean {
    const hasCells = this.string ?? this.whole ?? this.list ?? this.expiry;
    return !hasCells && this.memberRecords === 0 && this.early.length === 0 && !this.blind && !this.expired && !this.evicted;
  }

  /** True where the entry cannot be dropped from memory. */
  get pinned(): boolean {
    if (this.blind || this.trimmed || this.reading !== 0) return true;
    if (this.string?.pinned || this.whole?.pinned || this.list?.pinned || this.expiry?.pinned) return true;
    for (const slot of this.members.values()) if (slot.pinned) return true;
    return false;
  }

  /** How many members are present in `base`, of any kind. */
  get presentMembers(): number {
    return this.present.h + this.present.e + this.present.z + this.present.x + this.present.g;
  }

  /** True where `base` says that the server holds the key. */
  get isPresent(): boolean {
    if (this.expired) return false;
    if (this.string && isPresent(this.string.base)) return true;
    if (this.whole && isPresent(this.whole.base)) return true;
    return this.presentMembers > 0 || (this.list?.list?.sequence.count ?? 0) > 0;
  }

  /** Every slot in memory. */
  *loadedSlots(): Generator<CellSlot> {
    if (this.string) yield this.string;
    if (this.whole) yield this.whole;
    if (this.list) yield this.list;
    if (this.expiry) yield this.expiry;
    yield* this.members.values();
  }
}

function nonePresent(): Record<MemberKind, number> {
  return { h: 0, e: 0, z: 0, x: 0, g: 0 };
}
