/** Sorted sets and geo, which a server keeps as sorted sets. */
import { family, KEY_1, KEYS_BUT_LAST, NO_KEY } from "./command-row.js";

const row = family("cells");
const SOURCES = "the result depends on the sources as they are on this server";
const RANGE = "the stream carries the range, not the members that it removed";
const STORE = { find: "option", names: ["store", "storedist"], skip: { count: 1 } } as const;

export const SORTED_SET_ROWS = [
  row("zadd", "captured", "as sent | nothing", KEY_1, "1.2.0",
    "scores are in the stream; NX, XX, GT, LT and INCR are evaluated against the known score"),
  row("zincrby", "captured", "as sent | nothing", KEY_1, "1.2.0",
    "a contribution to the member's score; an increment of 0 is not in the stream"),
  row("zrem", "captured", "as sent | nothing", KEY_1, "1.2.0", "one remove for each member; names of missing members stand in it too"),
  row("zremrangebyrank", "readback", "as sent | nothing", KEY_1, "2.0.0", RANGE),
  row("zremrangebyscore", "readback", "as sent | nothing", KEY_1, "1.2.0", RANGE),
  row("zremrangebylex", "readback", "as sent | nothing", KEY_1, "2.8.9", RANGE),
  row("zpopmin", "readback", "as sent | nothing", KEY_1, "5.0.0", RANGE),
  row("zpopmax", "readback", "as sent | nothing", KEY_1, "5.0.0", RANGE),
  row("bzpopmin", "readback", "ZPOPMIN key", KEYS_BUT_LAST, "5.0.0", "arrives as ZPOPMIN of the key that served it"),
  row("bzpopmax", "readback", "ZPOPMAX key", KEYS_BUT_LAST, "5.0.0", "arrives as ZPOPMAX of the key that served it"),
  row("zmpop", "readback", "ZPOPMIN key count | ZPOPMAX key count | nothing", NO_KEY, "7.0.0",
    "arrives as ZPOPMIN or ZPOPMAX of the key that served it"),
  row("bzmpop", "readback", "ZPOPMIN key count | ZPOPMAX key count", NO_KEY, "7.0.0",
    "arrives as ZPOPMIN or ZPOPMAX of the key that served it"),
  row("zunionstore", "readback", "as sent | nothing", KEY_1, "2.0.0", SOURCES),
  row("zinterstore", "readback", "as sent | nothing", KEY_1, "2.0.0", SOURCES),
  row("zdiffstore", "readback", "as sent | nothing", KEY_1, "6.2.0", SOURCES),
  row("zrangestore", "readback", "as sent | nothing", KEY_1, "6.2.0", SOURCES),
  row("geoadd", "captured", "ZADD key flag* member...", KEY_1, "3.2.0",
    "arrives as ZADD, in lower case, with the 52-bit hash as the score"),
  row("geosearchstore", "readback", "as sent | nothing", KEY_1, "6.2.0", SOURCES),
  row("georadius", "readback", "as sent | nothing", { ...STORE, from: 6 }, "3.2.0", `with STORE or STOREDIST only; ${SOURCES}`),
  row("georadiusbymember", "readback", "as sent | nothing", { ...STORE, from: 5 }, "3.2.0", `with STORE or STOREDIST only; ${SOURCES}`),
] as const;
