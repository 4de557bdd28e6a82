/**
 * Lists in the store of what the next start must look after: cells that differ (`retry:`), keys to be read (`blind:`, `trim:`). And
 * of keys that the server has evicted (`evicted:`), which nobody needs to look after: for those who ask.
 */
import { ByteWriter } from "@meridian/wire";
import type { CellKind } from "@meridian/words";
import type { StateWrite } from "./effects.js";
import type { CellSlot, KeyEntry } from "./keys/key-entry.js";
import { restsHidden } from "./apply/type-clash.js";

/** Puts a cell on the list, or takes it off. `listed`: those that stand there. */
export function listSlot(writes: StateWrite[], slot: CellSlot, recordKey: string, listed: Set<CellSlot>): void {
  const wanted = isToBeListed(slot);
  if (wanted === slot.listed) return;
  slot.listed = wanted;
  if (wanted) listed.add(slot);
  else listed.delete(slot);
  const { entry, kind, field } = slot;
  writes.push({ table: "state", key: `retry:${kind}${recordKey}`, value: wanted ? nameBytes(entry.db, kind, entry.key, field) : undefined });
}

/** True where the server may not hold what was merged for the cell, and is going to. */
export function isOpen(slot: CellSlot): boolean {
  return !slot.refused && isToBeListed(slot);
}

/** True where the next start must look after the cell. */
export function isToBeListed(slot: CellSlot): boolean {
  return slot.excepted || slot.unsure || (slot.shown !== undefined && !restsHidden(slot));
}

/** The same for a key that is to be read. */
export function listEntry(writes: StateWrite[], entry: KeyEntry, recordKey: string): void {
  if (entry.trimmed !== entry.trimListed) {
    entry.trimListed = entry.trimmed;
    writes.push({ table: "state", key: `trim:${recordKey}`, value: entry.trimmed ? nameBytes(entry.db, "x", entry.key, "") : undefined });
  }
  if (entry.evicted !== entry.evictedListed) {
    entry.evictedListed = entry.evicted;
    writes.push({ table: "state", key: `evicted:${recordKey}`, value: entry.evicted ? nameBytes(entry.db, "s", entry.key, "") : undefined });
  }
  if (entry.blind === entry.listed) return;
  entry.listed = entry.blind;
  writes.push({ table: "state", key: `blind:${recordKey}`, value: entry.blind ? nameBytes(entry.db, "s", entry.key, "") : undefined });
}

function nameBytes(db: number, kind: CellKind, key: string, field: string): Buffer {
  const out = new ByteWriter();
  out.varint(db);
  out.text(kind);
  out.text(key);
  out.text(field);
  return out.take();
}
