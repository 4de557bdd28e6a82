/** All that the server holds of a key, as a batch names it that takes the key away. */
import { GROUP_CONTENT, type ExactContent } from "@meridian/mark";
import { shownEntries } from "@meridian/merge";
import { heldPrint, shownPrint } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import { heldElements } from "../keys/list-content.js";

/** Each element with its content; of types without elements one. Every cell of the key must be in memory. */
export function heldContents(entry: KeyEntry): ExactContent["elements"] {
  return [...entry.loadedSlots()].flatMap(contentsOf);
}

function contentsOf(slot: CellSlot): ExactContent["elements"] {
  const shown = slot.kind === "t" ? undefined : shownPrint(slot);
  if (shown === undefined) return [];
  if (slot.list) return heldElements(slot).map(({ print }) => ["", print]);
  if (slot.kind === "g") return [[slot.field, GROUP_CONTENT]];
  if (slot.kind === "x") return slot.field === "" ? [] : shownEntries(shown, slot.field).map(({ id, print }) => [id, print]);
  if (slot.kind === "e") return [[slot.field, ""]];
  return [[slot.field, slot.kind === "w" ? `d${(heldPrint(slot) ?? shown).slice(1)}` : shown]];
}
