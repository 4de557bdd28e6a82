/**
 * The type of a value in a payload of DUMP, for people: its first byte says which, and for a type of a module the nine
 * letters of its name follow. Nothing else of a payload is looked at, and none is refused.
 */

const NAMES: Readonly<Record<number, string>> = {
  ...{ 0: "string", 1: "list", 2: "set", 3: "zset", 4: "hash", 5: "zset", 9: "hash", 10: "list", 11: "set", 12: "zset", 13: "hash" },
  ...{ 14: "list", 15: "stream", 16: "hash", 17: "zset", 18: "list", 19: "stream", 20: "set", 21: "stream" },
  ...{ 22: "hash with field deadlines", 23: "hash with field deadlines", 24: "hash with field deadlines", 25: "hash with field deadlines" },
};
const MODULE = [6, 7];
/** Marks a number of 64 bits in a payload. */
const LONG = 0x81;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Of a module type's number: nine letters of six bits, then ten bits of its version. */
const NAME_LETTERS = 9;
const VERSION_BITS = 10n;

/** For example "list", "module type vectorset", "type 99". */
export function payloadType(payload: Buffer): string {
  const type = payload[0];
  if (type === undefined) return "empty payload";
  if (!MODULE.includes(type) || payload[1] !== LONG || payload.length < 10) return NAMES[type] ?? `type ${type}`;
  let letters = payload.readBigUInt64BE(2) >> VERSION_BITS;
  let name = "";
  for (let at = 0; at < NAME_LETTERS; at += 1) {
    name = (LETTERS[Number(letters & 63n)] ?? "") + name;
    letters >>= 6n;
  }
  return `module type ${name}`;
}
