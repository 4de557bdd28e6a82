/**
 * What mutations of lists carry in their value: values one after the other, or spans of positions. A span of one
 * position names it once.
 */
import { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";

const ONE = 0;
const MORE = 1;

/** A slice of a buffer. */
export interface ByteSlice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Positions from one to another, both included; empty texts stand for the ends of the list. */
export interface PositionSpan {
  readonly from: string;
  readonly to: string;
}

/** Appends values. */
export function writeValues(out: ByteWriter, values: Iterable<ByteSlice>): void {
  for (const { bytes, start, end } of values) out.slice(bytes, start, end);
}

/** Reads what {@link writeValues} wrote. The slices share memory with `bytes`. Throws `BAD_RECORD`. */
export function readValues({ bytes, start, end }: ByteSlice): Buffer[] {
  const from = new ByteReader(bytes.subarray(0, end), start);
  const values: Buffer[] = [];
  while (!from.done) {
    const length = from.varint();
    const at = from.at;
    values.push(bytes.subarray(at, from.skip(length)));
  }
  return values;
}

/** Appends spans. */
export function writeSpans(out: ByteWriter, spans: Iterable<PositionSpan>): void {
  for (const { from, to } of spans) {
    out.byte(from === to && from !== "" ? ONE : MORE);
    out.text(from);
    if (from !== to || from === "") out.text(to);
  }
}

/** Reads what {@link writeSpans} wrote. Throws `BAD_RECORD`. */
export function readSpans({ bytes, start, end }: ByteSlice): PositionSpan[] {
  const reader = new ByteReader(bytes.subarray(0, end), start);
  const spans: PositionSpan[] = [];
  while (!reader.done) {
    const single = reader.byte() === ONE;
    const from = reader.text();
    spans.push({ from, to: single ? from : reader.text() });
  }
  return spans;
}
