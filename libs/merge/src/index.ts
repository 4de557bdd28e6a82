export {
  cloneCell,
  emptyCell,
  isForgettable,
  isLive,
  isPresent,
  type Cell,
  type CellChange,
  type CellSum,
  type EarlyContext,
  type Sibling,
} from "./cell.js";
export {
  deadlineContent,
  isCounting,
  liveTotal,
  registerContent,
  scoreContent,
  type RegisterContent,
} from "./content.js";
export { joinCells } from "./join.js";
export { aheadOf, covers, forgetEarly, isCoveredEarly, mergeChange, rememberEarly, sameDot } from "./merge.js";
export { newestDot, winnerOf, wins } from "./order.js";
export {
  digestPrintOf,
  integerOfPrint,
  PRINT_DIGEST_DIGITS,
  PRINT_INLINE_BYTES_MAX,
  printOf,
  printOfInteger,
  valueOfPrint,
} from "./print.js";
export { doubleOf, scaledOf } from "./score.js";
