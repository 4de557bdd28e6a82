/** Values as parts of buffers. Decides nothing. */
import type { Mutation } from "@meridian/words";

/** A value in a buffer that may be re-used afterwards. */
export interface ValueSlice {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The print of a plain value: the value itself where it is short, else its digest. */
export type PlainPrint = ValueSlice | string;

/** Gives a mutation its value. */
export function setValue(m: Mutation, value: ValueSlice): void {
  m.bytes = value.bytes;
  m.valueStart = value.start;
  m.valueEnd = value.end;
}
