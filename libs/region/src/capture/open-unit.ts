/**
 * Keeps what clients did as one unit together on its way out.
 *
 * What a command like RENAME did is not in the stream: its keys are read back behind it, at a place of their own. The rest of its
 * MULTI, script or function would be published before that, and peers would show half of it. So the unit stays open until all
 * that it needs has been read: nothing is committed, acknowledged or applied meanwhile, and what other clients do in between is
 * part of the unit, which so is longer than it had to be. After a crash the stream is followed again from before the unit.
 *
 * A command that stands alone and wrote several such keys needs no more than that one read brings all of them: what is found by one read
 * leaves as one. Only where they are read apart it is a unit that stays open.
 *
 * Limits: `UNIT_MUTATIONS`, `UNIT_BYTES`, `UNIT_MS_MAX` after its transaction. Beyond them, and where the server refuses to be
 * read, the unit ends as it is, and what is read later follows by itself: counted as `unitsCut`.
 */
import type { ReadonlyVector } from "@meridian/words";
import type { RegionCounters } from "../counters.js";
import type { KeyEntry } from "../keys/key-entry.js";
import type { Outbox } from "../publish/outbox.js";
import type { RegionLimits } from "../region-limits.js";

/** Mutations behind the transaction after which its unit ends. */
export const UNIT_MUTATIONS = 1024;
/** Bytes of rows behind the transaction after which its unit ends. Well below what a peer queues of one writer. */
export const UNIT_BYTES = 1024 * 1024;
/** How long a unit waits for its keys to be read, in ms. */
export const UNIT_MS_MAX = 2000;

/** Where it is asked for what commands did. */
export interface UnitReads {
  /** The key is to be read whole. */
  readonly blind: (entry: KeyEntry) => void;
  /** Of the stream the first entry is to be read. */
  readonly wantFirst: (entry: KeyEntry) => void;
}

/** See the module's comment. */
export class OpenUnit {
  readonly #outbox: Outbox;
  readonly #counters: Pick<RegionCounters, "unitsCut">;
  readonly #limits: RegionLimits;
  /** Keys that the transaction at hand wrote, and of which only reading tells what it did. */
  readonly #needed = new Set<KeyEntry>();
  /** Keys that the unit waits for. */
  readonly #waiting = new Set<KeyEntry>();
  /** Keys of commands that stand alone, until it is known that one read brings them. */
  #together: (readonly KeyEntry[])[] = [];
  /** It only waits for what an earlier life has left unread, and was committed: there is nothing to go back to. */
  #isLeft = false;
  #inTransaction = false;
  #isCut = false;
  #offset = 0;
  #db = 0;
  #rows = 0;
  #bytes = 0;
  #sinceMs = 0;

  constructor(outbox: Outbox, counters: Pick<RegionCounters, "unitsCut">, limits: RegionLimits) {
    this.#limits = limits;
    this.#outbox = outbox;
    this.#counters = counters;
  }

  /** True while something must be read before anything may leave. */
  get isOpen(): boolean {
    return this.#waiting.size > 0 || this.#together.length > 0;
  }

  /** True where the next mutation belongs to what was added before. */
  get continues(): boolean {
    return this.isOpen && this.#outbox.rowsSince > 0;
  }

  /** A transaction begins, behind what is captured up to an offset of the stream, in a database. */
  begin(offset: number, db: number): void {
    this.#inTransaction = true;
    if (this.isOpen) return;
    this.#outbox.begin();
    this.#offset = offset;
    this.#db = db;
  }

  /** A client's command wrote a key; what it did is still to be read. */
  needs(entry: KeyEntry): void {
    if (this.#inTransaction) this.#needed.add(entry);
  }

  /** The transaction has ended. Alone, one key that is read whole is a unit by itself. */
  end(nowMs: number): void {
    this.#inTransaction = false;
    if (this.#needed.size === 0) return;
    const isAlone = this.#needed.size === 1 && this.#outbox.rowsSince === 0;
    if (this.isOpen || !isAlone) {
      if (!this.isOpen) this.#open(nowMs);
      this.#isLeft = false;
      for (const entry of this.#needed) if (isUnread(entry)) this.#waiting.add(entry);
    }
    this.#needed.clear();
  }

  /** What an earlier life has left unread is known, begun like a transaction. */
  endLeft(): void {
    this.endAlone(Infinity);
    this.#isLeft = this.isOpen;
  }

  /** A command that stands alone has ended, begun like a transaction. */
  endAlone(nowMs: number): void {
    this.#inTransaction = false;
    const keys = [...this.#needed].filter(isUnread);
    this.#needed.clear();
    if (keys.length < 2) return;
    if (!this.isOpen) this.#open(nowMs);
    this.#isLeft = false;
    this.#together.push(keys);
  }

  #open(nowMs: number): void {
    this.#rows = this.#outbox.rowsSince;
    this.#bytes = this.#outbox.bytesSince;
    this.#sinceMs = nowMs;
    this.#isCut = false;
  }

  /** Reads as capture asks for them, noted. */
  noting(reads: UnitReads): UnitReads {
    const noted = (ask: (entry: KeyEntry) => void) => (entry: KeyEntry) => {
      this.needs(entry);
      ask(entry);
    };
    return { blind: noted(reads.blind), wantFirst: noted(reads.wantFirst) };
  }

  /**
   * Something was captured, or time has passed: is everything read? Only between transactions, while it is open. True: the unit
   * has ended. `context`: the frontier.
   */
  settle(nowMs: number, context: ReadonlyVector): boolean {
    if (this.#together.length > 0) this.#settleTogether();
    for (const entry of this.#waiting) {
      if (!isUnread(entry)) this.#waiting.delete(entry);
      else if (isGivenUp(entry)) this.#cut(entry);
    }
    if (this.isOpen && this.#isTooLong(nowMs)) {
      for (const entry of [...this.#waiting, ...this.#together.flat()]) this.#cut(entry);
      this.#together = [];
    }
    if (this.isOpen) return false;
    this.#outbox.closeFrame(context);
    return true;
  }

  /**
   * What one read brings is no longer waited for; else each key by itself. Keys are read in the order in which they were asked for: behind
   * the first that no read has taken up there is nothing to be seen yet, and this is asked with every command.
   */
  #settleTogether(): void {
    let known = 0;
    for (const keys of this.#together) {
      const [{ reading = 0 } = {}] = keys;
      if (reading < 0 && keys.every((entry) => entry.reading < 0)) break;
      if (reading <= 0 || keys.some((entry) => entry.reading !== reading)) for (const entry of keys) this.#waiting.add(entry);
      known += 1;
    }
    if (known > 0) this.#together.splice(0, known);
  }

  #cut(entry: KeyEntry): void {
    this.#waiting.delete(entry);
    if (!this.#isCut) this.#counters.unitsCut += 1;
    this.#isCut = true;
  }

  #isTooLong(nowMs: number): boolean {
    // A clock that was set back begins anew.
    this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    if (nowMs - this.#sinceMs >= UNIT_MS_MAX) return true;
    const { unitMutations, unitBytes } = this.#limits;
    return this.#outbox.rowsSince - this.#rows >= unitMutations || this.#outbox.bytesSince - this.#bytes >= unitBytes;
  }

  /**
   * The region stops within a transaction, or while its unit waits for what can no longer be read: nothing of it leaves. Returns where
   * it began; undefined: there is none. `context`: the frontier.
   */
  abandon(context: ReadonlyVector): { readonly offset: number; readonly db: number } | undefined {
    if (!this.#inTransaction && (!this.isOpen || this.#isLeft)) return undefined;
    this.#outbox.drop(context);
    this.#inTransaction = false;
    this.#needed.clear();
    this.#waiting.clear();
    this.#together = [];
    return { offset: this.#offset, db: this.#db };
  }
}

/** What a client did to the key is not captured yet. */
function isUnread({ blind, trimmed }: KeyEntry): boolean {
  return blind || trimmed;
}

/** The server refused to have it read, and nobody asks again. */
function isGivenUp({ blind, trimmed, reading }: KeyEntry): boolean {
  return blind && !trimmed && reading === 0;
}
