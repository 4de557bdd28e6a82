/** Types that are replicated whole for now: lists, vector sets. And sketches, which are strings of their own format. */
import { family, KEY_1, KEY_2, KEYS_1_2, KEYS_BUT_LAST, NO_KEY } from "./command-row.js";

const row = family("whole");
const LIST = "a list is replicated whole";

export const LIST_ROWS = [
  row("lpush", "whole", "as sent", KEY_1, "1.0.0", LIST),
  row("rpush", "whole", "as sent", KEY_1, "1.0.0", LIST),
  row("lpushx", "whole", "as sent | nothing", KEY_1, "2.2.0", LIST),
  row("rpushx", "whole", "as sent | nothing", KEY_1, "2.2.0", LIST),
  row("lpop", "whole", "as sent | nothing", KEY_1, "1.0.0", LIST),
  row("rpop", "whole", "as sent | nothing", KEY_1, "1.0.0", LIST),
  row("lset", "whole", "as sent", KEY_1, "1.0.0", LIST),
  row("linsert", "whole", "as sent | nothing", KEY_1, "2.2.0", LIST),
  row("lrem", "whole", "as sent | nothing", KEY_1, "1.0.0", LIST),
  row("ltrim", "whole", "as sent | nothing", KEY_1, "1.0.0", LIST),
  row("lmove", "whole", "as sent | nothing", KEYS_1_2, "6.2.0", LIST),
  row("rpoplpush", "whole", "as sent | nothing", KEYS_1_2, "1.2.0", LIST),
  row("lmpop", "whole", "LPOP key count | RPOP key count | nothing", NO_KEY, "7.0.0", "arrives as LPOP or RPOP of the key that served it"),
  row("blmpop", "whole", "LPOP key count | RPOP key count", NO_KEY, "7.0.0", "arrives as LPOP or RPOP of the key that served it"),
  row("blpop", "whole", "LPOP key", KEYS_BUT_LAST, "2.0.0", "arrives as LPOP of the key that served it"),
  row("brpop", "whole", "RPOP key", KEYS_BUT_LAST, "2.0.0", "arrives as RPOP of the key that served it"),
  row("blmove", "whole", "LMOVE source destination from to", KEYS_1_2, "6.2.0", "arrives as LMOVE"),
  row("brpoplpush", "whole", "RPOPLPUSH source destination", KEYS_1_2, "2.2.0", "arrives as RPOPLPUSH"),
] as const;

const SKETCH = "the stream carries elements, not registers: the sketch is read back, and peers raise theirs to it register by register";
const VECTORS = "a vector set is replicated whole";

export const SKETCH_ROWS = [
  row("pfadd", "readback", "as sent | nothing", KEY_1, "2.8.9", SKETCH, { holds: "cells" }),
  row("pfmerge", "readback", "as sent", KEY_1, "2.8.9", SKETCH, { holds: "cells" }),
  row("pfcount", "local", "as sent | nothing", KEY_1, "2.8.9", "a read that stores the count it computed; the registers do not change"),
  row("pfdebug", "local", "as sent", KEY_2, "2.8.9", "changes the encoding, not the count"),
  row("vadd", "whole", "as sent | nothing", KEY_1, { redis: "8.0.0" },
    `${VECTORS}; a changed vector of a known element is not in the stream`),
  row("vrem", "whole", "as sent | nothing", KEY_1, { redis: "8.0.0" }, VECTORS),
  row("vsetattr", "whole", "as sent", KEY_1, { redis: "8.0.0" }, VECTORS),
] as const;
