/** Strings, counters and bitmaps. */
import { family, KEY_1, KEY_2, KEY_VALUE_PAIRS } from "./command-row.js";

const row = family("cells");

export const STRING_ROWS = [
  row("set", "captured", "as sent | SET key value | SET key value PXAT <ms> | nothing", KEY_1, "1.0.0",
    "the value and the deadline are in the stream; EX, PX and EXAT arrive as PXAT, and then NX and XX are dropped; Valkey's IFEQ stays but had effect"),
  row("setnx", "captured", "as sent | nothing", KEY_1, "1.0.0", "in the stream only where it had effect"),
  row("setex", "captured", "SET key value PXAT <ms>", KEY_1, "2.0.0", "arrives as SET with an absolute deadline"),
  row("psetex", "captured", "SET key value PXAT <ms>", KEY_1, "2.6.0", "arrives as SET with an absolute deadline"),
  row("mset", "captured", "as sent", KEY_VALUE_PAIRS, "1.0.1", "every value is in the stream"),
  row("msetnx", "captured", "as sent | nothing", KEY_VALUE_PAIRS, "1.0.1", "in the stream only where it had effect"),
  row("msetex", "readback", "not observed", { find: "count", at: 1, step: 2 }, { redis: "8.4.0" },
    "its form in the stream was not observed; reading back is right for any form"),
  row("getset", "captured", "SET key value", KEY_1, "1.0.0", "arrives as SET"),
  row("getdel", "captured", "DEL key", KEY_1, "6.2.0", "arrives as DEL"),
  row("getex", "captured", "PEXPIREAT key <ms> | PERSIST key | DEL key | nothing", KEY_1, "6.2.0", "arrives as the change of the deadline"),
  row("incr", "captured", "as sent", KEY_1, "1.0.0", "a contribution of 1 to the counter"),
  row("decr", "captured", "as sent", KEY_1, "1.0.0", "a contribution of -1 to the counter"),
  row("incrby", "captured", "as sent", KEY_1, "1.0.0", "a contribution to the counter"),
  row("decrby", "captured", "as sent", KEY_1, "1.0.0", "a negative contribution to the counter"),
  row("incrbyfloat", "captured", "SET key value KEEPTTL", KEY_1, "2.6.0",
    "arrives as SET of the sum: where keyspace events tell of it (option capture.floatEvents) a contribution to the counter, else last writer wins"),
  row("increx", "readback", "not observed", KEY_1, { redis: "8.8.0" },
    "its form in the stream was not observed; reading back is right for any form"),
  row("append", "readback", "as sent", KEY_1, "2.0.0", "the stream carries the suffix, not the value"),
  row("setrange", "readback", "as sent | nothing", KEY_1, "2.2.0", "the stream carries the patch, not the value"),
  row("setbit", "readback", "as sent | nothing", KEY_1, "2.2.0", "the stream carries the bit, not the value"),
  row("bitfield", "readback", "as sent | nothing", KEY_1, "3.2.0", "the stream carries the operations, not the value"),
  row("bitop", "readback", "as sent", KEY_2, "2.6.0", "the result depends on the sources as they are on this server"),
  row("delifeq", "readback", "not observed", KEY_1, { valkey: "9.0.0" },
    "its form in the stream was not observed; reading back is right for any form"),
  row("delex", "readback", "not observed", KEY_1, { redis: "8.4.0" },
    "its form in the stream was not observed; reading back is right for any form"),
] as const;
