/** Sets. */
import { family, KEY_1, KEYS_1_2 } from "./command-row.js";

const row = family("cells");

export const SET_ROWS = [
  row("sadd", "captured", "as sent | nothing", KEY_1, "1.0.0",
    "adds; in the stream whole where one member at least was new, else not at all"),
  row("srem", "captured", "as sent | nothing", KEY_1, "1.0.0", "one remove for each member; names of missing members stand in it too"),
  row("smove", "captured", "as sent | nothing", KEYS_1_2, "1.0.0",
    "a remove in one set and an add in the other, in the stream only where the member was there"),
  row("spop", "captured", "SREM key member... | MULTI; SREM key member...; ...; EXEC | DEL key | nothing", KEY_1, "1.0.0",
    "arrives as SREM of what was popped, or as DEL where a count emptied the set"),
  row("sunionstore", "readback", "as sent | nothing", KEY_1, "1.0.0", "the result depends on the sources as they are on this server"),
  row("sinterstore", "readback", "as sent | nothing", KEY_1, "1.0.0",
    "the result depends on the sources as they are on this server"),
  row("sdiffstore", "readback", "as sent | nothing", KEY_1, "1.0.0", "the result depends on the sources as they are on this server"),
] as const;
