/**
 * Where the conflict ledger stands in the store, and how it is read: records by number in the order in which they were
 * merged, numbers by id.
 *
 * Limit: one reading looks at `SCANNED_MAX` records, whatever it finds; the answer says where to go on.
 */
import type { ConflictRule } from "@meridian/merge";
import { readConflict, type ConflictRecord } from "./conflict-record.js";
import type { StateReader } from "./effects.js";
import { sequenceKey } from "./outbox.js";

/** Records looked at in one reading. */
const SCANNED_MAX = 2_000;

/** The name of the ledger's head. */
export const CONFLICT_HEAD = "conflicts";

/** Which records there are: numbers from `first` up to, but not including, `next`. */
export interface ConflictHead {
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
}

/** Of a ledger in which nothing was recorded yet. */
export const EMPTY_HEAD: ConflictHead = { first: 1, next: 1, bytes: 0 };

/** The name of a record. */
export function conflictKey(number: number): string {
  return `conflict:${sequenceKey(number)}`;
}

/** The name under which a record's number stands. */
export function conflictIdKey(id: string): string {
  return `conflict-id:${id}`;
}

/** The ledger's head; undefined: nothing was recorded yet. */
export function readHead(store: StateReader): ConflictHead | undefined {
  const bytes = store.get("state", CONFLICT_HEAD);
  return bytes && (JSON.parse(bytes.toString()) as ConflictHead);
}

/** What is asked for; what is left out does not matter. */
export interface ConflictQuery {
  /** A record's name, or the beginning of it. */
  readonly id?: string | undefined;
  readonly db?: number | undefined;
  readonly key?: string | undefined;
  readonly prefix?: string | undefined;
  readonly rule?: ConflictRule | undefined;
  /** The region of the loser or of the winner. */
  readonly region?: string | undefined;
  /** Merged here at this time or later, or before it, in ms since 1970. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Records behind this number only, oldest first. */
  readonly after?: number | undefined;
  /** Records in front of this number only, newest first; 0: from the newest on. */
  readonly before?: number | undefined;
  /** Most records in the answer. */
  readonly limit?: number | undefined;
}

/** An answer: records in the order in which they were merged, or with `before` the other way round. */
export interface ConflictPage {
  readonly records: readonly ConflictRecord[];
  /** Where to go on, as `after` or `before`. */
  readonly next: number;
  /** True where there is nothing beyond `next`, as yet. */
  readonly isEnd: boolean;
}

/** Reads the ledger of a store. Committed state only. */
export function readConflicts(store: StateReader, query: ConflictQuery): ConflictPage {
  const head = readHead(store) ?? EMPTY_HEAD;
  const { before, limit = SCANNED_MAX } = query;
  const step = before === undefined ? 1 : -1;
  const records: ConflictRecord[] = [];
  let at = before === undefined ? Math.max(head.first, (query.after ?? 0) + 1) : Math.min(head.next, before || head.next) - 1;
  const isInside = (): boolean => at >= head.first && at < head.next;
  for (let scanned = 0; isInside() && scanned < SCANNED_MAX && records.length < limit; at += step, scanned += 1) {
    const bytes = store.get("state", conflictKey(at));
    const record = bytes && readConflict(bytes);
    if (record && isMeant(record, query)) records.push(record);
  }
  return { records, next: at - step, isEnd: !isInside() };
}

function isMeant(record: ConflictRecord, { id, db, key, prefix, rule, region, sinceMs, untilMs }: ConflictQuery): boolean {
  const { loser, winner } = record;
  const isOf = (writer: string | undefined): boolean => writer?.startsWith(`${region}/`) === true;
  return (
    (id === undefined || record.id.startsWith(id)) &&
    (db === undefined || record.db === db) &&
    (key === undefined || record.key === key) &&
    (prefix === undefined || record.key.startsWith(prefix)) &&
    (rule === undefined || record.rule === rule) &&
    (region === undefined || isOf(loser.writer) || isOf(winner?.writer)) &&
    (sinceMs === undefined || record.atMs >= sinceMs) &&
    (untilMs === undefined || record.atMs < untilMs)
  );
}
