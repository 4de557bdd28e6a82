/**
 * The format of a block of cells: consecutive keys with their values, in about one page.
 *
 * Cells are small and many; one LMDB entry each would cost twice their size on disk and in resident pages. A block
 * stores once what its keys have in common: `u16 prefix length, prefix`, then per cell `suffix length, value length,
 * suffix, value`. A length is one byte, or 255 and then 2 bytes (suffix) or 4 bytes (value), little-endian. The prefix
 * need not be the longest possible one.
 */

/** A block is split above this: what an LMDB overflow page of 4096 bytes holds. */
export const BLOCK_BYTES_MAX = 4080;

/** The length byte that says: a wide length follows. */
export const WIDE = 255;

/** Bytes of a block before its prefix. */
export const PREFIX_AT = 2;

/** Bytes of one cell. */
export function cellBytes(suffix: number, value: number): number {
  return (suffix < WIDE ? 1 : 3) + (value < WIDE ? 1 : 5) + suffix + value;
}

/** Writes the lengths of a cell at `to`; returns where its suffix begins. */
export function writeLengths(bytes: Buffer, suffix: number, value: number, to: number): number {
  let next = to;
  if (suffix < WIDE) bytes[next++] = suffix;
  else {
    bytes[next] = WIDE;
    next = bytes.writeUInt16LE(suffix, next + 1);
  }
  if (value < WIDE) bytes[next++] = value;
  else {
    bytes[next] = WIDE;
    next = bytes.writeUInt32LE(value, next + 1);
  }
  return next;
}
