/** Types that are replicated whole for now: vector sets. And sketches, which are strings of their own format. */
import { family, KEY_1, KEY_2 } from "./command-row.js";

const row = family("whole");

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
