/**
 * Looks for one cell in a block as it is, without indexing its cells: for lookups of single keys, of which each is in another
 * block. The format stands in `block-format.ts`. Pure.
 */
import { PREFIX_AT, WIDE } from "./block-format.js";

/** Below this many bytes a loop is faster than a native copy. */
const LOOP_BYTES_MAX = 48;

/** A copy of the value of `key` in the block `bytes[0, length)`, or undefined where it has none. */
export function valueInBlock(bytes: Buffer, length: number, key: string): Buffer | undefined {
  if (length === 0) return undefined;
  const prefix = (bytes[0] as number) | ((bytes[1] as number) << 8);
  const wanted = key.length - prefix;
  if (wanted < 0 || !isAt(bytes, PREFIX_AT, key, 0, prefix)) return undefined;
  for (let at = PREFIX_AT + prefix; at < length; ) {
    let suffix = bytes[at++] as number;
    if (suffix === WIDE) {
      suffix = bytes.readUInt16LE(at);
      at += 2;
    }
    let value = bytes[at++] as number;
    if (value === WIDE) {
      value = bytes.readUInt32LE(at);
      at += 4;
    }
    if (suffix === wanted && isAt(bytes, at, key, prefix, key.length)) return copyOf(bytes, at + suffix, at + suffix + value);
    at += suffix + value;
  }
  return undefined;
}

/** From the end: the keys of a block begin alike. */
function isAt(bytes: Buffer, at: number, key: string, from: number, to: number): boolean {
  const shift = at - from;
  for (let char = to - 1; char >= from; char -= 1) if (bytes[shift + char] !== key.charCodeAt(char)) return false;
  return true;
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  if (end - start > LOOP_BYTES_MAX) bytes.copy(copy, 0, start, end);
  else for (let from = start, to = 0; from < end; from += 1, to += 1) copy[to] = bytes[from] as number;
  return copy;
}
