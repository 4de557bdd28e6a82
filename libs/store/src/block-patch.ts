/**
 * The common merge: few writes into a block that stays one block with the same prefix.
 *
 * Costs a search and two copies per write, whatever the number of cells. Pure.
 */
import { BLOCK_BYTES_MAX, cellBytes, writeLengths } from "./block-format.js";
import type { BlockReader } from "./block-reader.js";
import type { MergeContext, MergedBlock, SortedWrites } from "./cell-block.js";

/** The merged block, or undefined where it would be empty, too large, or needs another prefix. */
export function patchBlock(
  block: BlockReader,
  writes: SortedWrites,
  from: number,
  to: number,
  context: MergeContext,
): MergedBlock | undefined {
  if (block.count === 0 || to - from > block.count) return undefined;
  const values: (Buffer | undefined)[] = [];
  /** Per write: the cell before which it stands, and the cell with which the block goes on. */
  const places: number[] = [];
  const room = place(block, writes, from, to, values, places);
  if (room === undefined || room > BLOCK_BYTES_MAX) return undefined;
  const bytes = context.arena.take(room);
  let at = block.copyHead(bytes);
  if (room === at) return undefined;
  let cell = 0;
  for (let index = 0; index < values.length; index += 1) {
    at += block.copyCells(cell, places[index * 2] as number, bytes, at);
    cell = places[index * 2 + 1] as number;
    const value = values[index];
    if (value === undefined) {
      if (cell !== places[index * 2]) context.onGoneKey();
      continue;
    }
    const key = writes.keys[from + index] as string;
    if (cell === places[index * 2]) context.onNewKey(key);
    at = putCell(bytes, at, key, block.prefixLength, value);
  }
  block.copyCells(cell, block.count, bytes, at);
  return { firstKey: "", bytes };
}

/** Finds where the writes go; returns the bytes of the result, or undefined where a key lacks the prefix. */
function place(
  block: BlockReader,
  writes: SortedWrites,
  from: number,
  to: number,
  values: (Buffer | undefined)[],
  places: number[],
): number | undefined {
  let room = block.bytes;
  let cell = 0;
  for (let index = from; index < to; index += 1) {
    const key = writes.keys[index] as string;
    const value = writes.value(index);
    if (value !== undefined && !block.hasPrefixOf(key)) return undefined;
    const before = block.lowerBound(key, cell);
    cell = before < block.count && block.compare(before, key) === 0 ? before + 1 : before;
    room -= block.cellsBytes(before, cell);
    if (value !== undefined) room += cellBytes(key.length - block.prefixLength, value.length);
    values.push(value);
    places.push(before, cell);
  }
  return room;
}

function putCell(bytes: Buffer, to: number, key: string, prefix: number, value: Buffer): number {
  let at = writeLengths(bytes, key.length - prefix, value.length, to);
  for (let char = prefix; char < key.length; char += 1) bytes[at++] = key.charCodeAt(char);
  for (let index = 0; index < value.length; index += 1) bytes[at++] = value[index] as number;
  return at;
}
