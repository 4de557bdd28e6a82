/**
 * Takes up what an earlier life left in the store: records to publish again, with the versions that they have; records
 * received whose marks were not read; cells and keys to look after.
 */
import { ByteReader, decodeOwnRecord } from "@meridian/wire";
import type { CellKind, WriterId } from "@meridian/words";
import type { Applier } from "./apply/applier.js";
import type { Publication, StateReader } from "./effects.js";
import type { Inbox } from "./receive/inbox.js";
import type { KeyEntry } from "./keys/key-entry.js";
import type { KeySpace } from "./keys/key-space.js";
import type { MessageRelay } from "./apply/message-relay.js";
import type { OpenUnit } from "./capture/open-unit.js";
import type { Outbox } from "./publish/outbox.js";
import type { Reader } from "./read/reader.js";
import type { RegionState } from "./region-state.js";
import { FIRST_HLC } from "./capture/register-writes.js";

/** The parts of a region that take up what was left. */
export interface RecoveryContext {
  readonly store: StateReader;
  readonly writer: WriterId;
  readonly state: Pick<RegionState, "frontier" | "place" | "db">;
  readonly keys: KeySpace;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly applier: Applier;
  readonly reader: Reader;
  readonly relay: MessageRelay | undefined;
  readonly unit: OpenUnit;
  /** True where a key may hold what nobody knows, until it is read. */
  readonly mayHoldUnknown: (key: string) => boolean;
  /** Asks for a key to be read of which it is not known what the server holds. */
  readonly requestRead: (entry: KeyEntry) => void;
}

/** Fills the parts; returns what must be published again. */
export function recover(context: RecoveryContext): readonly Publication[] {
  for (const [key, bytes] of stored(context.store, "in", "0", ":")) {
    const { relay, state: { frontier } } = context;
    for (const { frame, done } of context.inbox.restore(key, bytes, frontier, relay && ((covered) => relay.owes(covered)))) {
      if (relay && frontier.covers(frame.writer, frame.last)) relay.retake(frame, done);
      else context.applier.retake(frame, done);
    }
  }
  for (const [, bytes] of stored(context.store, "state", "retry:", "retry;")) {
    const { entry, kind, field } = named(context.keys, bytes);
    const slot = context.keys.slot(entry, kind, field);
    slot.unsure = true;
    context.keys.noteListed(slot);
    context.applier.retry(slot);
    context.relay?.inherit(slot);
    context.requestRead(entry);
  }
  const { place, db } = context.state;
  // Which of them one command has written is not known any more.
  context.unit.begin(place?.offset ?? 0, db);
  for (const [, bytes] of stored(context.store, "state", "blind:", "blind;")) {
    const { entry } = named(context.keys, bytes);
    // When its client wrote it is not known any more: what is read is as late as the reading.
    entry.doubted = context.mayHoldUnknown(entry.key);
    if (!entry.doubted) {
      entry.rewritten = FIRST_HLC;
      context.unit.needs(entry);
    }
    context.reader.want(entry);
  }
  context.unit.endLeft();
  for (const [, bytes] of stored(context.store, "state", "trim:", "trim;")) {
    const { entry } = named(context.keys, bytes);
    entry.trimListed = true;
    context.reader.wantFirst(entry);
  }
  return stored(context.store, "out", "0", ":").map(([key, record]) => publication(context, Number(key), record));
}

function publication(context: RecoveryContext, seq: number, record: Buffer): Publication {
  const { writer, span, frames } = decodeOwnRecord(record, context.writer);
  context.outbox.waitFor(seq, span.firstOffset, record.length);
  return { seq, writer, record, mutations: frames.reduce((sum, frame) => sum + frame.mutations, 0) };
}

/** A range, copied: what the store hands out lasts only until the next call. */
function stored(store: StateReader, table: "in" | "out" | "state", from: string, to: string): (readonly [string, Buffer])[] {
  return [...store.range(table, from, to)].map(([key, bytes]) => [key, Buffer.from(bytes)] as const);
}

function named(keys: KeySpace, bytes: Buffer): { entry: KeyEntry; kind: CellKind; field: string } {
  const from = new ByteReader(bytes);
  const db = from.varint();
  const kind = from.text() as CellKind;
  const key = from.text();
  return { entry: keys.entry(db, key), kind, field: from.text() };
}
