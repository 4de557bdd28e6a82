/**
 * Where the conflict ledger stands in the store, and how it is read: pages by number in the order in which they were
 * committed, and the names of conflicts that merging can meet again.
 *
 * Limit: one reading looks at about `SCANNED_MAX` records, whatever it finds; the answer says where to go on.
 */
import type { ConflictRule } from "@meridian/merge";
import { PAGE_RECORDS, readPage } from "./conflict-page.js";
import type { ConflictRecord } from "./conflict-record.js";
import type { StateReader } from "../effects.js";
import { sequenceKey } from "../publish/outbox.js";

/** Records looked at in one reading. */
const SCANNED_MAX = 2_000;

/** The name of the ledger's head. */
export const CONFLICT_HEAD = "conflicts";

/** Which pages there are: numbers from `first` up to, but not including, `next`. */
export interface ConflictHead {
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
}

/** Of a ledger in which nothing was recorded yet. */
export const EMPTY_HEAD: ConflictHead = { first: 1, next: 1, bytes: 0 };

/** The name of a page. */
export function conflictKey(number: number): string {
  return `conflict:${sequenceKey(number)}`;
}

/** Stands where a conflict of this name is recorded. */
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
  /** Records behind this place only, oldest first: `next` of an answer. */
  readonly after?: number | undefined;
  /** Records in front of this place only, newest first: `next` of such an answer; 0: from the newest on. */
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

/** Reads the ledger of a store. Committed state only. A place is a page's number times `PAGE_RECORDS` and an index in it. */
export function readConflicts(store: StateReader, query: ConflictQuery): ConflictPage {
  const head = readHead(store) ?? EMPTY_HEAD;
  const { before, limit = SCANNED_MAX } = query;
  const [first, end] = [head.first * PAGE_RECORDS, head.next * PAGE_RECORDS];
  const step = before === undefined ? 1 : -1;
  const records: ConflictRecord[] = [];
  let at = before === undefined ? Math.max(first, (query.after ?? 0) + 1) : Math.min(end, before || end) - 1;
  const isInside = (): boolean => at >= first && at < end;
  let page: readonly ConflictRecord[] = [];
  let opened = -1;
  for (let scanned = 0; isInside() && scanned < SCANNED_MAX && records.length < limit; at += step) {
    const number = Math.floor(at / PAGE_RECORDS);
    if (number !== opened) page = pageAt(store, (opened = number));
    const record = page[at % PAGE_RECORDS];
    if (!record) {
      // Most pages hold a few: over the places that are empty.
      at = number * PAGE_RECORDS + (step > 0 ? PAGE_RECORDS - 1 : page.length);
      continue;
    }
    scanned += 1;
    if (isMeant(record, query)) records.push(record);
  }
  return { records, next: at - step, isEnd: !isInside() };
}

function pageAt(store: StateReader, number: number): readonly ConflictRecord[] {
  const bytes = store.get("state", conflictKey(number));
  return bytes ? readPage(bytes) : [];
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
