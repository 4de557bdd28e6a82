export {
  cloneCell,
  emptyCell,
  isForgettable,
  isLive,
  isPresent,
  type Cell,
  type CellChange,
  type ChangeAction,
  type CellSum,
  type EarlyContext,
  type Sibling,
} from "./cell.js";
export {
  decimalTotal,
  deadlineContent,
  hasDecimals,
  isCounting,
  knownUnion,
  liveTotal,
  registerContent,
  scoreContent,
  type RegisterContent,
} from "./content.js";
export { CONFLICT_RULES, findLosers, findMoved, survivorOf, type CellConflict, type ConflictRule, type OnConflict } from "./conflict.js";
export { DECIMAL_DIGITS, DECIMAL_ONE, decimalOf, decimalOfPrint, decimalText, isPlainDecimal, plainDecimalOfPrint } from "./decimal.js";
export { joinCells } from "./join.js";
export { aheadOf, covers, forgetEarly, forgetSeen, forgetWipes, isCoveredEarly, mergeChange, rememberEarly, sameDot, takes } from "./merge.js";
export { newestDot, winnerOf, wins } from "./order.js";
export {
  digestPrintOf,
  integerOfPrint,
  isDigest,
  PRINT_DIGEST_DIGITS,
  PRINT_INLINE_BYTES_MAX,
  printOf,
  printOfInteger,
  stringPrintOf,
  isWholePrint,
  valueOfPrint,
} from "./print.js";
export { findRegisterLoser, latestIn, mergeRegister, writeOf } from "./register.js";
export { doubleOf, scaledOf } from "./score.js";
export { Block, BLOCK_ELEMENTS_MAX, type Element } from "./sequence/block.js";
export {
  elementPrint,
  EVERYWHERE,
  isWithin,
  mergeElements,
  positionsOf,
  siblingsAfter,
  spansOf,
  type ElementsPart,
  type ElementValue,
  type ListChange,
  type SequenceContext,
  type Span,
} from "./sequence/element-change.js";
export { DIFFERENCES_MAX, editsBetween, type ListEdit } from "./sequence/list-edit.js";
export { OPEN_RUNS_MAX, OpenRuns, type OpenRun } from "./sequence/open-runs.js";
export {
  levelsOf,
  placeOf,
  POSITION_BYTES_MAX,
  positionIn,
  positionOf,
  shifted,
  type Level,
  type PlaceInRun,
  type Position,
} from "./sequence/position.js";
export { Sequence } from "./sequence/sequence.js";
export { decodeSketch, encodeSketch, isSketchPrint, looksLikeSketch, SKETCH_REGISTERS, sketchPrintOf, uniteSketches } from "./sketch.js";
export {
  BESIDE,
  COPIED,
  entriesOf,
  entryPrint,
  joinEntryCells,
  mergeEntryChange,
  sameEntries,
  shownEntries,
  type ShownEntry,
  type VisibleEntry,
} from "./stream/entry-cell.js";
export { fieldOfId, fieldsBesideId, greaterId, idOfField, isBelow, movedId, NO_ENTRY_ID } from "./stream/entry-id.js";
export { decodePairs, encodePairs, type BytesPart } from "./stream/entry-pairs.js";
export { decodeRemoval, encodeRemoval, type EntryRemoval } from "./stream/entry-removal.js";
export { GROUP_REMOVED, groupPrint, groupStart, isStreamPrint, lastIdOf, streamPrint } from "./stream/stream-cell.js";
