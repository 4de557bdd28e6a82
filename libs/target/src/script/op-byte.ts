/**
 * First bytes of the operations' codes, as the apply script compares them: `string.byte` once per operation is
 * cheaper than comparing with a list of strings.
 */
import { OP } from "@meridian/mark";

/** For each operation, the byte of its code. */
export const OP_BYTE = Object.fromEntries(Object.entries(OP).map(([name, code]) => [name, code.charCodeAt(0)])) as {
  readonly [Name in keyof typeof OP]: number;
};

/** For each expectation, its byte. */
export const EXPECT_BYTE = { absent: 0x2d, equal: 0x3d, digest: 0x23, registers: 0x25, anything: 0x7e, afterUnlink: 0x75 } as const;

/** For each way to say what a key must hold, the byte of its first character. */
export const HOLDS_BYTE = { equal: 0x3d, digest: 0x23, registers: 0x25, short: 0x69, dump: 0x64, type: 0x74 } as const;
