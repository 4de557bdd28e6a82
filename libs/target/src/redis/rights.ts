/**
 * What the agent's user must be allowed to do on a server, for writing to it. Capture needs its own rights beside these.
 */
import { TRIAL_KEY } from "@meridian/mark";

/** Commands of the scripts' comparisons and reads. */
const READS = [
  ...["get", "mget", "exists", "strlen", "type", "dump", "pexpiretime", "memory|usage", "hget", "hgetall", "hlen"],
  ...["sismember", "smembers", "scard", "zscore", "zcard", "zrange", "llen", "lindex", "lrange", "time", "select"],
  ...["xrange", "xrevrange", "xlen", "xinfo|stream", "xinfo|groups"],
];

/** Commands of the scripts' effects. */
const WRITES = [
  ...["set", "mset", "incrby", "del", "unlink", "hset", "hincrby", "hdel", "sadd", "srem", "zadd", "zrem"],
  ...["lpush", "rpush", "lpop", "rpop", "lset", "linsert", "lrem"],
  ...["pexpireat", "persist", "restore", "pfmerge"],
  ...["xadd", "xdel", "xsetid", "xgroup|create", "xgroup|destroy", "xclaim"],
];

/** Needed only where messages are relayed; beside it the user then needs a channel right for each pattern, as `&orders.*`. */
const MESSAGES = ["publish"];

/** Commands of the connection itself. */
const CONNECTION = ["auth", "client|setname", "info", "scan", "evalsha", "script|load", "psubscribe", "subscribe"];

/**
 * Keyspace events of all keys, and the channel on which publishing is tried. A pattern must stand in the rights as it is
 * subscribed to: others, letter by letter, for other prefixes.
 */
const CHANNELS = ["&__keyspace@*__:*", `&${TRIAL_KEY}`];

/** The ACL rules, for `ACL SETUSER <name> on ><password> ...`: every key and database, these commands, nothing else. */
export const TARGET_RIGHTS: readonly string[] = ["~*", ...CHANNELS, ...[...CONNECTION, ...READS, ...WRITES, ...MESSAGES].map((command) => `+${command}`)];
