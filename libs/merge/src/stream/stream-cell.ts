/**
 * Two small cells of a stream's key: the stream itself, which exists and whose ids have come so far, and a consumer group,
 * which exists or not. Both are registers of concurrent writes, all of which count.
 */
import type { Cell } from "../cell.js";
import { greaterId, NO_ENTRY_ID } from "./entry-id.js";

const STREAM = "@";
const GROUP = "+";
/** A group that was removed. Stands until a write that has seen it: a group made meanwhile is removed too. */
export const GROUP_REMOVED = "-";

/** What is remembered of a stream that exists: the greatest id that it gave. */
export function streamPrint(lastId: string): string {
  return STREAM + lastId;
}

/** What is remembered of a group: where it began to read. */
export function groupPrint(startId: string): string {
  return GROUP + startId;
}

/** True where the cell is that of a stream itself, not of an entry. */
export function isStreamPrint(print: string): boolean {
  return print.startsWith(STREAM);
}

/** How far a stream's ids have come, at least, by those who wrote to it. */
export function lastIdOf(cell: Cell): string {
  return cell.siblings.reduce((last, { print }) => greaterId(last, print.slice(1)), NO_ENTRY_ID);
}

/** Where a group that exists begins to read, or undefined where it was removed or never made: removing wins. */
export function groupStart(cell: Cell): string | undefined {
  let start: string | undefined;
  for (const { print } of cell.siblings) {
    if (print === GROUP_REMOVED) return undefined;
    start = start === undefined || start > print ? print : start;
  }
  return start?.slice(1);
}
