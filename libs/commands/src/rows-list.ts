/** Lists. */
import { family, KEY_1, KEYS_1_2, KEYS_BUT_LAST, NO_KEY } from "./command-row.js";

const row = family("cells");
const PUSH = "each value is an element with a place of its own";
const POP = "removes the elements that this server popped; two regions may pop the same one";
const SERVED = "arrives as the pop of the key that served it";
const MOVE = "a remove in one list and a push in the other; a value of more than 32 bytes is read back";

export const LIST_ROWS = [
  row("lpush", "captured", "as sent", KEY_1, "1.0.0", PUSH),
  row("rpush", "captured", "as sent", KEY_1, "1.0.0", PUSH),
  row("lpushx", "captured", "as sent | nothing", KEY_1, "2.2.0", PUSH),
  row("rpushx", "captured", "as sent | nothing", KEY_1, "2.2.0", PUSH),
  row("lpop", "captured", "as sent | nothing", KEY_1, "1.0.0", POP),
  row("rpop", "captured", "as sent | nothing", KEY_1, "1.0.0", POP),
  row("lset", "captured", "as sent", KEY_1, "1.0.0", "a new value at the same place"),
  row("linsert", "captured", "as sent | nothing", KEY_1, "2.2.0", "stands beside the element that this server found"),
  row("lrem", "captured", "as sent | nothing", KEY_1, "1.0.0", "removes the elements that this server found, no equal ones that others push"),
  row("ltrim", "captured", "as sent | nothing", KEY_1, "1.0.0", "removes the elements that this server dropped"),
  row("lmove", "captured", "as sent | nothing", KEYS_1_2, "6.2.0", MOVE),
  row("rpoplpush", "captured", "as sent | nothing", KEYS_1_2, "1.2.0", MOVE),
  row("lmpop", "captured", "LPOP key count | RPOP key count | nothing", NO_KEY, "7.0.0", SERVED),
  row("blmpop", "captured", "LPOP key count | RPOP key count", NO_KEY, "7.0.0", SERVED),
  row("blpop", "captured", "LPOP key", KEYS_BUT_LAST, "2.0.0", SERVED),
  row("brpop", "captured", "RPOP key", KEYS_BUT_LAST, "2.0.0", SERVED),
  row("blmove", "captured", "LMOVE source destination from to", KEYS_1_2, "6.2.0", "arrives as LMOVE"),
  row("brpoplpush", "captured", "RPOPLPUSH source destination", KEYS_1_2, "2.2.0", "arrives as RPOPLPUSH"),
] as const;
