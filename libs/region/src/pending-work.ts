/** What a region has under way, for the shell and for status. */
import type { Applier } from "./apply/applier.js";
import type { Outbox } from "./publish/outbox.js";
import type { Reader } from "./read/reader.js";

/** What a region has under way. */
export interface PendingWork {
  readonly records: number;
  readonly bytes: number;
  readonly batches: number;
  readonly frames: number;
  readonly retries: number;
  readonly reads: number;
}

/** Counts it. `isShutOut`: nothing is published any more. */
export function pendingWork(outbox: Outbox, applier: Applier, reader: Reader, isShutOut: boolean): PendingWork {
  return {
    records: isShutOut ? 0 : outbox.pendingRecords + outbox.again.length,
    bytes: outbox.pendingBytes,
    batches: applier.batchesInFlight,
    frames: applier.framesInFlight,
    retries: applier.retries,
    reads: reader.pending,
  };
}
