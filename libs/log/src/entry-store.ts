/**
 * The narrow port inside: what an adapter does. Queueing, retrying, splitting, numbering, gap checks and reassembly
 * are shared code above it (framed-log.ts), so an adapter only moves entries.
 */
import type { WriterId } from "@meridian/words";
import type { Entry, StoredEntry } from "./entry.js";
import type { LogHealth, LogLogger } from "./port.js";
import type { RawPosition } from "./position.js";

/** Limits that differ by adapter. */
export interface StoreLimits {
  /** Bytes of payload of one entry; larger records are split. */
  readonly entryBytesMax: number;
  /** Bytes of payload sent in one batch (one entry is always sent). */
  readonly batchBytesMax: number;
  /** Entries sent in one batch. */
  readonly batchEntriesMax: number;
}

/** The end of a writer's log: its last entries, oldest first; if it is empty, what stood there last, if known. */
export interface LogTail {
  readonly entries: readonly StoredEntry[];
  readonly lastRaw?: RawPosition;
}

/** An adapter. Errors are MeridianErrors; `retryable` decides whether the caller tries again. */
export interface EntryStore {
  readonly kind: "memory" | "redis" | "kafka";
  readonly limits: StoreLimits;
  prepare(writers: readonly WriterId[]): Promise<void>;
  /** The last `count` entries (fewer if there are fewer). */
  tail(writer: WriterId, count: number): Promise<LogTail>;
  /**
   * Stores entries side by side, all or nothing as far as the log can; called for one batch per writer at a time.
   * Resolves when durable. After a rejection the same batch may or may not be in the log.
   */
  store(writer: WriterId, entries: readonly Entry[]): Promise<readonly RawPosition[]>;
  /**
   * Entries after `after` (from the earliest if undefined), in order, for ever; ends when `signal` aborts. Waits out
   * an unreachable log itself. Throws `RECORD_GAP` if it can tell that entries after `after` are gone.
   */
  follow(writer: WriterId, after: RawPosition | undefined, signal: AbortSignal): AsyncIterable<readonly StoredEntry[]>;
  close(): Promise<void>;
}

/** What shared code and adapters report to. */
export interface StoreWatch {
  /** `source` works again (or works at all). */
  up(source: string): void;
  /** `source` failed and is being tried again. */
  down(source: string, writer: WriterId, error: Error): void;
  /** `source` is no more. */
  gone(source: string): void;
  readonly logger: LogLogger;
  health(): LogHealth;
}
