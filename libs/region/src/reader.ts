/**
 * Keys whose content must be read at a position of the stream: because a command's result is not in the stream, because
 * a race left it open what the server holds, or because a value must be kept before it is overwritten.
 *
 * Limits: `READ_KEYS_MAX` keys in one read, `READS_IN_FLIGHT_MAX` reads at a time.
 */
import type { ReadResult } from "@meridian/mark";
import type { Applier } from "./applier.js";
import type { RegionCounters } from "./counters.js";
import type { Reading } from "./effects.js";
import type { CellSlot, KeyEntry } from "./key-entry.js";
import type { KeySpace } from "./key-space.js";
import type { LocalWrites } from "./local-writes.js";
import { numberOfPrint, shownDeadlinePrint, shownPrint } from "./content.js";
import { ReadCells, reconcile } from "./reconcile.js";
import { isPast, revive } from "./server-deadlines.js";
import { countName } from "./counters.js";
import type { ReadValue } from "@meridian/mark";

/** Keys read by one script: they are read at one position, and what differs becomes one transaction. */
export const READ_KEYS_MAX = 64;
/** Reads that may be on their way. */
export const READS_IN_FLIGHT_MAX = 4;

/** What the reader needs of its region. */
export interface ReaderContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly applier: Applier;
  readonly counters: RegionCounters;
  readonly beginCommand: () => void;
  readonly nowMs: () => number;
}

/** See the module's comment. */
export class Reader {
  readonly #context: ReaderContext;
  readonly #wanted = new Set<KeyEntry>();
  readonly #inFlight = new Map<number, readonly KeyEntry[]>();
  #epoch = 0;
  #lastId = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  get pending(): number {
    return this.#wanted.size + this.#inFlight.size;
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
    if (entry.blind) return;
    entry.blind = true;
    this.#context.keys.touchEntry(entry);
    for (const slot of entry.loadedSlots()) if (slot.issued) slot.raced = true;
    this.want(entry);
  }

  /** Reads to issue now. */
  issue(): Reading[] {
    const readings: Reading[] = [];
    while (this.#epoch > 0 && this.#wanted.size > 0 && this.#inFlight.size < READS_IN_FLIGHT_MAX) {
      const entries = [...this.#wanted].slice(0, READ_KEYS_MAX);
      this.#lastId += 1;
      for (const entry of entries) {
        this.#wanted.delete(entry);
        entry.reading = this.#lastId;
      }
      this.#inFlight.set(this.#lastId, entries);
      readings.push({ id: this.#lastId, keys: entries.map(({ db, key }) => ({ db, key })) });
    }
    return readings;
  }

  /** A read's result stands in the stream. One of an earlier lease is passed over: its keys are read again. */
  onRead(result: ReadResult): void {
    const entries = result.epoch === this.#epoch ? this.#inFlight.get(result.id) : undefined;
    if (!entries) return;
    this.#inFlight.delete(result.id);
    this.#context.beginCommand();
    for (const [at, entry] of entries.entries()) {
      const value = result.values[at];
      entry.reading = 0;
      if (value) this.#take(entry, value);
    }
  }

  #take(entry: KeyEntry, value: ReadValue): void {
    const { keys, counters, writes, nowMs } = this.#context;
    counters.readBacks += 1;
    if (value.refused !== undefined) {
      countName(counters.unsupported, `read: ${value.refused.replace(/\d+/g, "N")}`);
      return;
    }
    if (entry.blind) {
      entry.blind = false;
      keys.touchEntry(entry);
      reconcile(entry, value, keys, writes, nowMs());
    }
    this.#show(entry, value);
  }

  /** A key is read whole, at one position: whatever was thought of its cells, this is what the server holds. */
  #show(entry: KeyEntry, value: ReadValue): void {
    const { keys, writes, nowMs, applier } = this.#context;
    const deadline = shownDeadlinePrint(entry);
    if (value.type === "none" && deadline !== undefined && isPast(numberOfPrint(deadline), nowMs())) writes.expire(entry, nowMs());
    if (value.type !== "none" && entry.expired) revive(entry, keys, (slot) => applier.retry(slot));
    const cells = new ReadCells(value);
    for (const slot of keys.allSlots(entry)) this.#showCell(slot, cells);
  }

  /** Keeps the values of siblings that the server holds for us, and notes what it holds. */
  #showCell(slot: CellSlot, cells: ReadCells): void {
    const print = cells.print(slot);
    const bytes = cells.bytes(slot);
    if (bytes && slot.pending.length > 0 && slot.base.siblings.some((sibling) => !sibling.value && sibling.print === print)) {
      const copy = Buffer.from(bytes);
      slot.base.siblings = slot.base.siblings.map((s) => (!s.value && s.print === print ? { ...s, value: copy } : s));
      this.#context.keys.touch(slot);
    }
    if (slot.unsure || print !== shownPrint(slot)) this.#context.applier.showRead(slot, print);
    if (slot.pending.length > 0) this.#context.applier.retry(slot);
  }
}
