/**
 * Capture's gate for keys that are not merged by the published rules: those that stay in their region, and those that are one
 * register. A command that writes only keys which stay here (local ones, and such as reside in other regions) is passed over; a
 * register is read back after whatever command wrote it.
 * Keys of other policies beside one of these are read back too, because a handler takes a command as a whole.
 */
import { argumentText, writtenElsewhere, writtenKeys, type ArgumentView, type CommandRow } from "@meridian/commands";
import { RESERVED_PREFIX } from "@meridian/mark";
import type { KeyPolicies } from "./live-policies.js";
import type { Residency } from "../publish/residency.js";

/** A key that a command writes. */
export interface WrittenKey {
  readonly db: number;
  readonly key: string;
}

/** The keys that a command writes, by what is to be done with them. */
export interface SortedKeys {
  readonly hasLocal: boolean;
  /** The group of keys that reside in other regions, if there are any. */
  readonly foreign: string | undefined;
  /** Keys that are one register. */
  readonly registers: readonly WrittenKey[];
  /** Keys of other policies: read back. */
  readonly shared: readonly WrittenKey[];
}

/** Commands that leave nothing of the keys that they name, as the stream carries them. */
const DELETIONS: ReadonlySet<string> = new Set(["del", "unlink", "getdel"]);

/** True where the command deletes what it names. */
export function isDeletion({ name }: CommandRow): boolean {
  return DELETIONS.has(name);
}

/** Sorts what a command writes; undefined: no keys that stay here and no registers, and it is captured as ever. */
export function sortByPolicy(
  row: CommandRow,
  view: ArgumentView,
  db: number,
  policies: Pick<KeyPolicies, "of">,
  residency?: Residency,
): SortedKeys | undefined {
  const shared: WrittenKey[] = [];
  const registers: WrittenKey[] = [];
  let foreign: string | undefined;
  let hasLocal = false;
  const sort = (written: WrittenKey): void => {
    if (written.key.startsWith(RESERVED_PREFIX)) return;
    const { kind } = policies.of(written.key);
    if (kind === "local") hasLocal = true;
    else if (kind === "regions" && residency?.isForeign(written.key) === true) foreign = residency.groupOf(written.key);
    else (kind === "lww" ? registers : shared).push(written);
  };
  for (const index of writtenKeys(row, view)) sort({ db, key: argumentText(view, index) });
  const elsewhere = writtenElsewhere(row, view);
  if (elsewhere) sort({ db: elsewhere.database, key: argumentText(view, elsewhere.key) });
  return hasLocal || foreign !== undefined || registers.length > 0 ? { hasLocal, foreign, registers, shared } : undefined;
}
