/**
 * Turns what a client did into changes of cells and rows of a frame. A local write replaces everything in `base`,
 * because its client could see that, and nothing that is pending (unseen.ts has what that means).
 */
import { HLC_ZERO, MutationKind, type Hlc, type Mutation, type MutationDetail, type ReadonlyVector, type WriterId } from "@meridian/words";
import { integerOfPrint, isDigest, isLive, isPresent, printOfInteger, type Cell, type Sibling } from "@meridian/merge";
import { blankMutation } from "@meridian/wire";
import { basePrint, carriesDeadline, deadlinePrint, hasOwnDeadline, isHeld, scoreText, shownPrint, SUPERSEDED } from "../keys/content.js";
import { mayReachEdge } from "./integer-edge.js";
import { absorbAll, beginSum } from "../keys/live-sums.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { bringBack } from "../apply/evicted-keys.js";
import { EXPIRY_SKEW_MS, isExpired, revive } from "../apply/server-deadlines.js";
import { setShown } from "../apply/settle.js";
import { setValue, type ValueSlice } from "../keys/value-slice.js";
import { besideSketch, holdsSketch, withoutWiped, type BesideSketch } from "./missing-registers.js";
import { awayOf, isAway, unseenDetail, type Away, type LocalTaking } from "./unseen.js";

/** Where finished mutations go; returns whether they are published. The mutation is re-used: copy what must be kept. */
export type EmitMutation = (mutation: Mutation) => boolean;

/** What local writes need of their region. */
export interface LocalWritesContext {
  /** Under whose name a key is written here. */
  readonly writerOf: (key: string) => WriterId;
  readonly keys: KeySpace;
  readonly frontier: ReadonlyVector;
  readonly emit: EmitMutation;
  readonly nowMs: () => number;
  /** The server holds something else than `base` says: it computed otherwise, and is to be corrected. */
  readonly onDiffers: (slot: CellSlot) => void;
  /** A client wrote beside these, which it had not seen. */
  readonly onMeets: (slot: CellSlot, others: readonly Sibling[]) => void;
}

const K = MutationKind;

/** Applies local commands to the cells, one method per effect. */
export class LocalWrites {
  readonly #context: LocalWritesContext;
  readonly #mutation = blankMutation();
  /** The version of the command at hand. */
  hlc: Hlc = HLC_ZERO;
  /** True from the second mutation of a transaction on. */
  continues = false;
  /** The key that the next mutation creates, and what is to be said of what remained of it. */
  #created: KeyEntry | undefined;
  #remains: MutationDetail | undefined;

  constructor(context: LocalWritesContext) {
    this.#context = context;
  }

  /** Under whose name a key is written here. */
  writerOf(key: string): WriterId {
    return this.#context.writerOf(key);
  }

  /** SET: the string's value and deadline; everything else of the key goes, also where it was evicted: clients here could see it before. */
  putString(entry: KeyEntry, print: string, value: ValueSlice, deadline: number): void {
    this.#putContent("s", entry, print, value, deadline);
  }

  /** SET of a key whose string was replaced packed ({@link KeySpace.replacePlain}): as far as is known, it creates the key. */
  tellPlain(db: number, key: string, value: ValueSlice): void {
    const m = this.#begin(K.PutString, db, key);
    m.creates = true;
    m.detail = undefined;
    m.number = Infinity;
    setValue(m, value);
    this.#send(m);
  }

  /** A value replicated as a whole; everything else of the key goes. */
  putWhole(entry: KeyEntry, print: string, value: ValueSlice, deadline: number): void {
    this.#putContent("w", entry, print, value, deadline);
  }

  #putContent(kind: "s" | "w", entry: KeyEntry, print: string, value: ValueSlice, deadline: number): void {
    const others = this.#others(entry, kind);
    const slot = this.#context.keys.single(entry, kind);
    entry.evicted = false;
    if (!entry.isPresent) this.#create(entry, [slot, ...others]);
    const detail = this.#detail([slot, ...others]);
    for (const other of others) this.#clear(other); // first: beside the value it would be hidden, and what is hidden goes
    this.replace(slot, print, deadline, value);
    this.#revive(entry);
    // What is given back beside the value may have no deadline, or a longer one: the server holds that of the value.
    if (slot.base.siblings.length > 1) this.#show(this.#context.keys.single(entry, "t"), deadlinePrint(deadline));
    this.#emit(kind === "s" ? K.PutString : K.PutWhole, entry, "", detail, (m) => {
      m.number = deadline;
      setValue(m, value);
    });
  }

  /** A sketch as it was read: its registers take the place of all that the server held; the deadline stays. */
  putSketch(entry: KeyEntry, print: string, read: ValueSlice): void {
    this.beforeWrite(entry);
    const slot = this.#context.keys.single(entry, "s");
    const sketch = besideSketch(slot, this.writerOf(entry.key), print, read);
    const detail = this.#detail([slot], NO_SLOTS, false, sketch.away);
    this.replace(slot, sketch.print, SUPERSEDED, sketch.value, sketch);
    this.#show(slot, print);
    this.#emit(K.PutSketch, entry, "", detail, (m) => setValue(m, sketch.value));
  }

  /** A mutation of a list's elements, whose sequence is the caller's: `field` and `value` as the kind has them. */
  emitElements(kind: MutationKind, slot: CellSlot, field: string, value: ValueSlice): void {
    this.#emit(kind, slot.entry, field, this.#detail([slot]), (m) => setValue(m, value));
  }

  /** HSET of one field. */
  putField(entry: KeyEntry, field: string, print: string, value: ValueSlice): void {
    this.beforeWrite(entry);
    const slot = this.#context.keys.member(entry, "h", field);
    const detail = this.#detail([slot]);
    this.replace(slot, print, 0, value);
    this.#emit(K.PutField, entry, field, detail, (m) => setValue(m, value));
  }

  /** SADD of one member. */
  addMember(entry: KeyEntry, member: string): void {
    this.beforeWrite(entry);
    const slot = this.#context.keys.member(entry, "e", member);
    const detail = this.#detail([slot]);
    this.replace(slot, "", 0, undefined);
    this.#emit(K.AddMember, entry, member, detail);
  }

  /** ZADD of one member. */
  putScore(entry: KeyEntry, member: string, score: number): void {
    this.beforeWrite(entry);
    const slot = this.#context.keys.member(entry, "z", member);
    const detail = this.#detail([slot]);
    this.replace(slot, "", score, undefined);
    this.#emit(K.PutScore, entry, member, detail, (m) => {
      m.number = score;
    });
  }

  /** Changes what `base` says of one cell to what the server holds: for commands that stand in a file of their own. */
  changeCell(slot: CellSlot, change: (cell: Cell) => void): void {
    slot.changeBase(change);
    this.#settle(slot);
    this.#context.keys.touch(slot);
  }

  /** Publishes a mutation of one cell, with what of `slots` its client had not seen. */
  tell(kind: MutationKind, entry: KeyEntry, field: string, slots: readonly CellSlot[], value?: Buffer, number = 0, birth = this.hlc): void {
    const detail = slots.some(({ excepted }) => excepted) ? this.#detail(slots) : undefined;
    this.#emit(kind, entry, field, detail, (m) => {
      m.number = number;
      m.birth = birth;
      if (value) setValue(m, { bytes: value, start: 0, end: value.length });
    });
  }

  /** HDEL, SREM, ZREM of one member. Nothing where it is not there. */
  removeMember(entry: KeyEntry, kind: "h" | "e" | "z", field: string): void {
    const slot = this.#context.keys.knownMember(entry, kind, field);
    if (!slot || (!isPresent(slot.base) && shownPrint(slot) === undefined)) return;
    const detail = this.#detail([slot]);
    this.#clear(slot);
    this.#emit(kind === "h" ? K.RemoveField : kind === "e" ? K.RemoveMember : K.RemoveScore, entry, field, detail);
  }

  /** INCRBY and HINCRBY. */
  incrementInteger(slot: CellSlot, amount: bigint): void {
    this.beforeWrite(slot.entry);
    // Far from the edge of 64 bits, and where it held what `base` says, the server computes what we do.
    const mayDiffer = slot.shown !== undefined || mayReachEdge(slot.base);
    const shown = mayDiffer ? shownPrint(slot) : undefined;
    const sum = this.#raise(slot, amount);
    if (mayDiffer) {
      const before = shown === undefined ? 0n : integerOfPrint(shown);
      this.#show(slot, before === undefined ? shown : printOfInteger(before + amount));
    }
    this.#emitSum(slot.kind === "s" ? K.IncrementString : K.IncrementField, slot, sum);
  }

  /** ZINCRBY: the server adds doubles; we add exactly. Where these differ the server will be corrected. */
  incrementScore(slot: CellSlot, amount: bigint, shownAfter: number): void {
    this.beforeWrite(slot.entry);
    this.addToSum(K.IncrementScore, slot, amount, `=${scoreText(shownAfter)}`);
  }

  /** Raises this writer's sum of a cell, of which the server holds `print` afterwards. Call {@link beforeWrite} before. */
  addToSum(kind: MutationKind, slot: CellSlot, amount: bigint, print: string): void {
    const sum = this.#raise(slot, amount, kind === K.IncrementDecimal || kind === K.IncrementDecimalField);
    this.#show(slot, print);
    this.#emitSum(kind, slot, sum);
  }

  /** PEXPIREAT, or PERSIST with `Infinity`. */
  putExpiry(entry: KeyEntry, deadline: number): void {
    const slot = this.#context.keys.single(entry, "t");
    // The deadlines that strings bring along are replaced too, but not those of strings that no client has seen yet.
    const detail = this.#detail([slot], [entry.string, entry.whole]);
    this.replace(slot, "", deadline, undefined);
    this.#supersede(entry.string);
    this.#supersede(entry.whole);
    this.#emit(K.PutExpiry, entry, "", detail, (m) => {
      m.number = deadline;
    });
  }

  /**
   * DEL: everything of the key that its client could see, and of a sketch also what others add unseen. Nothing where
   * nothing is known of the key. `isRenewed`: a sketch comes with the same version, and must not be taken for deleted.
   */
  removeKey(entry: KeyEntry, isRenewed = false): void {
    const slots = this.#context.keys.allSlots(entry);
    const holdsAny = ({ shown, list }: CellSlot): boolean => shown?.print !== undefined || (list?.sequence.count ?? 0) > 0;
    if (!entry.blind && !slots.some((slot) => isPresent(slot.base) || holdsAny(slot))) return;
    const detail = this.#detail(slots);
    const sketch = entry.string && holdsSketch(entry.string.base) ? entry.string : undefined;
    for (const slot of slots) this.#clear(slot);
    this.#revive(entry);
    this.#emit(K.RemoveKey, entry, "", detail);
    if (sketch && !isRenewed) this.#wipe(sketch, detail);
  }

  #wipe(slot: CellSlot, detail: MutationDetail | undefined): void {
    slot.changeBase((cell) => withoutWiped(cell, { writer: this.writerOf(slot.entry.key), hlc: this.hlc }));
    this.#show(slot, undefined);
    this.#emit(K.PutSketch, slot.entry, "", detail, (m) => setValue(m, NO_VALUE));
  }

  /**
   * The server dropped the key at its deadline. Nothing is published: every region does so by itself. Where a longer
   * deadline has become known since, the key is brought back.
   */
  expire(entry: KeyEntry, nowMs: number): void {
    for (const slot of this.#context.keys.allSlots(entry)) {
      slot.shown = undefined;
      if (slot.issued) slot.raced = true;
      this.#context.keys.touch(slot);
    }
    entry.expired = true;
    this.#context.keys.touchEntry(entry);
    if (!isExpired(entry, nowMs)) revive(entry, this.#context.keys, this.#context.onDiffers);
  }

  /**
   * Before every write but those of a whole key. A key that comes into being must not inherit what the server has already
   * dropped, here or in regions that still remember it: the next mutation says that it creates the key. Nothing may come
   * between the two.
   */
  beforeWrite(entry: KeyEntry): void {
    if (entry.evicted) bringBack(entry, this.#context.keys, this.#context.onDiffers);
    if (entry.isPresent) {
      if ((entry.expiry === undefined && !hasOwnDeadline(entry)) || isHeld(entry)) return;
      // The server is about to get the rest of the key back: what the client makes now has no deadline yet.
      if (!isExpired(entry, this.#context.nowMs() - 2 * EXPIRY_SKEW_MS)) return this.#show(this.#context.keys.single(entry, "t"), undefined);
      // It never got it, or not in time: dead all the same, and other regions may have forgotten it.
      this.expire(entry, this.#context.nowMs());
    }
    if (this.#created === entry || isHeld(entry)) return;
    const slots = entry.memberRecords > 0 ? this.#context.keys.allSlots(entry) : [...entry.loadedSlots()];
    this.#create(entry, slots);
    for (const slot of slots) this.#clear(slot);
    this.#revive(entry);
  }

  #create(entry: KeyEntry, slots: readonly CellSlot[]): void {
    this.#created = entry;
    this.#remains = slots.length === 0 ? undefined : this.#detail(slots, NO_SLOTS, true);
  }

  /** From here on the key's content is known, whatever it was before. */
  #revive(entry: KeyEntry): void {
    if (!entry.expired && !entry.blind) return;
    entry.expired = false;
    entry.blind = false;
    this.#context.keys.touchEntry(entry);
  }

  /** The slots of a key that a write of its whole content takes away beside its own. */
  #others(entry: KeyEntry, own: "s" | "w"): readonly CellSlot[] {
    const other = own === "s" ? entry.whole : entry.string;
    if (entry.memberRecords === 0 && entry.members.size === 0 && !entry.expiry && !entry.list && !other) return NO_SLOTS;
    return this.#context.keys.allSlots(entry).filter((slot) => slot.kind !== own);
  }

  /** A local write to one cell: the server holds it afterwards, and nothing else that it held. */
  replace(slot: CellSlot, print: string, number: number, value: ValueSlice | undefined, beside?: BesideSketch): void {
    // The value may be hidden or overwritten by an apply that is under way: then only we hold it.
    const keep = value !== undefined && (beside?.isKept || (slot.pending.length > 0 && isDigest(print)));
    const held = keep ? Buffer.from(value.bytes.subarray(value.start, value.end)) : undefined;
    const writer = this.#context.writerOf(slot.entry.key);
    const away = beside?.away ?? awayOf(slot, writer);
    slot.changeBase((cell) => {
      cell.siblings = [{ writer, hlc: this.hlc, print, number, value: held }];
      absorbAll(cell);
    });
    this.#settle(slot);
    this.#giveBack(slot, away);
    this.#context.keys.touch(slot);
  }

  #clear(slot: CellSlot): void {
    const away = awayOf(slot, this.writerOf(slot.entry.key));
    slot.list?.clear();
    slot.emptyBase((cell) => {
      cell.siblings = [];
      absorbAll(cell);
    });
    this.#settle(slot);
    this.#giveBack(slot, away);
    this.#context.keys.touch(slot);
  }

  /** What no client has seen stands beside what one has written, and is yet to be written to the server. */
  #giveBack(slot: CellSlot, { siblings, sums }: Away): void {
    if (siblings.length + sums.length === 0) return;
    const print = basePrint(slot);
    slot.changeBase((cell) => {
      cell.siblings = [...cell.siblings, ...siblings];
      cell.sums = cell.sums.map((sum) => sums.find(({ writer, birth }) => writer === sum.writer && birth === sum.birth) ?? sum);
    });
    this.#show(slot, print);
    if (slot.base.siblings.length > 1) this.#context.onMeets(slot, siblings);
  }

  /** The server holds what `base` says now. */
  #settle(slot: CellSlot): void {
    slot.shown = undefined;
    slot.refused = false;
    if (slot.issued) slot.raced = true;
  }

  #show(slot: CellSlot, print: string | undefined): void {
    if (setShown(slot, print) === "differs") this.#context.onDiffers(slot);
  }

  #supersede(slot: CellSlot | undefined): void {
    if (!slot || !carriesDeadline(slot) || slot.base.siblings.length === 0 || isAway(slot)) return;
    slot.base.siblings = slot.base.siblings.map((sibling) => ({ ...sibling, number: SUPERSEDED }));
    this.#context.keys.touch(slot);
  }

  #raise(slot: CellSlot, amount: bigint, isDecimal = false): Cell["sums"][number] {
    const writer = this.writerOf(slot.entry.key);
    // Of a sum that was taken away nothing may be needed any more, anywhere: what comes now is another one.
    let sum = slot.base.sums.find((known) => known.writer === writer && isLive(known) && (known.decimal ?? false) === isDecimal);
    slot.changeBase((cell) => {
      sum ??= beginSum(cell, writer, this.hlc, isDecimal);
      sum.sum += amount;
      sum.upTo = this.hlc;
    });
    if (slot.issued) slot.raced = true;
    this.#context.keys.touch(slot);
    return sum as Cell["sums"][number];
  }

  #emitSum(kind: MutationKind, slot: CellSlot, sum: Cell["sums"][number]): void {
    this.#emit(kind, slot.entry, slot.field, undefined, (m) => {
      m.birth = sum.birth;
      m.sum = sum.sum;
    });
  }

  #emit(kind: MutationKind, entry: KeyEntry, field: string, detail: MutationDetail | undefined, fill?: (m: Mutation) => void): void {
    const m = this.#begin(kind, entry.db, entry.key);
    m.field = field;
    m.creates = this.#created === entry;
    m.detail = m.creates ? (this.#remains ?? detail) : detail;
    this.#created = undefined;
    fill?.(m);
    this.#send(m);
  }

  #begin(kind: MutationKind, db: number, key: string): Mutation {
    const m = this.#mutation;
    m.kind = kind;
    m.hlc = this.hlc;
    m.continues = this.continues;
    m.db = db;
    m.key = key;
    m.field = "";
    return m;
  }

  #send(m: Mutation): void {
    if (this.#context.emit(m)) this.continues = true;
  }

  /** What the context alone does not say: increments taken away, and dots that it covers but the client has not seen. */
  #detail(slots: readonly CellSlot[], carriers: LocalTaking["carriers"] = NO_SLOTS, creates = false, away?: Away): MutationDetail | undefined {
    const first = slots[0];
    const isPlain = first !== undefined && first.base.sums.length === 0 && first.pending.length === 0 && !first.shown;
    if (slots.length === 1 && isPlain && carriers === NO_SLOTS) return undefined;
    const writer = this.writerOf(first?.entry.key ?? "");
    return unseenDetail({ slots, carriers, creates, away, writer, frontier: this.#context.frontier });
  }
}

const NO_SLOTS: readonly CellSlot[] = [];
const NO_VALUE: ValueSlice = { bytes: Buffer.alloc(0), start: 0, end: 0 };
