/**
 * The conflict ledger of one region: what merging chose and what it hid, kept for a time. Records are committed with the
 * cells that they are about, and a conflict is recorded once: what is merged again after a crash adds nothing.
 *
 * Limits: `bytesMax` and `ageMsMax`, the oldest records go first; values beyond `valueBytesMax` are not kept, their
 * length is.
 */
import {
  doubleOf,
  emptyCell,
  findLosers,
  findMoved,
  findRegisterLoser,
  forgetEarly,
  idOfField,
  isWholePrint,
  sameDot,
  survivorOf,
  winnerOf,
  type Cell,
  type CellChange,
  type CellConflict,
  type ChangeAction,
  type ConflictRule,
  type Position,
  type Sibling,
} from "@meridian/merge";
import { HLC_ZERO, regionOf, type CellKind, type Dot, type Mutation, type ReadonlyVector, type WriterId } from "@meridian/words";
import { ConflictPages, newestMsOf, PAGE_RECORDS, readPage } from "./conflict-page.js";
import { conflictId } from "./conflict-record.js";
import { CONFLICT_HEAD, conflictIdKey, conflictKey, EMPTY_HEAD, readHead, type ConflictHead } from "./conflict-store.js";
import { SUPERSEDED } from "../keys/content.js";
import { countName, type RegionCounters } from "../counters.js";
import type { StateReader, StateWrite } from "../effects.js";
import type { RegionLimits } from "../region-limits.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { TYPE_NAME } from "../apply/plan.js";
import type { KeyPolicies } from "../policies/live-policies.js";
import { clashView, isHidden } from "../apply/type-clash.js";

/** How much a ledger keeps. */
export interface ConflictLimits {
  /** Bytes of records and their names in the store. */
  readonly bytesMax: number;
  readonly ageMsMax: number;
  /** Losing values longer than this are not kept. */
  readonly valueBytesMax: number;
}

/** What is kept where nothing else is said: 64 MiB, a week, values up to 64 KiB. */
export const CONFLICT_LIMITS: ConflictLimits = { bytesMax: 64 * 2 ** 20, ageMsMax: 7 * 24 * 3_600_000, valueBytesMax: 64 * 1024 };

/** What a page takes in the store beside its own bytes. */
const OVERHEAD_BYTES = 80;
/** Records forgotten because of their age in one commit, to the end of a page: the rest goes with the next. */
const AGED_MAX = 256;
/**
 * Of two values a pair is told when it comes into being, which merging sees by itself. These are found again whenever the
 * key is looked at: whether they are recorded is remembered by name.
 */
const FOUND_AGAIN: ReadonlySet<ConflictRule> = new Set(["expiry", "remove", "hidden", "clamped", "type", "home", "moved"]);
const NAMED = Buffer.from("1");

/** What a ledger is told of its region. */
export interface ConflictLedgerOptions {
  readonly writer: WriterId;
  readonly store: StateReader;
  readonly conflicts?: ConflictLimits;
  readonly limits?: RegionLimits;
}

/** See the module's comment. */
export class ConflictLedger {
  readonly #writer: WriterId;
  readonly #writerOf: (key: string) => WriterId;
  readonly #store: StateReader;
  readonly #limits: ConflictLimits;
  readonly #counters: RegionCounters;
  readonly #nowMs: () => number;
  #head: ConflictHead;
  #oldestMs: number | undefined;
  /** Not committed yet. */
  readonly #fresh: ConflictPages;
  /** Names of what is not committed yet and can be found again. */
  readonly #named = new Set<string>();

  /** `writerOf`: under whose name this region writes a key. */
  constructor(options: ConflictLedgerOptions, counters: RegionCounters, nowMs: () => number, writerOf: (key: string) => WriterId) {
    this.#writer = options.writer;
    this.#writerOf = writerOf;
    this.#fresh = new ConflictPages(options.limits?.pageRecords ?? PAGE_RECORDS);
    this.#store = options.store;
    this.#limits = options.conflicts ?? CONFLICT_LIMITS;
    this.#counters = counters;
    this.#nowMs = nowMs;
    this.#head = readHead(options.store) ?? EMPTY_HEAD;
    this.#oldestMs = this.#ageOfFirst();
  }

  /** Received changes were merged into a cell that was `before`. Called where more than one write stands in it. */
  merged(slot: CellSlot, before: readonly Sibling[]): void {
    // Of existence there is no value, and entries of one id stand beside each other.
    if (slot.kind === "t" || slot.kind === "x" || slot.kind === "g") return;
    findLosers(before, slot.base, slot.kind === "z", (conflict) => this.#record(slot.entry, slot.kind, slot.field, conflict));
  }

  /** A value was merged into an element of a list, which held `before`. Of several that were set at once the latest is visible. */
  element({ entry }: CellSlot, position: Position, before: readonly Sibling[], siblings: readonly Sibling[]): void {
    if (siblings.length < 2) return;
    const name = elementName(position);
    findLosers(before, { ...emptyCell(), siblings }, false, (conflict) => this.#record(entry, "l", name, { ...conflict, rule: "element" }));
  }

  /** Entries of a stream have met under one id. */
  moved({ entry, field, base }: CellSlot): void {
    findMoved(base, field, (conflict) => this.#record(entry, "x", idOfField(field), conflict));
  }

  /** A removal was merged. It lost where a write of this region's own, which could not see it, stands on. */
  removed(slot: CellSlot, cell: Cell, change: CellChange): void {
    if (slot.kind === "t") return;
    const winner = survivorOf(cell, this.#writerOf(slot.entry.key));
    if (!winner) return;
    const isOfKey = change.action === "delete";
    // A key that is written anew after it expired removes what is left of it: no client did.
    if (isOfKey && makesAnew(slot.entry, change)) return;
    const loser = { writer: change.writer, hlc: change.hlc };
    const winnerPrint = isOfKey ? "" : (winnerOf(cell)?.print ?? "");
    const lost = { rule: "remove" as const, loser, since: change.hlc, winner, print: "", value: undefined, winnerPrint };
    this.#record(slot.entry, isOfKey ? "k" : slot.kind, isOfKey ? "" : slot.field, lost);
  }

  /** A write of a key that is one register is about to be merged: the later of the two stands. */
  meets(slot: CellSlot, cell: Cell, change: CellChange): void {
    const conflict = findRegisterLoser(cell, change);
    if (conflict) this.#record(slot.entry, slot.kind, slot.field, conflict);
  }

  /** All cells of a mark are merged: of several deadlines that had not seen each other the longest holds. */
  deadlines(entry: KeyEntry): void {
    const { string, whole, expiry } = entry;
    const all: Deadline[] = [];
    for (const slot of [string, whole, expiry]) {
      // What was left out may take one of them away; it is asked again when that has come.
      if (slot?.excepted) return;
      // What is hidden behind another type has no say.
      if (slot && !isHidden(slot)) addDeadlines(slot, all);
    }
    if (all.length < 2 || !entry.isPresent) return;
    const best = all.reduce((a, b) => (b.sibling.number > a.sibling.number ? b : a));
    for (const lost of all) {
      if (lost.sibling.number === best.sibling.number || isToldOfValue(lost, best)) continue;
      const { writer, hlc } = lost.sibling;
      const print = deadlineText(lost.sibling.number);
      const winner = { writer: best.sibling.writer, hlc: best.sibling.hlc };
      this.#record(entry, "t", "", { rule: "expiry", loser: { writer, hlc }, since: hlc, winner, print, value: undefined, winnerPrint: deadlineText(best.sibling.number) });
    }
  }

  /**
   * All cells of a mark are merged: of several types the one with the newest write is visible, and hides the others. `merged`: all that
   * is merged. What its writer has seen and this region not yet may take the other away: it is asked again when that has come.
   */
  types(entry: KeyEntry, merged: ReadonlyVector): void {
    if (!entry.mayClash) return;
    const { base, baseType } = clashView(entry);
    const visible = baseType && base.get(baseType);
    if (!visible || base.size < 2) return;
    const winnerPrint = `=${TYPE_NAME[baseType]}`;
    // What was left out may take one of them away; it is asked again when that has come.
    for (const { excepted } of entry.loadedSlots()) if (excepted) return;
    if (forgetEarly(visible.slot.list?.sequence.early ?? visible.slot.base.early, merged).length > 0) return;
    for (const [type, { dot, slot }] of base) {
      if (type === baseType) continue;
      const { print, value } = contentOf(slot, dot);
      const lost = { rule: "type" as const, loser: dot, since: dot.hlc, winner: visible.dot, print, value, winnerPrint };
      this.#record(entry, slot.kind, slot.kind === "x" && slot.field !== "" ? idOfField(slot.field) : slot.field, lost);
    }
  }

  /** This region wrote a key. Outside of the key's home every write is counted, and recorded once as long as it is remembered. */
  written({ db, key, hlc }: Mutation, policies: Pick<KeyPolicies, "of">): void {
    const policy = policies.of(key);
    if (policy.kind !== "home" || policy.region === regionOf(this.#writer)) return;
    const loser = { writer: this.#writer, hlc };
    const winnerPrint = `=${policy.region}`;
    const conflict = { rule: "home" as const, loser, since: HLC_ZERO, winner: undefined, print: "", value: undefined, winnerPrint };
    if (this.#record({ db, key }, "k", "", conflict)) return;
    this.#counters.conflicts += 1;
    countName(this.#counters.conflictsByRule, "home");
  }

  /** Appends what is to be committed: new records, and the removal of those that are too old or too many. */
  collect(writes: StateWrite[], nowMs: number): void {
    const { ageMsMax, bytesMax } = this.#limits;
    const isAged = this.#oldestMs !== undefined && nowMs - this.#oldestMs > ageMsMax;
    if (this.#fresh.isEmpty && !isAged) return;
    const pages = this.#fresh.take().filter((page) => sizeOf(page) <= bytesMax || this.#dropNames(page));
    let { first, next, bytes } = this.#head;
    const added = pages.reduce((sum, page) => sum + sizeOf(page), 0);
    for (let aged = 0; first < next; first += 1) {
      const stored = this.#store.get("state", conflictKey(first));
      if (!stored) continue;
      if (bytes + added <= bytesMax && (aged >= AGED_MAX || nowMs - newestMsOf(stored) <= ageMsMax)) break;
      bytes -= sizeOf(stored);
      aged += this.#forget(first, stored, writes);
    }
    for (const id of this.#named) writes.push({ table: "state", key: conflictIdKey(id), value: NAMED });
    this.#named.clear();
    for (const page of pages) {
      writes.push({ table: "state", key: conflictKey(next), value: page });
      bytes += sizeOf(page);
      next += 1;
    }
    this.#head = { first, next, bytes };
    writes.push({ table: "state", key: CONFLICT_HEAD, value: Buffer.from(JSON.stringify(this.#head)) });
    this.#oldestMs = first < next ? (this.#ageOfFirst() ?? nowMs) : undefined;
  }

  /** Returns how many records the page held. */
  #forget(number: number, page: Buffer, writes: StateWrite[]): number {
    writes.push({ table: "state", key: conflictKey(number), value: undefined });
    const records = readPage(page);
    for (const { rule, id } of records) {
      if (FOUND_AGAIN.has(rule)) writes.push({ table: "state", key: conflictIdKey(id), value: undefined });
    }
    return records.length;
  }

  /** What is too long for the ledger is not there by name either. */
  #dropNames(page: Buffer): false {
    for (const { id } of readPage(page)) this.#named.delete(id);
    return false;
  }

  #ageOfFirst(): number | undefined {
    const stored = this.#store.get("state", conflictKey(this.#head.first));
    return stored && newestMsOf(stored);
  }

  /** False where the conflict is recorded already. */
  #record({ db, key }: Pick<KeyEntry, "db" | "key">, kind: CellKind | "k", field: string, conflict: CellConflict): boolean {
    const { rule, loser, since, winner, print, winnerPrint } = conflict;
    const name = { rule, db, key, kind, field, loser, since, winner };
    if (FOUND_AGAIN.has(rule) && this.#isKnown(conflictId(name))) return false;
    const isInPrint = isWholePrint(print);
    const valueBytes = isInPrint ? print.length - 1 : conflict.value?.length;
    const isKept = valueBytes !== undefined && valueBytes <= this.#limits.valueBytesMax;
    const value = isKept ? isInPrint || conflict.value : undefined;
    const atMs = Math.max(0, Math.floor(this.#nowMs()));
    this.#fresh.add({ rule, db, key, kind, field, loser, since, winner, atMs, value, valueBytes, print, winnerPrint });
    this.#counters.conflicts += 1;
    countName(this.#counters.conflictsByRule, rule);
    return true;
  }

  /** Remembers the name if it was not known. */
  #isKnown(id: string): boolean {
    if (this.#named.has(id) || this.#store.get("state", conflictIdKey(id))) return true;
    this.#named.add(id);
    return false;
  }
}

/** What was written with `dot`: a value, or a sum of increments. */
function contentOf({ kind, field, base, list }: CellSlot, dot: Dot): { readonly print: string; readonly value: Buffer | undefined } {
  // That a stream is there has no value.
  if (kind === "g" || (kind === "x" && field === "")) return { print: "", value: undefined };
  const siblings = list ? [...list.sequence.from(0)].flatMap((element) => element.siblings) : base.siblings;
  const sibling = siblings.find((other) => sameDot(other, dot));
  if (sibling) return kind === "z" ? { print: `=${sibling.number}`, value: undefined } : sibling;
  const sum = base.sums.find(({ writer, upTo }) => writer === dot.writer && upTo === dot.hlc);
  const amount = sum ? sum.sum - sum.absorbed : 0n;
  return { print: `=${kind === "z" ? doubleOf(amount) : amount}`, value: undefined };
}

/** How the ledger names an element of a list: its position in hexadecimal digits. */
export function elementName(position: Position): string {
  return Buffer.from(position, "latin1").toString("hex");
}

interface Deadline {
  readonly slot: CellSlot;
  readonly sibling: Sibling;
}

function addDeadlines(slot: CellSlot, all: Deadline[]): void {
  for (const sibling of slot.base.siblings) if (sibling.number !== SUPERSEDED) all.push({ slot, sibling });
}

/** Both came with a value, and the value of the one lost to the other's too: that is told already. */
function isToldOfValue(lost: Deadline, best: Deadline): boolean {
  if (lost.slot !== best.slot || lost.slot.kind === "t") return false;
  return winnerOf(lost.slot.base) === best.sibling && lost.sibling.print !== best.sibling.print;
}

function deadlineText(deadline: number): string {
  return `=${Number.isFinite(deadline) ? deadline : "none"}`;
}

/** True where the command that removed the key wrote it too. */
function makesAnew(entry: KeyEntry, { writer, hlc }: Dot): boolean {
  for (const { base, pending } of entry.loadedSlots()) {
    if (pending.some((change) => change.hlc === hlc && change.writer === writer && isWrite(change.action))) return true;
    if (base.siblings.some((sibling) => sibling.hlc === hlc && sibling.writer === writer)) return true;
    if (base.sums.some((sum) => sum.writer === writer && (sum.upTo === hlc || sum.birth === hlc))) return true;
  }
  return false;
}

function isWrite(action: ChangeAction): boolean {
  return action === "put" || action === "increment";
}

function sizeOf(page: Buffer): number {
  return page.length + OVERHEAD_BYTES;
}
