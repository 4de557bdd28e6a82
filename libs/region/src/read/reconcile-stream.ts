/** What a read found of a stream, as cells, and the difference to what is known of it. */
import { COPIED, idOfField, isBelow, movedId, NO_ENTRY_ID, printOf, shownEntries } from "@meridian/merge";
import { shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { LocalStreams } from "../capture/local-streams.js";
import type { LocalWrites } from "../capture/local-writes.js";
import { dropKnown } from "./replaced-type.js";

/** A stream as it was read. */
export interface ReadStream {
  readonly lastId: string;
  /** By name: the last delivered id. */
  readonly groups: ReadonlyMap<string, string>;
  /** By id: the pairs as bytes. */
  readonly entries: ReadonlyMap<string, Buffer>;
}

/** Takes the items of a read result apart. */
export function readStream(items: readonly Buffer[]): ReadStream {
  const text = (at: number): string => items[at]?.toString("latin1") ?? "";
  const groups = new Map<string, string>();
  const entries = new Map<string, Buffer>();
  const groupsEnd = 2 + 2 * Number(text(1));
  for (let at = 2; at < groupsEnd; at += 2) groups.set(text(at), text(at + 1));
  for (let at = groupsEnd; at + 1 < items.length; at += 2) entries.set(text(at), items[at + 1] as Buffer);
  return { lastId: items.length === 0 ? NO_ENTRY_ID : text(0), groups, entries };
}

/** The first entry's id; empty where there is none. */
export function firstIdIn(items: readonly Buffer[]): string {
  return items[2 + 2 * Number(items[1]?.toString("latin1") ?? "0")]?.toString("latin1") ?? "";
}

/** What the server holds of a cell. */
export function printOfStreamCell(slot: CellSlot, { groups, entries }: ReadStream): string | undefined {
  if (slot.kind === "g") return groups.has(slot.field) ? "" : undefined;
  if (slot.field === "") return "";
  const siblings = [...slot.base.siblings, ...slot.pending.filter(({ action }) => action === "put")];
  const parts: [string, number, string][] = [];
  const own = printAt(entries, idOfField(slot.field));
  if (own !== undefined) parts.push(["", 0, own]);
  for (const { writer, hlc } of siblings) {
    const print = printAt(entries, movedId(slot.field, { writer, hlc }));
    if (print !== undefined && !parts.some(([of, at]) => of === writer && at === hlc)) parts.push([writer, hlc, print]);
  }
  if (parts.length === 0) return undefined;
  return parts.length === 1 && own !== undefined ? own : `*${JSON.stringify(parts.sort())}`;
}

/** What the server holds under the ids that entries of a cell may have. */
export function entriesUnder(slot: CellSlot, { entries }: ReadStream): Buffer[] {
  const ids = new Set([idOfField(slot.field), ...slot.base.siblings.map((dot) => movedId(slot.field, dot))]);
  return [...ids].flatMap((id) => entries.get(id) ?? []);
}

function printAt(entries: ReadStream["entries"], id: string): string | undefined {
  const pairs = entries.get(id);
  return pairs && printOf(pairs);
}

/** Where the difference is written. */
export interface StreamContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly streams: LocalStreams;
}

/** Takes the difference for what local clients have written. */
export function reconcileStream(entry: KeyEntry, found: ReadStream, { keys, writes, streams }: StreamContext, nowMs: number): void {
  const slots = keys.allSlots(entry);
  const isOther = (slot: CellSlot): boolean => !isOfStream(slot) && slot.kind !== "t" && shownPrint(slot) !== undefined;
  if (slots.some((slot) => isOther(slot) && !(slot.unsure && entry.mayClash))) dropKnown(entry, writes, nowMs);
  const known = knownEntries(slots);
  // Of what is in doubt nobody knows whether it ever was there.
  const sure = entry.doubted ? knownEntries(slots.filter(({ unsure }) => !unsure)) : known;
  const beside = entriesBeside(slots);
  const added = [...found.entries].filter(([id, pairs]) => {
    const print = printOf(pairs);
    return known.get(id) !== print && beside.get(id) !== print;
  });
  const stream = keys.knownMember(entry, "x", "");
  const isKnown = stream !== undefined && shownPrint(stream) !== undefined;
  // First, because what one command says of the stream it says once.
  if (!isKnown || added.length > 0 || isBelow(streams.lastId(entry), found.lastId)) streams.setLastId(entry, found.lastId);
  for (const [id, print] of sure) if (printAt(found.entries, id) !== print) streams.remove(entry, id);
  for (const [id, pairs] of added) streams.add(entry, id, Buffer.from(pairs), COPIED);
  reconcileGroups(entry, found, keys, streams);
}

function knownEntries(slots: readonly CellSlot[]): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const slot of slots) {
    if (slot.kind !== "x" || slot.field === "") continue;
    for (const { id, print } of shownEntries(shownPrint(slot), slot.field)) known.set(id, print);
  }
  return known;
}

/**
 * Entries that one of our own scripts may have put beside another, where it is open what the server holds: found there they are
 * those, and no client's.
 */
function entriesBeside(slots: readonly CellSlot[]): ReadonlyMap<string, string> {
  const beside = new Map<string, string>();
  for (const slot of slots) {
    if (slot.kind !== "x" || slot.field === "" || !(slot.unsure || slot.shown || slot.pending.length > 0)) continue;
    const puts = slot.pending.filter(({ action }) => action === "put");
    for (const entry of [...slot.base.siblings, ...puts]) beside.set(movedId(slot.field, entry), entry.print);
  }
  return beside;
}

function isOfStream({ kind }: CellSlot): boolean {
  return kind === "x" || kind === "g";
}

function reconcileGroups(entry: KeyEntry, { groups }: ReadStream, keys: KeySpace, streams: LocalStreams): void {
  for (const [name, start] of groups) {
    const slot = keys.knownMember(entry, "g", name);
    if (!slot || shownPrint(slot) === undefined) streams.createGroup(entry, name, start);
  }
  for (const slot of keys.allSlots(entry)) {
    if (slot.kind !== "g" || shownPrint(slot) === undefined || groups.has(slot.field)) continue;
    if (!entry.doubted || !slot.unsure) streams.destroyGroup(entry, slot.field);
  }
}
