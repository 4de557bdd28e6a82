/**
 * Keys that looked different, until it is known whether they are.
 *
 * Promises that a key counts as different only when two readings at least `settleMs` apart saw the same difference (one
 * reading where `settleMs` is 0), that a key about to expire, or that expired while it was read, is judged by a reading after its
 * deadline, and that a key which changes at every reading is given up as unsettled after `readingsMax` readings. Holds at most
 * {@link SUSPECTS_MAX} keys: then the scan waits for them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { printable } from "../printable.js";
import type { ChunkComparison, Suspicion } from "./chunk-comparison.js";
import type { CompareSettings, Difference } from "./compare-report.js";

/** Keys waiting for their next reading. */
export const SUSPECTS_MAX = 20_000;
/** Keys of one reading. */
const READING_KEYS_MAX = 500;
/** Beyond the deadline, and between two readings behind it: for the server's own granularity, and what its clock may be behind. */
const EXPIRY_GRACE_MS = 20;
/** Of a key, in reports. */
export const KEY_BYTES_SHOWN = 120;

/** Says of keys that are missing somewhere which are no difference after all. */
export type Explain = (db: number, missing: readonly Suspicion[]) => Promise<readonly boolean[]>;

interface Waiting {
  readonly suspicion: Suspicion;
  readonly readings: number;
  readonly dueMs: number;
}

/** See the module's comment. For one database at a time. */
export class Suspects {
  readonly #comparison: ChunkComparison;
  readonly #settings: CompareSettings;
  readonly #explain: Explain;
  #waiting: Waiting[] = [];
  /** Keys that are missing for certain, of which it is still to be asked why. */
  readonly #missing: Suspicion[] = [];
  readonly differences: Difference[] = [];
  differing = 0;
  unsettled = 0;
  settledEqual = 0;

  constructor(comparison: ChunkComparison, settings: CompareSettings, explain: Explain) {
    this.#explain = explain;
    this.#comparison = comparison;
    this.#settings = settings;
  }

  /** Keys not yet judged. */
  get waiting(): number {
    return this.#waiting.length + this.#missing.length;
  }

  /** Takes what a first reading found. */
  add(db: number, suspicions: readonly Suspicion[]): void {
    for (const suspicion of suspicions) this.#weigh(db, suspicion, undefined);
  }

  /** Reads again what is due; where too many wait, until they are fewer. */
  async readDue(db: number): Promise<void> {
    await this.#read(db, Date.now());
    while (this.#waiting.length >= SUSPECTS_MAX) await this.#waitAndRead(db);
    await this.#tellMissing(db);
  }

  /** Reads until every key is judged. */
  async settle(db: number, signal?: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0) {
      signal?.throwIfAborted();
      await this.#waitAndRead(db);
    }
    await this.#tellMissing(db);
  }

  async #tellMissing(db: number): Promise<void> {
    for (let part = this.#missing.splice(0, READING_KEYS_MAX); part.length > 0; part = this.#missing.splice(0, READING_KEYS_MAX)) {
      const explained = await this.#explain(db, part);
      for (const [at, suspicion] of part.entries()) if (explained[at] !== true) this.#count(db, suspicion, true);
    }
  }

  async #waitAndRead(db: number): Promise<void> {
    const nextMs = this.#waiting.reduce((first, { dueMs }) => Math.min(first, dueMs), Infinity);
    await delay(Math.max(0, nextMs - Date.now()));
    await this.#read(db, Date.now());
  }

  async #read(db: number, nowMs: number): Promise<void> {
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    for (let from = 0; from < due.length; from += READING_KEYS_MAX) {
      const part = due.slice(from, from + READING_KEYS_MAX);
      const { suspicions } = await this.#comparison.compare(part.map(({ suspicion }) => suspicion.key));
      const found = new Map(suspicions.map((suspicion) => [suspicion.key.toString("latin1"), suspicion]));
      for (const before of part) {
        const now = found.get(before.suspicion.key.toString("latin1"));
        if (now === undefined) this.settledEqual += 1;
        else this.#weigh(db, now, before);
      }
    }
  }

  #weigh(db: number, suspicion: Suspicion, before: Waiting | undefined): void {
    const { settleMs, readingsMax } = this.#settings;
    const nowMs = Date.now();
    const readings = (before?.readings ?? 0) + 1;
    // One server was read before the deadline, perhaps, and the other behind it.
    const mayHaveExpired = suspicion.expiresAtMs > 0;
    const stayed = settleMs === 0 || before?.suspicion.signature === suspicion.signature;
    if (stayed && !mayHaveExpired) return this.#report(db, suspicion, true);
    if (readings >= readingsMax) return this.#report(db, suspicion, false);
    const dueMs = Math.max(nowMs + settleMs, mayHaveExpired ? Math.max(nowMs, suspicion.expiresAtMs) + EXPIRY_GRACE_MS : 0);
    this.#waiting.push({ suspicion, readings, dueMs });
  }

  #report(db: number, suspicion: Suspicion, settled: boolean): void {
    if (settled && suspicion.kind === "missing") this.#missing.push(suspicion);
    else this.#count(db, suspicion, settled);
  }

  #count(db: number, { key, kind, type, lines }: Suspicion, settled: boolean): void {
    if (settled) this.differing += 1;
    else this.unsettled += 1;
    if (this.differences.length >= this.#settings.differencesMax) return;
    const shown = printable(key, KEY_BYTES_SHOWN);
    this.differences.push({ db, key: shown, keyBase64: key.toString("base64"), kind, type, lines, settled });
  }
}
