/**
 * How a value of each type is measured, read whole and compared.
 *
 * A type that is not in the table comes from a module and is compared by its DUMP.
 */
import {
  compareDumps,
  compareHashes,
  compareLists,
  compareSets,
  compareSortedSets,
  compareStreams,
  compareStrings,
  type ValueComparison,
} from "./value-differences.js";

/** One type. */
export interface ValueType {
  /** The command that tells the size (bytes of a string, else elements); undefined where there is none. */
  readonly sizeCommand: string | undefined;
  /** Above this size the value is compared piece by piece (large-value.ts). */
  readonly wholeMax: number;
  /** Rough bytes per unit of size, to bound what is asked for at once. */
  readonly unitBytes: number;
  /** The command that reads it whole; the key comes second. */
  readonly readCommand: readonly [string, ...string[]];
  readonly compare: ValueComparison;
}

const STRING_WHOLE_BYTES_MAX = 256 * 1024;
const ELEMENTS_WHOLE_MAX = 2_000;
const ELEMENT_BYTES_GUESS = 64;

const TYPES: Readonly<Record<string, ValueType>> = {
  string: {
    sizeCommand: "STRLEN",
    wholeMax: STRING_WHOLE_BYTES_MAX,
    unitBytes: 1,
    readCommand: ["GET"],
    compare: compareStrings,
  },
  list: collection("LLEN", ["LRANGE", "0", "-1"], compareLists),
  set: collection("SCARD", ["SMEMBERS"], compareSets),
  zset: collection("ZCARD", ["ZRANGE", "0", "-1", "WITHSCORES"], compareSortedSets),
  hash: collection("HLEN", ["HGETALL"], compareHashes),
  stream: collection("XLEN", ["XRANGE", "-", "+"], compareStreams),
};

const MODULE_TYPE: ValueType = {
  sizeCommand: undefined,
  wholeMax: Infinity,
  unitBytes: 1,
  readCommand: ["DUMP"],
  compare: compareDumps,
};

/** The entry of a type as TYPE names it. */
export function valueType(name: string): ValueType {
  return TYPES[name] ?? MODULE_TYPE;
}

function collection(sizeCommand: string, readCommand: ValueType["readCommand"], compare: ValueComparison): ValueType {
  return { sizeCommand, wholeMax: ELEMENTS_WHOLE_MAX, unitBytes: ELEMENT_BYTES_GUESS, readCommand, compare };
}
