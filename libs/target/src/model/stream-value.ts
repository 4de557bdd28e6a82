/** A stream in the model, and its ids. All strings are binary. */

/** One entry. */
export interface StreamEntry {
  readonly id: string;
  /** Fields and values in turn. */
  readonly pairs: readonly string[];
}

/** One consumer group: what it has delivered, and to whom what is pending. */
export interface StreamGroup {
  last: string;
  readonly pending: Map<string, string>;
}

/** See the module's comment. Entries are in order of their ids. */
export interface StreamValue {
  entries: StreamEntry[];
  lastId: string;
  /** The greatest id that was deleted by name. */
  maxDeleted: string;
  added: number;
  readonly groups: Map<string, StreamGroup>;
}

/** A stream without entries. */
export function emptyStream(): StreamValue {
  return { entries: [], lastId: "0-0", maxDeleted: "0-0", added: 0, groups: new Map() };
}

/** Less than 0 where `a` is below `b`. */
export function compareIds(a: string, b: string): number {
  const [ams = 0n, aseq = 0n] = a.split("-").map(BigInt);
  const [bms = 0n, bseq = 0n] = b.split("-").map(BigInt);
  const difference = ams === bms ? aseq - bseq : ams - bms;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The pairs of an entry as bytes: of each the length (u32, big-endian) and the bytes. */
export function packed(pairs: readonly string[]): string {
  return pairs.map((text) => String.fromCharCode((text.length >>> 24) & 255, (text.length >>> 16) & 255, (text.length >>> 8) & 255, text.length & 255) + text).join("");
}

/** For snapshots. */
export function plainStream({ entries, groups, lastId }: StreamValue): [string, string][] {
  const ofGroups = [...groups.keys()].sort().map((name): [string, string] => ["group", name]);
  return [...entries.map(({ id, pairs }): [string, string] => [id, JSON.stringify(pairs)]), ...ofGroups, ["last", lastId]];
}

type DumpedGroup = [name: string, last: string, pending: [string, string][]];
type Dumped = readonly [entries: StreamEntry[], lastId: string, maxDeleted: string, added: number, groups: DumpedGroup[]];

/** The content of a payload. */
export function dumpStream({ entries, lastId, maxDeleted, added, groups }: StreamValue): Dumped {
  return [entries, lastId, maxDeleted, added, [...groups].map(([name, { last, pending }]) => [name, last, [...pending]])];
}

/** What {@link dumpStream} gave. */
export function restoreStream([entries, lastId, maxDeleted, added, groups]: Dumped): StreamValue {
  const byName = groups.map(([name, last, pending]) => [name, { last, pending: new Map(pending) }] as const);
  return { entries, lastId, maxDeleted, added, groups: new Map(byName) };
}
