/**
 * Reads everything that a region's store says about cells, for audits and checkers. Reads committed state only; a region
 * at work may know more. Refuses nothing: what it cannot name it leaves out, which only a damaged store has.
 */
import { emptyCell, type Cell, type CellChange } from "@meridian/merge";
import { ByteReader } from "@meridian/wire";
import type { CellKind } from "@meridian/words";
import { memberKey, memberPrefix } from "./cell-key.js";
import type { StateReader } from "../effects.js";
import { readEntry, readMember } from "./entry-codec.js";
import { GRAVE_PREFIX, GRAVE_PREFIX_END, hasRemains, keyHasRemains } from "../forget/graves.js";
import type { CellSlot, KeyEntry } from "./key-entry.js";
import { loadBlocks } from "./list-codec.js";
import { decodeState, STATE_KEY } from "../region-state.js";
import { WriterTable } from "./writer-table.js";

/** One cell as it stands in the store. */
export interface StoredCell {
  readonly db: number;
  readonly key: string;
  readonly kind: CellKind;
  readonly field: string;
  readonly base: Cell;
  /** Changes that the frontier covers and that are not merged yet. */
  readonly pending: readonly CellChange[];
  /** What the server holds where that differs from `base`; undefined: it does not differ. */
  readonly shown: { readonly print: string | undefined } | undefined;
}

/** What a store says of its keys, as of one commit; read once for all questions. */
export class StoredKeys {
  readonly #store: StateReader;
  #read: readonly (readonly [KeyEntry, readonly CellSlot[]])[] | undefined;

  constructor(store: StateReader) {
    this.#store = store;
  }

  get #keys(): readonly (readonly [KeyEntry, readonly CellSlot[]])[] {
    return (this.#read ??= storedKeys(this.#store));
  }

  /** Every cell, keys in the order of their records. */
  get cells(): StoredCell[] {
    return this.#keys.flatMap(([entry, slots]) => [...slots.map((slot) => storedCell(slot)), ...elementsOfList(entry)]);
  }

  /** True where {@link remains} is empty; mostly a name that waits says at once that it is not. */
  get isBare(): boolean {
    for (const _ of this.#store.range("state", GRAVE_PREFIX, GRAVE_PREFIX_END)) return false;
    return this.remains.length === 0;
  }

  /** What no live data needs: dead keys, sums that were taken away, contexts that came early, names that wait to be looked at. */
  get remains(): string[] {
    const remains = [...this.#store.range("state", GRAVE_PREFIX, GRAVE_PREFIX_END)].map(([name]) => `names in ${name}`);
    for (const [entry, slots] of this.#keys) {
      const name = `${entry.db}|${entry.key}`;
      if (keyHasRemains(entry)) remains.push(`key ${name}`);
      for (const { kind, field, base } of slots) {
        if (kind !== "s" && kind !== "w" && kind !== "t" && hasRemains(base)) remains.push(`cell ${name}|${kind}|${field}`);
      }
    }
    return remains;
  }
}

function storedKeys(store: StateReader): (readonly [KeyEntry, readonly CellSlot[]])[] {
  const state = store.get("state", STATE_KEY);
  if (!state) return [];
  const writers = new WriterTable(decodeState(state).writers);
  const records = [...store.range("cell", "K", "L")].map(([name, bytes]) => [name, Buffer.from(bytes)] as const);
  return records.map(([name, bytes]) => {
    const entry = readEntry(bytes, databaseOf(name), nameOf(name.slice(3), bytes), writers);
    return [entry, slotsOf(store, entry, writers)];
  });
}

/** The records behind which the next start has work: `retry:`, `blind:` and `trim:`, and what was received or is to be sent. */
export function readUnfinished(store: StateReader): string[] {
  const names: string[] = [];
  for (const table of ["in", "out"] as const) for (const [key] of store.range(table, "0", ":")) names.push(`${table} ${key}`);
  for (const prefix of ["retry", "blind", "trim"]) for (const [key] of store.range("state", `${prefix}:`, `${prefix};`)) names.push(key);
  return names;
}

function slotsOf(store: StateReader, entry: KeyEntry, writers: WriterTable): readonly CellSlot[] {
  const slots = [...entry.loadedSlots()];
  if (entry.memberRecords > 0) {
    const prefix = memberPrefix(entry.db, entry.key);
    for (const [name, bytes] of store.range("cell", prefix, `${prefix}\xff`)) {
      const kind = name.charAt(prefix.length) as CellKind;
      if (kind === "l") continue;
      const slot = readMember(Buffer.from(bytes), entry, kind, name.slice(prefix.length + 2), writers);
      if (name === memberKey(entry.db, entry.key, kind, slot.field)) slots.push(slot);
    }
  }
  if (entry.list) loadBlocks(entry.list, store, writers);
  return slots;
}

/** Each element as a cell of its own, named by its position. */
function elementsOfList({ db, key, list }: KeyEntry): StoredCell[] {
  const elements = [...(list?.list?.sequence.from(0) ?? [])];
  return elements.map(({ position, siblings }) => ({
    db,
    key,
    kind: "l",
    field: position,
    base: { ...emptyCell(), siblings },
    pending: [],
    shown: undefined,
  }));
}

function storedCell({ entry, kind, field, base, pending, shown }: CellSlot): StoredCell {
  return { db: entry.db, key: entry.key, kind, field, base, pending, shown };
}

/** Whose record it is. */
export function keyOfRecord(recordName: string, record: Buffer): { readonly db: number; readonly key: string } {
  return { db: databaseOf(recordName), key: nameOf(recordName.slice(3), record) };
}

function databaseOf(recordName: string): number {
  return recordName.charCodeAt(1) * 256 + recordName.charCodeAt(2);
}

/** The name itself, which stands in the record where the record's name holds only its hash. */
function nameOf(part: string, record: Buffer): string {
  if (part.startsWith("=")) return part.slice(1);
  const from = new ByteReader(record);
  from.byte();
  return from.text();
}
