/** What a comparison found. Plain data: it is what `--json` prints. */

/** One key that is not the same everywhere. */
export interface Difference {
  readonly db: number;
  /** The key, printable (escaped where it is not ASCII). */
  readonly key: string;
  /** The key's exact bytes. */
  readonly keyBase64: string;
  /** The worst thing found: the key is missing, of another type, of another value, or of another deadline. */
  readonly kind: "missing" | "type" | "value" | "expiry";
  /** Type on the first server that has the key. */
  readonly type: string;
  /** What differs, for people. */
  readonly lines: readonly string[];
  /** False where the key changed every time it was read, so that nothing can be said. */
  readonly settled: boolean;
}

/** One key that a server has dropped to make room, and that the others keep. */
export interface EvictedKey {
  readonly db: number;
  /** The key, printable. */
  readonly key: string;
  readonly keyBase64: string;
  /** Names of the servers that have evicted it. */
  readonly servers: readonly string[];
}

/** The whole report. */
export interface CompareReport {
  readonly servers: readonly string[];
  /** "unsettled": no difference that stayed, but keys that never stood still. */
  readonly verdict: "equal" | "different" | "unsettled";
  /** Keys compared. */
  readonly keys: number;
  readonly keysByType: Readonly<Record<string, number>>;
  /** Keys whose deadline is set, among those. */
  readonly keysWithDeadline: number;
  /** Keys of Meridian itself, left out. */
  readonly reserved: number;
  /** Keys left out because of {@link CompareOptions.except}, of all servers together. */
  readonly leftOut: number;
  /** Keys left out because a policy keeps them where they were written: `local`. */
  readonly local: number;
  /** Keys left out because their policy names no two of the regions that are compared. */
  readonly resident: number;
  /** Keys that some server has evicted, by its name: no difference. */
  readonly evicted: Readonly<Record<string, number>>;
  /** The first of them, see {@link CompareOptions.differencesMax}. */
  readonly evictedKeys: readonly EvictedKey[];
  /** What could not be known of evictions and policies, one sentence each. */
  readonly remarks: readonly string[];
  readonly databases: readonly number[];
  /** Keys that differ and stayed so. */
  readonly differing: number;
  /** Keys that differed and changed at every reading. */
  readonly unsettled: number;
  /** Keys that differed at first and were equal when read again. */
  readonly settledEqual: number;
  /** The first of them, see {@link CompareOptions.differencesMax}. */
  readonly differences: readonly Difference[];
  readonly durationMs: number;
  readonly keysPerSecond: number;
}

/** How to compare. */
export interface CompareOptions {
  /** Deadlines may differ by this many milliseconds; 100 by default. */
  readonly ttlToleranceMs?: number;
  /** A key whose deadline is this near (or was passed) is judged after it; 2,000 by default. */
  readonly expiryMarginMs?: number;
  /** A difference counts once it has stayed the same for this long; 500 by default, 0 where nobody writes. */
  readonly settleMs?: number;
  /** Readings of a key that keeps changing; 10 by default. */
  readonly readingsMax?: number;
  /** Differences kept for the report; 20 by default. All are counted. */
  readonly differencesMax?: number;
  /** Only these databases; all by default. */
  readonly databases?: readonly number[];
  /** Keys that begin so are left out: those of a policy that keeps them in their region. */
  readonly except?: readonly string[];
  /** http:// URLs of agents of these servers: they tell what was evicted, and what policies keep where. */
  readonly agents?: readonly string[];
  /** Told now and then. */
  readonly onProgress?: (progress: CompareProgress) => void;
  /** Gives up; the comparison then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How far a comparison is. */
export interface CompareProgress {
  readonly db: number;
  readonly keysScanned: number;
  /** Keys of all servers together at the beginning. */
  readonly keysExpected: number;
  readonly differing: number;
  readonly waiting: number;
}

/** {@link CompareOptions} with everything filled in. */
export type CompareSettings = Required<Omit<CompareOptions, "databases" | "except" | "agents" | "onProgress" | "signal">>;

/** Fills in the defaults. */
export function compareSettings(options: CompareOptions): CompareSettings {
  return {
    ttlToleranceMs: options.ttlToleranceMs ?? 100,
    expiryMarginMs: options.expiryMarginMs ?? 2_000,
    settleMs: options.settleMs ?? 500,
    readingsMax: options.readingsMax ?? 10,
    differencesMax: options.differencesMax ?? 20,
  };
}
