/**
 * The replicated log, as the rest of Meridian sees it.
 *
 * Promises: per writer, records are read in the order in which they were appended; an append that resolved is stored as
 * durably as the log stores anything; a reader that resumes from a position misses nothing, or is told so
 * (`RECORD_GAP`). Delivery is at least once: a record whose acknowledgement was lost is sent again and may be read
 * twice, with the same bytes. Refuses: order between writers, exactly-once, and any look into the bytes.
 */
import type { WriterId } from "@meridian/words";

declare const positionBrand: unique symbol;

/**
 * A place in one writer's log, right after one record. Opaque text, good across restarts and across handles on the
 * same log; {@link comparePositions} orders the positions of one writer.
 */
export type LogPosition = string & { readonly [positionBrand]: true };

/** One whole record. `bytes` belongs to the reader. */
export interface LogRecord {
  readonly position: LogPosition;
  readonly bytes: Buffer;
}

/** Whether the log answers. `since` is milliseconds since 1970 of the last change of state. */
export interface LogHealth {
  readonly state: "up" | "down";
  readonly since: number;
  readonly lastError?: string;
}

/** The port. Every method but `health` may reject with a `MeridianError`. */
export interface MutationLog {
  /**
   * Creates what is missing for these writers with the right settings. Rejects with `TOPIC_MISMATCH` where something
   * exists with settings that would lose data, naming the setting and the remedy. May be called again with more writers.
   */
  open(writers: readonly WriterId[]): Promise<void>;
  /**
   * Resolves with the record's position when it is durable. Calls may be pipelined: one batch per writer is in flight,
   * later calls queue behind it in order. While the log cannot be reached the record is sent again until it is stored.
   * Rejects with a retryable error when the log was closed first or when too much is queued: then nothing that was
   * appended later is stored before it either, so send again beginning with the first rejected record. Rejects with
   * an error that is not retryable when the log will never take it. `record` must not be changed until then.
   */
  append(writer: WriterId, record: Buffer): Promise<LogPosition>;
  /**
   * Batches of records after a position, from the earliest one still kept if it is undefined; waits for more, for ever,
   * until `signal` aborts or the log is closed: both end the iteration without an error. A log that cannot be reached
   * is waited for (see `health`). Throws `RECORD_GAP` when records after the position are gone, never skips them.
   */
  read(writer: WriterId, after: LogPosition | undefined, signal: AbortSignal): AsyncIterable<readonly LogRecord[]>;
  /** The position after the writer's last whole record, or undefined if the log holds none. */
  end(writer: WriterId): Promise<LogPosition | undefined>;
  health(): LogHealth;
  /** Rejects what is queued, ends every reader, releases every connection. May be called again. */
  close(): Promise<void>;
}

/** What a log tells its owner's metrics. Every hook is called synchronously and must not throw. */
export interface LogHooks {
  /** A batch became durable: records finished by it, bytes of payload stored, milliseconds since it was first sent. */
  onStored?(writer: WriterId, records: number, bytes: number, durationMs: number): void;
  /** A batch or a read failed and will be tried again. */
  onRetry?(writer: WriterId, error: Error): void;
  /** Whole records were handed to a reader. */
  onRead?(writer: WriterId, records: number, bytes: number): void;
}

/** Where a log writes what an operator should know. pino fits. */
export interface LogLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
