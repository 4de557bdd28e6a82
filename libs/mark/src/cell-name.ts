/**
 * Names of cells, as the mark lists them.
 *
 * A cell is the smallest thing that is compared and written as one: a string's value, one field, one member, one score,
 * a key's expiry, or a whole value that is not split. Keys and fields are "binary" strings: one character per byte.
 */
import type { ByteCursor } from "./byte-cursor.js";

/**
 * What a cell is of: `s` string value, `h` hash field, `e` set member, `z` sorted-set member, `t` the key's expiry,
 * `w` a whole value (module type), `l` a list, `x` an entry of a stream or, without a field, the stream itself,
 * `g` a consumer group, `k` the whole key whatever it holds.
 */
export type CellKind = "s" | "h" | "e" | "z" | "t" | "w" | "l" | "x" | "g" | "k";

/** The name of one cell. `field` is empty for kinds without one. */
export interface CellName {
  readonly db: number;
  readonly kind: CellKind;
  readonly key: string;
  readonly field: string;
}

/** Databases beyond this cannot be named. */
export const DB_LIMIT = 65_535;

const KINDS = "shetzwlxgk";

/** Bytes that {@link writeCellName} takes. */
export function cellNameBytes(name: CellName): number {
  return 11 + name.key.length + name.field.length;
}

/** Writes kind, database (u16), key and field (each u32 length and bytes); returns the offset behind. */
export function writeCellName(into: Buffer, name: CellName, at: number): number {
  into.write(name.kind, at, "latin1");
  into.writeUInt16BE(name.db, at + 1);
  let end = into.writeUInt32BE(name.key.length, at + 3);
  end += into.write(name.key, end, "latin1");
  end = into.writeUInt32BE(name.field.length, end);
  return end + into.write(name.field, end, "latin1");
}

/** Reads what {@link writeCellName} or the apply script wrote. Throws `BAD_MARK`. */
export function readCellName(cursor: ByteCursor): CellName {
  const kind = cursor.text(1);
  if (!KINDS.includes(kind)) throw cursor.junk(`no cell kind ${JSON.stringify(kind)}`);
  const db = cursor.u16();
  const key = cursor.text(cursor.u32());
  const field = cursor.text(cursor.u32());
  return { db, kind: kind as CellKind, key, field };
}
