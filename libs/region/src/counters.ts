/** What a region has done since it started, for status and metrics. Plain numbers; only the region writes them. */
export interface RegionCounters {
  commands: number;
  ownCommands: number;
  mutations: number;
  records: number;
  publishedBytes: number;
  received: number;
  receivedRecords: number;
  receivedBytes: number;
  batches: number;
  cells: number;
  skipped: number;
  retried: number;
  conflicts: number;
  readBacks: number;
  /** Cells whose value no longer stands anywhere in this region. */
  valuesMissing: number;
  /** Commands that cannot be replicated faithfully, by name. */
  readonly unsupported: Map<string, number>;
  /** Commands whose keys are replicated as whole values, by name. */
  readonly wholeValue: Map<string, number>;
}

/** All zero. */
export function zeroCounters(): RegionCounters {
  return {
    commands: 0,
    ownCommands: 0,
    mutations: 0,
    records: 0,
    publishedBytes: 0,
    received: 0,
    receivedRecords: 0,
    receivedBytes: 0,
    batches: 0,
    cells: 0,
    skipped: 0,
    retried: 0,
    conflicts: 0,
    readBacks: 0,
    valuesMissing: 0,
    unsupported: new Map(),
    wholeValue: new Map(),
  };
}

/** Adds one to a name's count. */
export function countName(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
