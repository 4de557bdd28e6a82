/**
 * Increments of floats, which the stream carries as the result: what they added is the difference to what the server held before,
 * in multiples of 10^-17. Where that is not known the result is a value like any other, and counted.
 */
import { argumentText, type ArgumentView } from "@meridian/commands";
import { decimalOf, decimalOfPrint } from "@meridian/merge";
import { MutationKind } from "@meridian/words";
import { entryAt, type CommandScope } from "./command-scope.js";
import { shownPrint } from "../keys/content.js";
import type { CellSlot } from "../keys/key-entry.js";

const K = MutationKind;

/** INCRBYFLOAT, as SET of its result. False: the result is to be taken for a value. */
export function addToString(view: ArgumentView, scope: CommandScope): boolean {
  const entry = entryAt(view, 1, scope);
  return entry === undefined || add(scope.keys.single(entry, "s"), K.IncrementDecimal, argumentText(view, 2), scope);
}

/** HINCRBYFLOAT, as HSET of its result. */
export function addToField(view: ArgumentView, scope: CommandScope): boolean {
  const entry = entryAt(view, 1, scope);
  return entry === undefined || add(scope.keys.member(entry, "h", argumentText(view, 2)), K.IncrementDecimalField, argumentText(view, 3), scope);
}

function add(slot: CellSlot, kind: MutationKind, text: string, scope: CommandScope): boolean {
  const { writes, counters } = scope;
  counters.floats += 1;
  const after = decimalOf(text);
  if (after === undefined || !isKnown(slot, scope)) {
    counters.floatsAsValues += 1;
    return false;
  }
  // A key that comes into being here inherits nothing of what it may have held for us.
  writes.beforeWrite(slot.entry);
  writes.addToSum(kind, slot, after - (numberIn(slot) ?? 0n), `=${text}`);
  return true;
}

/** True where it is known what the server held before, and it is a number or nothing. */
function isKnown(slot: CellSlot, scope: CommandScope): boolean {
  return !slot.unsure && !scope.isImporting() && numberIn(slot) !== undefined;
}

function numberIn(slot: CellSlot): bigint | undefined {
  const shown = shownPrint(slot);
  return shown === undefined ? 0n : decimalOfPrint(shown);
}
