/**
 * What the agent's user must be allowed to do on a server, for writing to it. Capture needs its own rights beside these.
 */

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

/** Commands of the connection itself. */
const CONNECTION = ["auth", "client|setname", "info", "scan", "evalsha", "script|load", "psubscribe", "subscribe"];

/** Keyspace events of all keys. A pattern must stand in the rights as it is subscribed to: others, letter by letter, for other prefixes. */
const CHANNELS = ["&__keyspace@*__:*"];

/** The ACL rules, for `ACL SETUSER <name> on ><password> ...`: every key and database, these commands, nothing else. */
export const TARGET_RIGHTS: readonly string[] = ["~*", ...CHANNELS, ...[...CONNECTION, ...READS, ...WRITES].map((command) => `+${command}`)];
