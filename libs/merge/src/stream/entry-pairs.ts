/** The pairs of a stream entry as bytes: of each field and value the length (u32, big-endian) and the bytes. */

/** A piece of a buffer. */
export interface BytesPart {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

const LENGTH_BYTES = 4;

/** Fields and values, in turn, as one piece of bytes. */
export function encodePairs(parts: readonly BytesPart[]): Buffer {
  let length = 0;
  for (const { start, end } of parts) length += LENGTH_BYTES + end - start;
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { bytes, start, end } of parts) {
    at = out.writeUInt32BE(end - start, at);
    at += bytes.copy(out, at, start, end);
  }
  return out;
}

/** What {@link encodePairs} was given, sharing memory with `bytes`. */
export function decodePairs(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    parts.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return parts;
}
