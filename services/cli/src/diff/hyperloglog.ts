/**
 * The registers of a HyperLogLog, whatever its encoding.
 *
 * A HyperLogLog is a string whose bytes differ without its content differing: the header caches the cardinality, and
 * the registers may be stored sparse or dense. Format: `HYLL`, encoding byte, 3 unused, 8 of cache, registers.
 */

const HEADER_BYTES = 16;
const REGISTERS = 16_384;
const REGISTER_BITS = 6;
const DENSE_BYTES = HEADER_BYTES + (REGISTERS * REGISTER_BITS) / 8;

/** The registers of `value`, or undefined where it is an ordinary string. */
export function hyperLogLogRegisters(value: Buffer): Uint8Array | undefined {
  if (value.length < HEADER_BYTES || value.toString("latin1", 0, 4) !== "HYLL") return undefined;
  if (value[4] === 0) return value.length >= DENSE_BYTES ? dense(value) : undefined;
  return value[4] === 1 ? sparse(value) : undefined;
}

function dense(value: Buffer): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  for (let index = 0; index < REGISTERS; index += 1) {
    const bit = index * REGISTER_BITS;
    const at = HEADER_BYTES + (bit >> 3);
    const pair = (value[at] ?? 0) | ((value[at + 1] ?? 0) << 8);
    registers[index] = (pair >> (bit & 7)) & 63;
  }
  return registers;
}

/** ZERO 00xxxxxx, XZERO 01xxxxxx yyyyyyyy, VAL 1vvvvvxx. */
function sparse(value: Buffer): Uint8Array | undefined {
  const registers = new Uint8Array(REGISTERS);
  let index = 0;
  for (let at = HEADER_BYTES; at < value.length; at += 1) {
    const code = value[at]!;
    let run = (code & 0x3f) + 1;
    if (code & 0x80) {
      run = (code & 3) + 1;
      registers.fill(((code >> 2) & 31) + 1, index, index + run);
    } else if (code & 0x40) {
      at += 1;
      run = (((code & 0x3f) << 8) | (value[at] ?? 0)) + 1;
    }
    index += run;
  }
  return index === REGISTERS ? registers : undefined;
}
