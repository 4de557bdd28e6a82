export { ApplyBatch, BATCH_HEAD_ARGS, GROUP_CONTENT, type Bytes, type ExactContent } from "./apply-batch.js";
export { AFTER_UNLINK, DEADLINE_NO_KEY, DEADLINE_NONE, OP, RUN_LIMIT, type Expect } from "./apply-op.js";
export { DB_LIMIT, type CellKind, type CellName } from "./cell-name.js";
export {
  decodeMark,
  encodeMarkEntry,
  encodeMarkHeader,
  MARK_PREFIX_BYTES,
  MARK_VERSION,
  type Mark,
  type MarkHeader,
  type MarkNote,
  type MarkRemoval,
  type MarkRefusal,
  type MarkSilence,
} from "./mark.js";
export { ANY_ELEMENT, goneValue, LIST_END, NEAR_END, PUSH_LIMIT, type ElementsEdit } from "./list-edits.js";
export {
  LATE_CONSUMER,
  NEWER_ENTRIES_MAX,
  PAIR_ITEMS_MAX,
  PRINT_LIMIT_BYTES,
  STEP,
  type EntryCell,
  type EntryStep,
  type StreamEdit,
} from "./stream-edit.js";
export { decodeReadResult, encodeReadResult, READ_VERSION, type ReadKey, type ReadRequest, type ReadResult, type ReadType, type ReadValue } from "./read-result.js";
export { isMarkKey, isReadKey, isReserved, MARK_KEY, READ_KEY, READ_TTL_MS, RESERVED_PREFIX, SKETCH_KEY, TRIAL_KEY } from "./reserved-key.js";
export { payloadType } from "./payload-type.js";
