/** Streams: entries one by one, groups by their existence; what groups have read stays in their region. */
import { family, KEY_1, KEY_2, NO_KEY } from "./command-row.js";

const row = family("cells");
const ENTRY = "entries are merged one by one, in the order of their ids";
const TRIM = "which entries a trim took is read from the server";
const GROUP = "a group exists everywhere or nowhere, removing wins; what it has read stays in its region";
const OWN_GROUP = "pending lists, consumers and cursors of groups stay in their region";

export const STREAM_ROWS = [
  row("xadd", "captured", "XADD key option* id field...", KEY_1, "5.0.0", `arrives with the id that was given and an exact limit; ${ENTRY}; ${TRIM}`),
  row("xtrim", "captured", "as sent | XTRIM key strategy = threshold | nothing", KEY_1, "5.0.0",
    `an approximate limit arrives as an exact one; ${TRIM}`),
  row("xdel", "captured", "as sent | nothing", KEY_1, "5.0.0", ENTRY),
  row("xdelex", "readback", "not observed", KEY_1, { redis: "8.2.0" }, ENTRY),
  row("xackdel", "readback", "not observed", KEY_1, { redis: "8.2.0" }, ENTRY),
  row("xsetid", "captured", "as sent", KEY_1, "5.0.0", "the last id is raised everywhere, never lowered"),
  row("xgroup", "readback", "by subcommand", KEY_2, "5.0.0", "a subcommand that has no row of its own changes the stream's groups"),
  row("xgroup|create", "captured", "as sent", KEY_2, "5.0.0", GROUP),
  row("xgroup|destroy", "captured", "as sent | nothing", KEY_2, "5.0.0", GROUP),
  row("xgroup|setid", "local", "as sent", KEY_2, "5.0.0", OWN_GROUP),
  row("xgroup|createconsumer", "local", "as sent | nothing", KEY_2, "6.2.0", OWN_GROUP),
  row("xgroup|delconsumer", "local", "as sent | nothing", KEY_2, "5.0.0", OWN_GROUP),
  row("xreadgroup", "local",
    "XCLAIM key group consumer 0 id TIME <ms> RETRYCOUNT n FORCE JUSTID LASTID id @<7.2 | MULTI; any...; ...; EXEC | nothing", NO_KEY, "5.0.0",
    OWN_GROUP),
  row("xack", "local", "as sent | nothing", KEY_1, "5.0.0", OWN_GROUP),
  row("xclaim", "local", "XCLAIM key group consumer 0 id TIME <ms> RETRYCOUNT n FORCE JUSTID LASTID id | nothing", KEY_1, "5.0.0",
    OWN_GROUP),
  row("xautoclaim", "local",
    "XCLAIM key group consumer 0 id TIME <ms> RETRYCOUNT n FORCE JUSTID LASTID id | MULTI; any...; ...; EXEC | nothing", KEY_1, "6.2.0",
    OWN_GROUP),
] as const;
