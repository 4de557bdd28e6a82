/** What a region has done since it started, for status and metrics. Plain numbers; only the region writes them. */
export interface RegionCounters {
  commands: number;
  ownCommands: number;
  /** Commands of clients that wrote keys which stay in this region. */
  localCommands: number;
  /** The same of keys that reside in other regions, by their group. */
  readonly foreign: Map<string, number>;
  /** Commands of clients that may have brought something of a resident key to a key of another group. */
  residencyCrossed: number;
  mutations: number;
  records: number;
  publishedBytes: number;
  /** Records that hold nothing but a heartbeat; not among `records`. */
  heartbeats: number;
  received: number;
  receivedRecords: number;
  receivedBytes: number;
  batches: number;
  cells: number;
  skipped: number;
  retried: number;
  /** Conflicts that the ledger has recorded. */
  conflicts: number;
  /** The same, by rule. */
  readonly conflictsByRule: Map<string, number>;
  readBacks: number;
  /** Increments of floats that an event named. */
  floats: number;
  /** Of these, such as were taken for a SET of their result: what was there before was not known, or no number of up to 32 bytes. */
  floatsAsValues: number;
  /** Cells whose value no longer stands anywhere in this region. */
  valuesMissing: number;
  /** Transactions of peers that may have become visible in parts, because a key of theirs was being read for too long. */
  divided: number;
  /** Transactions of this region's clients that were published in parts, because what they did could not be read in time. */
  unitsCut: number;
  readonly evictions: EvictionCounters;
  readonly messages: MessageCounters;
  /** What the server refused to take, by key: its type and the server's words. The newest {@link REFUSED_MAX}. */
  readonly refused: Map<string, string>;
  /** Commands that cannot be replicated faithfully, by name. */
  readonly unsupported: Map<string, number>;
  /** Commands whose keys are replicated as whole values, by name. */
  readonly wholeValue: Map<string, number>;
}

/** What became of keys that servers dropped to make room. */
export interface EvictionCounters {
  /** Evictions that were recognized. */
  seen: number;
  /** Deletions of which nobody could tell whether they were evictions: taken for a client's. */
  untold: number;
  /** Events of evictions that belonged to no deletion of the stream: one of them was taken for a client's. */
  unmatched: number;
  /** Evictions of keys that a client had just changed in a way that only reading tells: what it did is gone. */
  unread: number;
}

/** What became of messages. */
export interface MessageCounters {
  /** Of this region's clients, published to the others. */
  relayed: number;
  /** Of other regions, published here. */
  delivered: number;
  /** Dropped here because they were too old. */
  expired: number;
  /** Left out here because this region does not accept their channel. */
  unwanted: number;
  /** Of those delivered, such as did not wait any longer for a write that precedes them. */
  early: number;
  /** Received and waiting to be published here, now. */
  waiting: number;
  /** Messages that were not relayed or not published, by channel: how many, and why the last one. The newest {@link REFUSED_MAX}. */
  readonly silenced: Map<string, { readonly count: number; readonly reason: string }>;
}

/** All zero. */
export function zeroCounters(): RegionCounters {
  return {
    commands: 0,
    ownCommands: 0,
    localCommands: 0,
    foreign: new Map(),
    residencyCrossed: 0,
    mutations: 0,
    records: 0,
    publishedBytes: 0,
    heartbeats: 0,
    received: 0,
    receivedRecords: 0,
    receivedBytes: 0,
    batches: 0,
    cells: 0,
    skipped: 0,
    retried: 0,
    conflicts: 0,
    conflictsByRule: new Map(),
    readBacks: 0,
    floats: 0,
    floatsAsValues: 0,
    valuesMissing: 0,
    divided: 0,
    unitsCut: 0,
    evictions: { seen: 0, untold: 0, unmatched: 0, unread: 0 },
    messages: { relayed: 0, delivered: 0, expired: 0, unwanted: 0, early: 0, waiting: 0, silenced: new Map() },
    refused: new Map(),
    unsupported: new Map(),
    wholeValue: new Map(),
  };
}

/** Counts a record that is published. */
export function countRecord(counters: RegionCounters, bytes: number, mutations: number): void {
  if (mutations === 0) {
    counters.heartbeats += 1;
    return;
  }
  counters.records += 1;
  counters.publishedBytes += bytes;
}

/** Adds one to a name's count. */
export function countName(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Keys of refused values that are remembered by name. */
export const REFUSED_MAX = 64;

/** Remembers a value that the server refused; the oldest goes where there are too many. */
export function noteRefused(counters: RegionCounters, db: number, key: string, why: string): void {
  const name = `db${db} ${Buffer.from(key, "latin1").toString()}`;
  counters.refused.delete(name);
  counters.refused.set(name, why);
  const [oldest] = counters.refused.keys();
  if (counters.refused.size > REFUSED_MAX && oldest !== undefined) counters.refused.delete(oldest);
}

/** Characters of a channel that are remembered. */
const CHANNEL_CHARS_MAX = 100;

/** Remembers a message that nobody heard, by its channel; the one that was met longest ago goes where there are too many. */
export function noteSilenced({ messages: { silenced } }: RegionCounters, channel: string, reason: string): void {
  const name = Buffer.from(channel, "latin1").toString().slice(0, CHANNEL_CHARS_MAX);
  const count = (silenced.get(name)?.count ?? 0) + 1;
  silenced.delete(name);
  silenced.set(name, { count, reason });
  const [oldest] = silenced.keys();
  if (silenced.size > REFUSED_MAX && oldest !== undefined) silenced.delete(oldest);
}
