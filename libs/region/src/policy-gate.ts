/**
 * Capture's gate for keys that stay in their region. A command that writes local keys only is passed over; one that
 * writes both kinds is read back: the keys that are shared are read at a position of the stream, because a handler takes
 * a command as a whole.
 */
import { argumentText, writtenElsewhere, writtenKeys, type ArgumentView, type CommandRow } from "@meridian/commands";
import type { PolicyTable } from "./policy-table.js";

/** A key that a command writes. */
export interface WrittenKey {
  readonly db: number;
  readonly key: string;
}

/** The shared keys of a command that also writes local ones; undefined: it writes none of these, and is captured as ever. */
export function sharedBesideLocal(
  row: CommandRow,
  view: ArgumentView,
  db: number,
  policies: PolicyTable,
): readonly WrittenKey[] | undefined {
  const shared: WrittenKey[] = [];
  let hasLocal = false;
  const sort = (written: WrittenKey): void => {
    if (policies.isLocal(written.key)) hasLocal = true;
    else shared.push(written);
  };
  for (const index of writtenKeys(row, view)) sort({ db, key: argumentText(view, index) });
  const elsewhere = writtenElsewhere(row, view);
  if (elsewhere) sort({ db: elsewhere.database, key: argumentText(view, elsewhere.key) });
  return hasLocal ? shared : undefined;
}
