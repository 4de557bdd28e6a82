/**
 * What a change of the policies does to a region's keys, step by step behind every commit: keys that leave are settled and then
 * forgotten, keys that join are listed and read.
 *
 * Keys that leave are forgotten when every region is known to have switched, because then everything written under the old table
 * is received, and when nothing of theirs waits to be applied or is on its way. Their lists for the next start go in the same
 * commit that says so; their cells piece by piece.
 *
 * Limits: `FORGET_RECORDS` records looked at per step; keys in memory are looked at once per `LOOK_MS`.
 */
import { ByteReader } from "@meridian/wire";
import type { Applier } from "../apply/applier.js";
import { entryKey, memberPrefix, prefixEnd } from "../keys/cell-key.js";
import type { StateReader, StateWrite } from "../effects.js";
import type { FirstImport } from "../read/first-import.js";
import type { KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { PolicyChange } from "./policy-change.js";
import type { Reader } from "../read/reader.js";
import type { RegionLimits } from "../region-limits.js";
import { keyOfRecord } from "../keys/stored-cells.js";
import { restsHidden } from "../apply/type-clash.js";

/** Records of keys looked at in one step. */
export const FORGET_RECORDS = 512;
/** What the next start looks after, in lists of the `state` table. */
const LISTS: readonly string[] = ["retry", "blind", "trim", "evicted"];
/** Between two looks at the keys in memory, in ms. */
const LOOK_MS = 50;

/** The parts of a region whose keys change. */
export interface PolicySwitchContext {
  readonly change: PolicyChange;
  readonly store: StateReader;
  readonly keys: KeySpace;
  readonly applier: Applier;
  readonly reader: Reader;
  readonly importing: FirstImport;
  readonly limits: RegionLimits;
}

/** See the module's comment. */
export class PolicySwitch {
  readonly #context: PolicySwitchContext;
  /** The listing of keys that join has begun, in this life or an earlier one. */
  #isListing: boolean;
  #from = "K";
  #lookedMs = -Infinity;

  constructor(context: PolicySwitchContext) {
    this.#context = context;
    this.#isListing = context.importing.isRunning && context.change.live.isJoining;
  }

  /** True where it must be told which databases hold keys. */
  get wantsDatabases(): boolean {
    return this.#context.change.live.isJoining && !this.#isListing;
  }

  /** The databases that hold keys: what of them joins is listed. */
  list(databases: readonly number[]): void {
    if (!this.wantsDatabases) return;
    this.#isListing = true;
    this.#context.importing.begin(databases);
    // What is to be listed is kept with the region's state, in the same commit.
    this.#context.change.live.changed = true;
    this.listed();
  }

  /** A page was listed. */
  listed(): void {
    const { change, importing } = this.#context;
    if (!this.#isListing || importing.isRunning || !change.live.isJoining) return;
    this.#isListing = false;
    change.live.imported();
  }

  /** True where a key may hold what nobody knows, until it is read. */
  mayHoldUnknown(key: string): boolean {
    const { change, importing } = this.#context;
    return change.live.isJoining ? change.live.joins(key) : importing.isRunning;
  }

  /** Behind everything that the step commits. Returns whether the region has switched. */
  run(writes: StateWrite[], nowMs: number): boolean {
    const { change } = this.#context;
    const isSwitched = change.switchNow();
    if (isSwitched) this.#from = "K";
    const stage = change.advance();
    if (stage === "settles keys that leave") this.#settle(writes, nowMs);
    else if (stage === "forgets keys that leave") this.#forget(writes);
    change.collect(writes);
    return isSwitched;
  }

  #settle(writes: StateWrite[], nowMs: number): void {
    const { change, store, keys, applier, reader } = this.#context;
    if (nowMs - this.#lookedMs < LOOK_MS && nowMs >= this.#lookedMs) return;
    this.#lookedMs = nowMs;
    const leaves = (entry: KeyEntry): boolean => change.live.leaves(entry.key);
    if (applier.carries((key) => change.live.leaves(key)) || keys.inMemory().some((entry) => leaves(entry) && waits(entry))) return;
    reader.forget(leaves);
    applier.forget(leaves);
    keys.forget(leaves);
    const listed = new Map<string, Buffer>();
    for (const list of LISTS) for (const [name, bytes] of store.range("state", `${list}:`, `${list};`)) listed.set(name, Buffer.from(bytes));
    // And what this very step would put there.
    for (const { table, key, value } of writes) if (table === "state" && value && LISTS.includes(key.slice(0, key.indexOf(":")))) listed.set(key, value);
    for (const [key, bytes] of listed) {
      if (!change.live.leaves(keyNamed(bytes))) continue;
      writes.push({ table: "state", key, value: undefined });
      if (key.startsWith("evicted:")) keys.evicted -= 1;
    }
    change.live.drained();
  }

  /** A piece of the cells. */
  #forget(writes: StateWrite[]): void {
    const { change, store, keys, limits } = this.#context;
    const { live } = change;
    const found: { readonly db: number; readonly key: string }[] = [];
    let looked = 0;
    let next: string | undefined;
    for (const [name, bytes] of store.range("cell", this.#from, "L")) {
      if (looked === limits.leavingRecords) {
        next = name;
        break;
      }
      looked += 1;
      const record = keyOfRecord(name, bytes);
      if (live.leaves(record.key)) found.push(record);
    }
    for (const { db, key } of found) {
      writes.push({ table: "cell", key: entryKey(db, key), value: undefined });
      const prefix = memberPrefix(db, key);
      for (const [member] of store.range("cell", prefix, prefixEnd(prefix))) writes.push({ table: "cell", key: member, value: undefined });
      keys.forgetKey(db, key);
    }
    if (next === undefined) live.forgot();
    else this.#from = next;
  }
}

/** True where something of the key is on its way, or still to be brought to the server. */
function waits(entry: KeyEntry): boolean {
  for (const slot of entry.loadedSlots()) {
    if (slot.pending.length > 0 || slot.issued) return true;
    if (slot.needsAttention && !slot.refused && !restsHidden(slot)) return true;
  }
  return false;
}

function keyNamed(bytes: Buffer): string {
  const from = new ByteReader(bytes);
  from.varint();
  from.text();
  return from.text();
}
