/** Commands on a key of any type: deletes, deadlines, moves. */
import { family, KEY_1, KEYS_1_2, KEYS_ALL, NO_KEY } from "./command-row.js";

const row = family("any");
const SORT_SKIP = { limit: 2, get: 1, by: 1 };

export const GENERIC_ROWS = [
  row("del", "captured", "as sent | nothing", KEYS_ALL, "1.0.0",
    "one remove with a context for each key; names of missing keys stand in it too; expiry and eviction look the same, events tell them apart"),
  row("unlink", "captured", "as sent | nothing", KEYS_ALL, "4.0.0",
    "DEL by another name; what expiry and eviction send where lazyfree is on"),
  row("expire", "captured", "PEXPIREAT key <ms> flag* | DEL key | nothing", KEY_1, "1.0.0",
    "arrives as an absolute deadline, or as DEL where that is past"),
  row("pexpire", "captured", "PEXPIREAT key <ms> flag* | DEL key | nothing", KEY_1, "2.6.0",
    "arrives as an absolute deadline, or as DEL where that is past"),
  row("expireat", "captured", "PEXPIREAT key <ms> flag* | DEL key | nothing", KEY_1, "1.2.0",
    "arrives as an absolute deadline, or as DEL where that is past"),
  row("pexpireat", "captured", "as sent | DEL key | nothing", KEY_1, "2.6.0",
    "the deadline is in the stream; NX, XX, GT and LT stay in it but had effect"),
  row("persist", "captured", "as sent | nothing", KEY_1, "2.2.0", "in the stream only where there was a deadline"),
  row("rename", "readback", "as sent | nothing", KEYS_1_2, "1.0.0", "the value is not in the stream; both names are read back"),
  row("renamenx", "readback", "as sent | nothing", KEYS_1_2, "1.0.0", "the value is not in the stream; both names are read back"),
  row("copy", "readback", "as sent | nothing", { find: "copy" }, "6.2.0", "the value is not in the stream; the destination is read back"),
  row("move", "readback", "as sent | nothing", { find: "move" }, "1.0.0",
    "the value is not in the stream; the key is read back in both databases"),
  row("restore", "readback", "as sent | RESTORE key <ms> payload option* | DEL key | nothing", KEY_1, "2.6.0",
    "the payload is the server's own format; the key is read back"),
  row("restore-asking", "readback", "as sent | RESTORE-ASKING key <ms> payload option* | DEL key | nothing", KEY_1, "3.0.0",
    "RESTORE as cluster migration sends it"),
  row("migrate", "captured", "DEL key... | nothing", NO_KEY, "2.6.0",
    "arrives as DEL of the keys that left: they leave every region, unless COPY was given"),
  row("sort", "readback", "as sent | nothing", { find: "option", from: 2, names: ["store"], skip: SORT_SKIP }, "1.0.0",
    "with STORE only; the stored list is read back", { holds: "whole" }),
] as const;
