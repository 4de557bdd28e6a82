/**
 * What stands beside a sketch that clients have added to while their server lacked some of its registers: it had dropped the
 * key, or what is merged has not come to it yet. Registers only rise until a client deletes them, so adding takes nothing away
 * that the server did not hold: not what others wrote, and not what this region itself wrote before. What the agent holds of
 * that is published with what was read, as one sketch; the rest stays where it is, named as unseen.
 */
import { isSketchPrint, sketchPrintOf, takes, uniteSketches, type Cell } from "@meridian/merge";
import type { Dot, WriterId } from "@meridian/words";
import type { CellSlot } from "../keys/key-entry.js";
import type { ValueSlice } from "../keys/value-slice.js";
import { awayOf, lookAtTypes, type Away } from "./unseen.js";

/** A sketch to be published, and what stands beside it. */
export interface BesideSketch {
  readonly print: string;
  readonly value: ValueSlice;
  readonly away: Away;
  /** The server does not hold all of the cell: what of it the agent has is kept. */
  readonly isKept: boolean;
}

/** What `writer` publishes where the sketch `read` was read of a cell, before that is changed. */
export function besideSketch(slot: CellSlot, writer: WriterId, print: string, read: ValueSlice): BesideSketch {
  const { base, shown } = slot;
  lookAtTypes(slot);
  const away = awayOf(slot, writer);
  // Where nothing else is known the server held all of it.
  if (!shown) return { print, value: read, away, isKept: false };
  const isOther = (known: string): boolean => isSketchPrint(known) && known !== shown.print && known !== print;
  const others = base.siblings.filter((sibling) => isOther(sibling.print));
  const missing = others.filter(({ value }) => !value);
  const texts = away.siblings.filter((sibling) => !isSketchPrint(sibling.print));
  const beside: Away = { siblings: [...texts, ...missing], sums: away.sums };
  const values = others.flatMap(({ value }) => value ?? []);
  const union = values.length > 0 ? uniteSketches([read.bytes.subarray(read.start, read.end), ...values]) : undefined;
  if (!union) return { print, value: read, away: beside, isKept: missing.length > 0 };
  const value = { bytes: union, start: 0, end: union.length };
  return { print: sketchPrintOf(union) ?? print, value, away: beside, isKept: true };
}

/** True where a sketch is merged in a cell. */
export function holdsSketch({ siblings }: Cell): boolean {
  return siblings.some(({ print }) => isSketchPrint(print));
}

/** Puts a client's delete into a cell of sketches: with what it saw goes what no client has seen, as everywhere. */
export function withoutWiped(cell: Cell, wipe: Dot): void {
  cell.wipes = [...(cell.wipes ?? []), wipe];
  cell.siblings = cell.siblings.filter((sibling) => !takes(wipe, sibling));
}
