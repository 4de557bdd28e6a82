/**
 * What deadlines the server holds while a mark is settled. Several cells decide about one key's deadline and are merged
 * one after the other; what the server holds changes only by what was written.
 */
import { baseDeadline, basePrint, deadlinePrint, hasOwnDeadline, heldDeadline, isHeld, numberOfPrint, shownDeadlinePrint } from "../keys/content.js";
import type { ConflictLedger } from "../conflicts/conflict-ledger.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { releaseValues } from "./settle.js";

/**
 * A deadline this close, or past, is taken for the reason where the server drops a key: the agent's clock may be behind
 * the server's. A client that deletes a key in the last moment of its life gets what it wants at the deadline, everywhere,
 * and not sooner, whatever else stood in its transaction. In ms.
 */
export const EXPIRY_SKEW_MS = 500;

/** A deadline this close may pass before a script that is decided now is run: servers stand still for seconds at times. */
export const VANISHING_MS = 5_000;

/** See the module's comment. One for each mark. */
export class ServerDeadlines {
  readonly #keys: KeySpace;
  readonly #retry: (slot: CellSlot) => void;
  readonly #conflicts: ConflictLedger;
  readonly #held = new Map<KeyEntry, string | undefined>();

  constructor(keys: KeySpace, retry: (slot: CellSlot) => void, conflicts: ConflictLedger) {
    this.#keys = keys;
    this.#retry = retry;
    this.#conflicts = conflicts;
  }

  /** Before any cell of the key is merged. */
  hold(entry: KeyEntry): void {
    if (this.#held.has(entry)) return;
    if (entry.expiry || entry.expired || hasOwnDeadline(entry)) this.#held.set(entry, shownDeadlinePrint(entry));
  }

  /** The batch wrote the key's deadline. */
  written(entry: KeyEntry, print: string | undefined): void {
    this.#held.set(entry, print);
  }

  /** After all cells are merged: notes where the server's deadline is not what it should be. */
  release(nowMs: number): void {
    for (const [entry, print] of this.#held) {
      this.#conflicts.deadlines(entry);
      if (entry.expired && !isExpired(entry, nowMs)) revive(entry, this.#keys, this.#retry);
      this.#note(entry, isHeld(entry) ? print : deadlinePrint(heldDeadline(entry)));
    }
  }

  /** The server holds the value, and as long as it should. */
  #releaseWhole(slot: CellSlot): void {
    if (slot.pinned || !slot.base.siblings[0]?.value || slot.entry.expired) return;
    releaseValues(slot);
    this.#keys.touch(slot);
  }

  #note(entry: KeyEntry, print: string | undefined): void {
    const equal = print === deadlinePrint(heldDeadline(entry));
    if (equal && entry.whole) this.#releaseWhole(entry.whole);
    if (equal && !entry.expiry?.shown) return;
    const slot = this.#keys.single(entry, "t");
    slot.shown = equal ? undefined : { print };
    this.#keys.touch(slot);
    if (!equal) this.#retry(slot);
  }
}

/** True where the server has dropped the key rightly, or is about to. */
export function isExpired(entry: KeyEntry, nowMs: number): boolean {
  const deadline = baseDeadline(entry);
  return deadline !== undefined && isPast(deadline, nowMs);
}

/** True where a deadline may be past by the server's clock. */
export function isPast(deadline: number, nowMs: number): boolean {
  return deadline <= nowMs + EXPIRY_SKEW_MS;
}

/**
 * True where the server may have dropped the key itself: the deadline is past that it holds, or that it should hold (where it is
 * open whether that has reached the server, the key is dead all the same), or one that it may hold by a batch of an earlier life.
 */
export function isDue(entry: KeyEntry, nowMs: number): boolean {
  const shown = shownDeadlinePrint(entry);
  return (shown !== undefined && isPast(numberOfPrint(shown), nowMs)) || isExpired(entry, nowMs) || mayBeDue(entry.expiry, nowMs);
}

function mayBeDue(expiry: CellSlot | undefined, nowMs: number): boolean {
  if (!expiry?.unsure) return false;
  const isOver = (number: number): boolean => number > 0 && isPast(number, nowMs);
  return expiry.base.siblings.some(({ number }) => isOver(number)) || expiry.pending.some(({ action, number }) => action === "put" && isOver(number));
}

/**
 * True where the server may drop the key before batch `seq`, which is decided now, is run there: at a deadline that it has, or is given by
 * a batch that goes before.
 */
export function mayVanish(entry: KeyEntry, seq: number, nowMs: number): boolean {
  const { expiry } = entry;
  if (!expiry && !hasOwnDeadline(entry)) return false;
  const coming = expiry?.issued;
  const isSoon = (print: string | undefined): boolean => print !== undefined && numberOfPrint(print) <= nowMs + VANISHING_MS;
  return (coming?.how === "write" && coming.seq !== seq && isSoon(coming.deadline)) || isSoon(shownDeadlinePrint(entry));
}

/** The key lives on, by a longer deadline or because it is written anew: the server lacks everything that it dropped. */
export function revive(entry: KeyEntry, keys: KeySpace, retry: (slot: CellSlot) => void): void {
  entry.expired = false;
  keys.touchEntry(entry);
  for (const slot of keys.allSlots(entry)) {
    if (slot.kind === "t" || basePrint(slot) === undefined) continue;
    slot.shown = { print: undefined };
    // What of it is here was written before, without what is not: with the key it went too.
    slot.refused = false;
    keys.touch(slot);
    retry(slot);
  }
}
