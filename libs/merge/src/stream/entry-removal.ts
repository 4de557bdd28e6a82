/**
 * What the removal of an entry says: the dots that it takes away, and those that its client saw beside them under another
 * id. Layout: per dot a byte (0 removed, 1 beside), a byte length, the writer, 8 bytes version.
 */
import { HLC_BYTES, parseWriterId, readHlc, writeHlc, type Dot } from "@meridian/words";

/** See the module's comment. */
export interface EntryRemoval {
  readonly removed: readonly Dot[];
  readonly beside: readonly Dot[];
}

/** The removal as bytes. */
export function encodeRemoval({ removed, beside }: EntryRemoval): Buffer {
  const all = [...removed.map((dot) => ({ dot, tag: 0 })), ...beside.map((dot) => ({ dot, tag: 1 }))];
  const parts = all.map(({ dot, tag }) => {
    const bytes = Buffer.alloc(2 + dot.writer.length + HLC_BYTES);
    bytes.writeUInt8(tag, 0);
    bytes.writeUInt8(dot.writer.length, 1);
    bytes.write(dot.writer, 2, "latin1");
    writeHlc(bytes, dot.hlc, 2 + dot.writer.length);
    return bytes;
  });
  return Buffer.concat(parts);
}

/** Reads what {@link encodeRemoval} wrote. */
export function decodeRemoval(bytes: Buffer, start = 0, end = bytes.length): EntryRemoval {
  const removed: Dot[] = [];
  const beside: Dot[] = [];
  for (let at = start; at < end; ) {
    const nameEnd = at + 2 + bytes.readUInt8(at + 1);
    const dot = { writer: parseWriterId(bytes.toString("latin1", at + 2, nameEnd)), hlc: readHlc(bytes, nameEnd) };
    (bytes.readUInt8(at) === 0 ? removed : beside).push(dot);
    at = nameEnd + HLC_BYTES;
  }
  return { removed, beside };
}
