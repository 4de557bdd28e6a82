/**
 * Where a content that no two commands give comes from, by the logs; and whether a client's region had merged it when that
 * client wrote, by the marks in its server's stream. A write that lost against a concurrent one is not visible any more where
 * both are merged: a client there has seen it in what won, and takes both away with it.
 *
 * Leaves to the oracle at rest: what a mark covers but has deferred counts as merged here.
 */
import { decodeMark } from "@meridian/mark";
import type { Hlc, WriterId } from "@meridian/words";
import { cellKindOf } from "./audited-log.js";
import { cellName } from "./cells-of-server.js";
import type { ClientChange } from "./chronicle.js";
import type { LogModel } from "../mesh/log-model.js";
import { readRecord } from "../mesh/read-record.js";
import type { SimLog } from "../mesh/residents.js";

/** The logs of a mesh. */
export interface Logs {
  readonly log: LogModel;
  readonly logs: readonly SimLog[];
}

/**
 * True where a client has changed the cell whose region had merged this content, and something was visible there. `changes`: of
 * the cell, in their order.
 */
export function isTakenWithWinner(logs: Logs, name: string, content: string, changes: readonly ClientChange[]): boolean {
  const origins = logs.logs.flatMap(({ at, writer }) => versionsOf(logs.log, writer, name, content).map((hlc) => ({ writer, at, hlc })));
  if (origins.length === 0) return false;
  return changes.some((change, index) => {
    if (change.before === undefined || change.before === change.after) return false;
    const { mark } = change;
    const vector = mark && decodeMark(mark).vector;
    return origins.every(({ writer, at, hlc }) =>
      at === change.at
        ? changes.slice(0, index).some((earlier) => earlier.at === at && earlier.after === content)
        : vector?.covers(writer, hlc) === true,
    );
  });
}

/** The versions under which a writer has published a content; the same one again where its record stands in the log twice. */
function versionsOf(log: LogModel, writer: WriterId, name: string, content: string): Hlc[] {
  const versions: Hlc[] = [];
  for (const record of log.of(writer)) {
    for (const frame of readRecord(record, writer).frames) {
      frame.forEach(({ kind, hlc, db, key, field, bytes, valueStart, valueEnd }) => {
        if (cellName(db, key, cellKindOf(kind), field) !== name) return;
        if (bytes.toString("latin1", valueStart, valueEnd) === content) versions.push(hlc);
      });
    }
  }
  return versions;
}
