/**
 * Examples that the test of the table, and the probe of a server, send to a real server: for each row, lists of commands
 * of which the last is the one that the row is about. Together they must show every alternative of the row's `stream`
 * column.
 *
 * A command is text divided at spaces, or a list of arguments where an argument holds a space. `@k` stands for a key of
 * that name, under the prefix of whoever sends it (example-words.ts), `{dump @k}` for what DUMP answers, `{functions}`
 * for FUNCTION DUMP, `{sha code}` for the name that SCRIPT LOAD gives, `{port}` for the port of an empty second server.
 */
import type { CommandName } from "./command-table.js";

/** One command to send. */
export type ExampleCommand = string | readonly string[];

/** Set-up commands, then the command that the example is about. */
export type Example = readonly [...ExampleCommand[], ExampleCommand];

/** A deadline in the year 2033, in seconds; with three zeros more, in milliseconds. */
const LATER = "1999999999";
const LIST = "RPUSH @l a b c a";
const SET = "SADD @s a b c";
const OTHER_SET = "SADD @s2 b x";
const ZSET = "ZADD @z 1 a 2 b 3 c";
const OTHER_ZSET = "ZADD @z2 5 a";
const HASH = "HSET @h f 1 g 2";
const GEO = "GEOADD @g 13.3 38.1 P 15.08 37.5 C";
const STREAM = ["XADD @x 1-1 f v", "XADD @x 2-1 f v"] as const;
const GROUP = [...STREAM, "XGROUP CREATE @x grp 0"] as const;
const ONE_PENDING = [...GROUP, "XREADGROUP GROUP grp c1 COUNT 1 STREAMS @x >"] as const;
const PENDING = [...GROUP, "XREADGROUP GROUP grp c1 STREAMS @x >"] as const;
const LIBRARY =
  "#!lua name=lib\nredis.register_function('two', function(k) redis.call('SET', k[1], '1') return redis.call('INCR', k[1]) end)";
const LOAD_LIBRARY = ["FUNCTION", "LOAD", LIBRARY] as const;
const ONE_WRITE = "#!lua name=one\nredis.register_function('one', function(k) return redis.call('SET', k[1], '1') end)";
const NO_WRITE = "#!lua name=none\nredis.register_function('none', function(k) return redis.call('GET', k[1]) end)";

const storeOf = (command: string, sources: string): readonly Example[] => [
  [SET, OTHER_SET, ZSET, OTHER_ZSET, `${command} @d ${sources}`],
  [`${command} @d ${sources.replaceAll(/@[sz]2?\b/g, "@missing")}`],
];
const expiry = (command: string, later: string): readonly Example[] => [
  ["SET @k v", `${command} @k ${later}`],
  ["SET @k v", `${command} @k ${later} NX`],
  ["SET @k v", `${command} @k -1`],
  [`${command} @k ${later}`],
];

const fieldExpiry = (command: string, later: string): readonly Example[] => [
  [HASH, `${command} @h ${later} FIELDS 1 f`],
  [HASH, `${command} @h ${later} NX FIELDS 2 f missing`],
  [HASH, `${command} @h 0 FIELDS 1 f`],
  [HASH, `${command} @h 0 FIELDS 2 f g`],
  [HASH, `${command} @h ${later} FIELDS 1 missing`],
];

const STRINGS = {
  set: [
    ["SET @k v"], ["SET @k v XX"], ["SET @k v", "SET @k w XX"], ["SET @k v", "SET @k w KEEPTTL"], ["SET @k v", "SET @k w GET"], ["SET @k v NX"],
    ["SET @k v EX 100"], ["SET @k v PX 100000"], [`SET @k v EXAT ${LATER}`], ["SET @k v NX PX 100000"], [`SET @k v PXAT ${LATER}000`],
  ],
  setnx: [["SETNX @k v"], ["SET @k v", "SETNX @k w"]],
  setex: [["SETEX @k 100 v"]],
  psetex: [["PSETEX @k 100000 v"]],
  mset: [["MSET @k v @k2 w"]],
  msetnx: [["MSETNX @k v @k2 w"], ["SET @k v", "MSETNX @k v @k2 w"]],
  getset: [["SET @k v", "GETSET @k w"], ["GETSET @k w"]],
  getdel: [["SET @k v", "GETDEL @k"]],
  getex: [
    ["SET @k v", "GETEX @k EX 100"], ["SET @k v EX 100", "GETEX @k PERSIST"], ["SET @k v", "GETEX @k EXAT 1"], ["SET @k v", "GETEX @k"],
  ],
  incr: [["SET @n 5", "INCR @n"], ["INCR @n"]],
  decr: [["SET @n 5", "DECR @n"]],
  incrby: [["SET @n 5", "INCRBY @n 3"], ["SET @n 5", "INCRBY @n 0"]],
  decrby: [["SET @n 5", "DECRBY @n 3"]],
  incrbyfloat: [["SET @n 5", "INCRBYFLOAT @n 1.5"], ["INCRBYFLOAT @n 1.5"]],
  append: [["SET @k v", "APPEND @k x"], ["APPEND @k x"], ["SET @k v", ["APPEND", "@k", ""]]],
  setrange: [["SET @k vvv", "SETRANGE @k 1 x"], ["SET @k v", ["SETRANGE", "@k", "0", ""]]],
  setbit: [["SETBIT @k 7 1"], ["SETBIT @k 7 1", "SETBIT @k 7 1"]],
  bitfield: [["BITFIELD @k SET u8 0 5"], ["SET @k v", "BITFIELD @k GET u8 0"]],
  bitop: [["SET @k v", "BITOP NOT @d @k"], ["SET @d v", "BITOP AND @d @k @k2"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const GENERIC = {
  del: [["SET @k v", "DEL @k"], ["SET @k v", "DEL @k @missing"], ["DEL @missing"]],
  unlink: [["SET @k v", "SET @k2 v", "UNLINK @k @k2"], ["UNLINK @missing"]],
  expire: expiry("EXPIRE", "100"),
  pexpire: expiry("PEXPIRE", "100000"),
  expireat: expiry("EXPIREAT", LATER),
  pexpireat: expiry("PEXPIREAT", `${LATER}000`),
  persist: [["SET @k v EX 100", "PERSIST @k"], ["SET @k v", "PERSIST @k"]],
  rename: [["SET @k v", "RENAME @k @k2"], ["SET @k v", "SET @k2 w", "RENAME @k @k2"], ["SET @k v", "RENAME @k @k"]],
  renamenx: [["SET @k v", "RENAMENX @k @k2"], ["SET @k v", "SET @k2 w", "RENAMENX @k @k2"]],
  copy: [["SET @k v", "COPY @k @k2"], ["SET @k v", "COPY @k @k2 DB 1 REPLACE"], ["SET @k v", "COPY @k @k2 DB 0"], ["COPY @k @k2"]],
  move: [["SET @k v", "MOVE @k 1"], ["MOVE @k 1"]],
  restore: [
    ["SET @k v", "RESTORE @k2 0 {dump @k}"], ["SET @k v", "RESTORE @k 0 {dump @k} REPLACE"], ["SET @k v", "RESTORE @k2 100000 {dump @k}"],
    ["SET @k v", "RESTORE @k 1 {dump @k} ABSTTL REPLACE"], ["SET @k v", "RESTORE @k2 1 {dump @k} ABSTTL"],
  ],
  "restore-asking": [
    ["SET @k v", "RESTORE-ASKING @k2 0 {dump @k}"], ["SET @k v", "RESTORE-ASKING @k2 100000 {dump @k}"],
    ["SET @k v", "RESTORE-ASKING @k 1 {dump @k} ABSTTL REPLACE"], ["SET @k v", "RESTORE-ASKING @k2 1 {dump @k} ABSTTL"],
  ],
  migrate: [
    ["SET @k v", "MIGRATE 127.0.0.1 {port} @k 0 5000 REPLACE"], ["SET @k v", "MIGRATE 127.0.0.1 {port} @k 0 5000 COPY REPLACE"],
    ["SET @k v", "SET @k2 v", ["MIGRATE", "127.0.0.1", "{port}", "", "0", "5000", "REPLACE", "KEYS", "@k", "@k2"]],
  ],
  sort: [[LIST, "SORT @l ALPHA STORE @d"], [LIST, "SORT @l ALPHA LIMIT 0 2 DESC"], ["RPUSH @d x", "SORT @missing STORE @d"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const HASHES = {
  hset: [["HSET @h f v g w"], [HASH, "HSET @h f 1"]],
  hmset: [["HMSET @h f v"]],
  hsetnx: [["HSETNX @h f v"], [HASH, "HSETNX @h f v"]],
  hdel: [[HASH, "HDEL @h f missing"], [HASH, "HDEL @h f g"], [HASH, "HDEL @h missing"]],
  hincrby: [[HASH, "HINCRBY @h f 2"], ["HINCRBY @h f 2"], [HASH, "HINCRBY @h f 0"]],
  hincrbyfloat: [[HASH, "HINCRBYFLOAT @h f 1.5"]],
  hexpire: fieldExpiry("HEXPIRE", "100"),
  hpexpire: fieldExpiry("HPEXPIRE", "100000"),
  hexpireat: fieldExpiry("HEXPIREAT", LATER),
  hpexpireat: fieldExpiry("HPEXPIREAT", `${LATER}000`),
  hpersist: [[HASH, "HEXPIRE @h 100 FIELDS 1 f", "HPERSIST @h FIELDS 1 f"], [HASH, "HPERSIST @h FIELDS 1 f"]],
  hsetex: [
    ["HSETEX @h FIELDS 1 f v"], [HASH, "HSETEX @h FXX PX 100000 FIELDS 1 f v"], [HASH, "HSETEX @h KEEPTTL FIELDS 1 f v"],
    [HASH, "HSETEX @h PXAT 1 FIELDS 1 f v"],
  ],
  hgetex: [
    [HASH, "HGETEX @h EX 100 FIELDS 1 f"], [HASH, "HEXPIRE @h 100 FIELDS 1 f", "HGETEX @h PERSIST FIELDS 1 f"],
    [HASH, "HGETEX @h PXAT 1 FIELDS 1 f"], [HASH, "HGETEX @h FIELDS 1 f"],
  ],
  hgetdel: [[HASH, "HGETDEL @h FIELDS 2 f g"], [HASH, "HGETDEL @h FIELDS 1 missing"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const SETS = {
  sadd: [["SADD @s a b"], [SET, "SADD @s a q"], [SET, "SADD @s a"]],
  srem: [[SET, "SREM @s a missing"], [SET, "SREM @s a b c"], [SET, "SREM @s missing"]],
  smove: [[SET, OTHER_SET, "SMOVE @s @s2 a"], [SET, OTHER_SET, "SMOVE @s @s2 b"], [SET, "SMOVE @s @s2 missing"], [SET, "SMOVE @s @s a"]],
  spop: [
    [SET, "SPOP @s"], [SET, "SPOP @s 1"], [SET, "SPOP @s 2"], [SET, "SPOP @s 9"], ["SADD @s a", "SPOP @s"], ["SPOP @missing"],
    [`SADD @s ${Array.from({ length: 2000 }, (_, i) => i).join(" ")}`, "SPOP @s 1500"],
  ],
  sunionstore: [...storeOf("SUNIONSTORE", "@s @s2"), ["SADD @d a", "SUNIONSTORE @d @missing"], ["SET @d v", SET, "SUNIONSTORE @d @s"]],
  sinterstore: [...storeOf("SINTERSTORE", "@s @s2"), ["SADD @d a", "SINTERSTORE @d @missing"]],
  sdiffstore: [...storeOf("SDIFFSTORE", "@s @s2"), ["SADD @d a", "SDIFFSTORE @d @missing"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const SORTED_SETS = {
  zadd: [
    ["ZADD @z 1 a"], [ZSET, "ZADD @z GT 9 a 0 b"], [ZSET, "ZADD @z NX 9 q"], [ZSET, "ZADD @z INCR 9 a"], [ZSET, "ZADD @z XX GT CH 9 a"],
    [ZSET, "ZADD @z 1 a"], [ZSET, "ZADD @z NX 9 a"],
  ],
  zincrby: [[ZSET, "ZINCRBY @z 2 a"], ["ZINCRBY @z 2 a"], [ZSET, "ZINCRBY @z 0 a"]],
  zrem: [[ZSET, "ZREM @z a missing"], [ZSET, "ZREM @z missing"]],
  zremrangebyrank: [[ZSET, "ZREMRANGEBYRANK @z 0 0"], ["ZREMRANGEBYRANK @z 0 0"]],
  zremrangebyscore: [[ZSET, "ZREMRANGEBYSCORE @z 0 1"], [ZSET, "ZREMRANGEBYSCORE @z 8 9"]],
  zremrangebylex: [[ZSET, "ZREMRANGEBYLEX @z - +"], ["ZREMRANGEBYLEX @z - +"]],
  zpopmin: [[ZSET, "ZPOPMIN @z"], [ZSET, "ZPOPMIN @z 2"], ["ZPOPMIN @z"]],
  zpopmax: [[ZSET, "ZPOPMAX @z"], [ZSET, "ZPOPMAX @z 9"], ["ZPOPMAX @z"]],
  bzpopmin: [[ZSET, "BZPOPMIN @missing @z 0"]],
  bzpopmax: [[ZSET, "BZPOPMAX @missing @z 0"]],
  zmpop: [[ZSET, "ZMPOP 2 @missing @z MIN"], [ZSET, "ZMPOP 1 @z MAX COUNT 9"], ["ZMPOP 1 @z MIN"]],
  bzmpop: [[ZSET, "BZMPOP 0 2 @missing @z MIN"], [ZSET, "BZMPOP 0 1 @z MAX COUNT 2"]],
  zunionstore: [...storeOf("ZUNIONSTORE", "2 @z @z2"), ["ZADD @d 1 a", "ZUNIONSTORE @d 1 @missing"]],
  zinterstore: [...storeOf("ZINTERSTORE", "2 @z @z2"), ["ZADD @d 1 a", "ZINTERSTORE @d 1 @missing"]],
  zdiffstore: [...storeOf("ZDIFFSTORE", "2 @z @z2"), ["ZADD @d 1 a", "ZDIFFSTORE @d 1 @missing"]],
  zrangestore: [...storeOf("ZRANGESTORE", "@z 0 -1"), ["ZADD @d 1 a", "ZRANGESTORE @d @missing 0 -1"]],
  geoadd: [["GEOADD @g 13.3 38.1 P"], [GEO, "GEOADD @g XX CH 14 38.1 P 15 38.1 C"]],
  geosearchstore: [
    [GEO, "GEOSEARCHSTORE @d @g FROMMEMBER P BYRADIUS 500 km"], ["GEOSEARCHSTORE @d @g FROMLONLAT 1 1 BYRADIUS 500 km"],
    ["SET @d 1", "GEOSEARCHSTORE @d @g FROMLONLAT 1 1 BYRADIUS 500 km"],
  ],
  georadius: [
    [GEO, "GEORADIUS @g 13 38 500 km STORE @d"], [GEO, "GEORADIUS @g 13 38 500 km COUNT 1 ASC STOREDIST @d"], [GEO, "GEORADIUS @g 13 38 500 km"],
    ["SET @d 1", "GEORADIUS @g 13 38 500 km STORE @d"],
  ],
  georadiusbymember: [
    [GEO, "GEORADIUSBYMEMBER @g P 500 km STORE @d"], [GEO, "GEORADIUSBYMEMBER @g P 500 km STOREDIST @e"],
    [GEO, "GEORADIUSBYMEMBER @g P 500 km WITHDIST"],
  ],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const LISTS = {
  lpush: [["LPUSH @l x"], [LIST, "LPUSH @l x y"]],
  rpush: [["RPUSH @l x"]],
  lpushx: [[LIST, "LPUSHX @l x"], ["LPUSHX @l x"]],
  rpushx: [[LIST, "RPUSHX @l x"], ["RPUSHX @l x"]],
  lpop: [[LIST, "LPOP @l"], [LIST, "LPOP @l 2"], ["LPOP @l"]],
  rpop: [[LIST, "RPOP @l 9"], ["RPOP @l"]],
  lset: [[LIST, "LSET @l 0 q"], [LIST, "LSET @l 0 a"]],
  linsert: [[LIST, "LINSERT @l BEFORE a q"], [LIST, "LINSERT @l AFTER missing q"]],
  lrem: [[LIST, "LREM @l 1 a"], [LIST, "LREM @l 1 missing"]],
  ltrim: [[LIST, "LTRIM @l 1 2"], [LIST, "LTRIM @l 9 9"], [LIST, "LTRIM @l 0 -1"]],
  lmove: [[LIST, "LMOVE @l @l2 LEFT RIGHT"], ["LMOVE @l @l2 LEFT RIGHT"]],
  rpoplpush: [[LIST, "RPOPLPUSH @l @l2"], ["RPOPLPUSH @l @l2"]],
  lmpop: [[LIST, "LMPOP 2 @missing @l LEFT COUNT 2"], [LIST, "LMPOP 1 @l RIGHT"], ["LMPOP 1 @l LEFT"]],
  blmpop: [[LIST, "BLMPOP 0 1 @l LEFT"], [LIST, "BLMPOP 0 2 @missing @l RIGHT COUNT 3"]],
  blpop: [[LIST, "BLPOP @missing @l 0"]],
  brpop: [[LIST, "BRPOP @l 0"]],
  blmove: [[LIST, "BLMOVE @l @l2 LEFT RIGHT 0"]],
  brpoplpush: [[LIST, "BRPOPLPUSH @l @l2 0"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const STREAMS = {
  xadd: [["XADD @x * f v"], [...STREAM, "XADD @x MAXLEN ~ 1 * f v"], [...STREAM, "XADD @x NOMKSTREAM MAXLEN 1 3-1 f v"]],
  xtrim: [[...STREAM, "XTRIM @x MAXLEN 1"], [...STREAM, "XTRIM @x MAXLEN ~ 0"], ["XTRIM @x MAXLEN 1"]],
  xdel: [[...STREAM, "XDEL @x 1-1"], [...STREAM, "XDEL @x 9-9"]],
  xsetid: [[...STREAM, "XSETID @x 9-1"]],
  "xgroup|create": [[...STREAM, "XGROUP CREATE @x grp $"], ["XGROUP CREATE @x grp $ MKSTREAM"]],
  "xgroup|destroy": [[...GROUP, "XGROUP DESTROY @x grp"], [...STREAM, "XGROUP DESTROY @x grp"]],
  "xgroup|setid": [[...GROUP, "XGROUP SETID @x grp $"]],
  "xgroup|createconsumer": [[...GROUP, "XGROUP CREATECONSUMER @x grp c1"], [...PENDING, "XGROUP CREATECONSUMER @x grp c1"]],
  "xgroup|delconsumer": [[...PENDING, "XGROUP DELCONSUMER @x grp c1"], [...GROUP, "XGROUP DELCONSUMER @x grp c9"]],
  xreadgroup: [
    [...PENDING, "XADD @x 3-1 f v", "XREADGROUP GROUP grp c1 STREAMS @x >"], [...GROUP, "XREADGROUP GROUP grp c1 NOACK STREAMS @x >"],
    [...PENDING, "XREADGROUP GROUP grp c1 STREAMS @x >"],
  ],
  xack: [[...PENDING, "XACK @x grp 1-1"], [...PENDING, "XACK @x grp 9-9"]],
  xclaim: [[...PENDING, "XCLAIM @x grp c1 0 1-1"], [...PENDING, "XCLAIM @x grp c1 99999999 1-1"]],
  xautoclaim: [
    [...ONE_PENDING, "XAUTOCLAIM @x grp c1 0 0"], [...PENDING, "XAUTOCLAIM @x grp c2 0 0"], [...PENDING, "XAUTOCLAIM @x grp c1 99999999 0"],
  ],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const SKETCHES = {
  pfadd: [["PFADD @p a"], ["PFADD @p a", "PFADD @p a"]],
  pfmerge: [["PFADD @p a", "PFMERGE @d @p"]],
  pfcount: [["PFADD @p a", "PFCOUNT @p"], ["PFADD @p a", "PFADD @q b", "PFCOUNT @p @q"]],
  pfdebug: [["PFADD @p a", "PFDEBUG TODENSE @p"]],
  vadd: [["VADD @v VALUES 3 1 2 3 e"], ["VADD @v VALUES 3 1 2 3 e", "VADD @v VALUES 3 1 2 3 e"]],
  vrem: [["VADD @v VALUES 3 1 2 3 e", "VREM @v e"], ["VADD @v VALUES 3 1 2 3 e", "VREM @v missing"]],
  vsetattr: [["VADD @v VALUES 3 1 2 3 e", "VSETATTR @v e {}"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

const WRITES = "redis.call('SET', KEYS[1], '1')";
const TWO_WRITES = `${WRITES} redis.call('INCR', KEYS[1])`;
const READS = "return redis.call('GET', KEYS[1])";

const SERVER = {
  flushall: [["SET @k v", "FLUSHALL"], ["FLUSHALL ASYNC"]],
  flushdb: [["SET @k v", "FLUSHDB"]],
  swapdb: [["SET @k v", "SWAPDB 0 1"]],
  eval: [[["EVAL", WRITES, "1", "@k"]], [["EVAL", TWO_WRITES, "1", "@k"]], [["EVAL", READS, "1", "@k"]]],
  evalsha: [
    [["EVALSHA", `{sha ${WRITES}}`, "1", "@k"]], [["EVALSHA", `{sha ${TWO_WRITES}}`, "1", "@k"]], [["EVALSHA", `{sha ${READS}}`, "1", "@k"]],
  ],
  fcall: [
    [LOAD_LIBRARY, "FCALL two 1 @k"], [["FUNCTION", "LOAD", ONE_WRITE], "FCALL one 1 @k"], [["FUNCTION", "LOAD", NO_WRITE], "FCALL none 1 @k"],
  ],
  "script|load": [[["SCRIPT", "LOAD", "return 1"]]],
  "script|flush": [["SCRIPT FLUSH"]],
  "function|load": [[["FUNCTION", "LOAD", "REPLACE", LIBRARY]]],
  "function|delete": [[LOAD_LIBRARY, "FUNCTION DELETE lib"]],
  "function|flush": [["FUNCTION FLUSH"]],
  "function|restore": [[LOAD_LIBRARY, "FUNCTION RESTORE {functions} FLUSH"]],
  publish: [["PUBLISH channel message"]],
  spublish: [["SPUBLISH channel message"]],
} satisfies Partial<Record<CommandName, readonly Example[]>>;

/** The examples of each row; rows of transactions and keep-alives, and later servers' rows, have none here. */
export const STREAM_EXAMPLES: Partial<Record<CommandName, readonly Example[]>> = {
  ...STRINGS,
  ...GENERIC,
  ...HASHES,
  ...SETS,
  ...SORTED_SETS,
  ...LISTS,
  ...STREAMS,
  ...SKETCHES,
  ...SERVER,
};
