/**
 * The limits at which a region divides what it sends, writes and reads, and holds back what comes: all that decide whether it goes
 * on. Those that are used are {@link REGION_LIMITS}; smaller ones let every limit be reached with few commands, and change nothing
 * of what a region promises.
 */
import { BATCH_BYTES, BATCH_CELLS, BATCHES_IN_FLIGHT_MAX } from "./apply/applier.js";
import { CONVERSION_CELLS_MAX } from "./apply/conversions.js";
import { BATCH_MESSAGE_BYTES, BATCH_MESSAGES, WAITING_BYTES_MAX } from "./apply/message-relay.js";
import { SWEEP_KEYS } from "./capture/evictions.js";
import { EVENTS_MAX, HELD_BYTES_MAX, WRITES_MAX } from "./capture/float-events.js";
import { UNIT_BYTES, UNIT_MUTATIONS } from "./capture/open-unit.js";
import { PAGE_RECORDS } from "./conflicts/conflict-page.js";
import { BUCKETS_MAX, CHUNK_NAMES } from "./forget/graves.js";
import { FORGET_RECORDS } from "./policies/policy-switch.js";
import { FRAME_BYTES, FRAME_MUTATIONS, RECORD_BYTES } from "./publish/outbox.js";
import { IMPORT_BACKLOG_KEYS } from "./read/first-import.js";
import { READ_KEYS_MAX, READS_IN_FLIGHT_MAX } from "./read/reader.js";
import { QUEUE_BYTES_MAX } from "./receive/inbox.js";

/** See the module's comment. All are at least 1; each is explained where its default stands. */
export interface RegionLimits {
  /** Batches on their way to the server, and what closes one. */
  readonly batchesInFlight: number;
  readonly batchCells: number;
  readonly batchBytes: number;
  readonly batchMessages: number;
  readonly batchMessageBytes: number;
  /** Cells of a key that change their type in one batch. */
  readonly conversionCells: number;
  /** What closes a frame, and a record. */
  readonly frameMutations: number;
  readonly frameBytes: number;
  readonly recordBytes: number;
  /** What a unit that waits for reads may grow by. */
  readonly unitMutations: number;
  readonly unitBytes: number;
  /** Received and not applied: bytes of one writer, and of messages of all. */
  readonly queueBytes: number;
  readonly messageBytes: number;
  readonly readKeys: number;
  readonly readsInFlight: number;
  readonly importBacklogKeys: number;
  /** Keyspace events, writes, and bytes of the stream, that may wait for the other side. */
  readonly events: number;
  readonly eventWrites: number;
  readonly heldBytes: number;
  /** Pieces in which is forgotten, and what may wait for that. */
  readonly buckets: number;
  readonly bucketNames: number;
  readonly leavingRecords: number;
  readonly sweepKeys: number;
  /** At most {@link PAGE_RECORDS}. */
  readonly pageRecords: number;
}

/** The limits of every region that is not told others. */
export const REGION_LIMITS: RegionLimits = {
  batchesInFlight: BATCHES_IN_FLIGHT_MAX,
  batchCells: BATCH_CELLS,
  batchBytes: BATCH_BYTES,
  batchMessages: BATCH_MESSAGES,
  batchMessageBytes: BATCH_MESSAGE_BYTES,
  conversionCells: CONVERSION_CELLS_MAX,
  frameMutations: FRAME_MUTATIONS,
  frameBytes: FRAME_BYTES,
  recordBytes: RECORD_BYTES,
  unitMutations: UNIT_MUTATIONS,
  unitBytes: UNIT_BYTES,
  queueBytes: QUEUE_BYTES_MAX,
  messageBytes: WAITING_BYTES_MAX,
  readKeys: READ_KEYS_MAX,
  readsInFlight: READS_IN_FLIGHT_MAX,
  importBacklogKeys: IMPORT_BACKLOG_KEYS,
  events: EVENTS_MAX,
  eventWrites: WRITES_MAX,
  heldBytes: HELD_BYTES_MAX,
  buckets: BUCKETS_MAX,
  bucketNames: CHUNK_NAMES,
  leavingRecords: FORGET_RECORDS,
  sweepKeys: SWEEP_KEYS,
  pageRecords: PAGE_RECORDS,
};
