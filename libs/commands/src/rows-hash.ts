/** Hashes, and deadlines of hash fields. */
import { family, KEY_1 } from "./command-row.js";

const row = family("cells");
const FIELD_TTL = { redis: "7.4.0", valkey: "9.0.0" };
const FIELD_SETEX = { redis: "8.0.0", valkey: "9.0.0" };
const FIELD_DEADLINE = "HPEXPIREAT key <ms> flag* FIELDS n field... | HDEL key field | MULTI; HDEL key field; ...; EXEC | nothing";
const OWN_DEADLINE = "a field's deadline stays in its region: the field's end arrives at the peers as HDEL";

/** Names under which the stream carries that a field has a deadline, or had one. */
export const FIELD_DEADLINE_COMMANDS = ["hpexpireat", "hpersist", "hsetex"] as const;

export const HASH_ROWS = [
  row("hset", "captured", "as sent", KEY_1, "2.0.0", "fields and values are in the stream, also where nothing changed"),
  row("hmset", "captured", "as sent", KEY_1, "2.0.0", "HSET by an older name"),
  row("hsetnx", "captured", "as sent | nothing", KEY_1, "2.0.0", "in the stream only where it had effect"),
  row("hdel", "captured", "as sent | nothing", KEY_1, "2.0.0", "one remove for each field; names of missing fields stand in it too"),
  row("hincrby", "captured", "as sent", KEY_1, "2.0.0", "a contribution to the field's counter"),
  row("hincrbyfloat", "captured", "HSET key field value", KEY_1, "2.6.0",
    "arrives as HSET of the sum: where keyspace events tell of it (option capture.floatEvents) a contribution to the counter, else last writer wins"),
  row("hexpire", "local", FIELD_DEADLINE, KEY_1, FIELD_TTL, OWN_DEADLINE),
  row("hpexpire", "local", FIELD_DEADLINE, KEY_1, FIELD_TTL, OWN_DEADLINE),
  row("hexpireat", "local", FIELD_DEADLINE, KEY_1, FIELD_TTL, OWN_DEADLINE),
  row("hpexpireat", "local", FIELD_DEADLINE, KEY_1, FIELD_TTL, OWN_DEADLINE, { counted: true }),
  row("hpersist", "local", "as sent | nothing", KEY_1, FIELD_TTL, OWN_DEADLINE, { counted: true }),
  row("hsetex", "captured", "as sent | HSETEX key option* PXAT <ms> FIELDS n field... | HDEL key field...", KEY_1, FIELD_SETEX,
    `its values as HSET, shown where it sets a deadline; ${OWN_DEADLINE}`, { counted: true }),
  row("hgetex", "local", "HPEXPIREAT key <ms> FIELDS n field... | HPERSIST key FIELDS n field... | HDEL key field... | nothing", KEY_1,
    FIELD_SETEX, OWN_DEADLINE),
  row("hgetdel", "captured", "HDEL key field... | nothing", KEY_1, { redis: "8.0.0", valkey: "9.1.0" }, "arrives as HDEL"),
] as const;
