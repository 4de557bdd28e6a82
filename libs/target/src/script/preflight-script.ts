/**
 * The script that tries every command of the other scripts once, on a key of ours and outside of the stream, and names
 * those that the ACL forbids or that the server has under another name: before the first batch, because a batch that is
 * forbidden halfway is repaired later than one that was never begun. ARGV: `messages` where messages are to be published,
 * of which only a channel of ours is tried. Reply: a list of texts, empty when all is well.
 */
import { TRIAL_KEY } from "@meridian/mark";

/** Source of the preflight script. */
export const PREFLIGHT_SCRIPT = `
redis.set_repl(redis.REPL_NONE)
local key, refused = '${TRIAL_KEY}', {}
local function may(...)
  local reply = redis.pcall(...)
  local failed = type(reply) == 'table' and reply.err
  -- other errors are of the server's present state, not of the user's rights
  if failed and (string.find(failed, "can't run", 1, true) or string.find(failed, "can't access", 1, true)
    or string.find(failed, 'NOPERM', 1, true) or string.find(failed, 'ACL failure', 1, true)
    or string.find(failed, 'nknown', 1, true)) then
    refused[#refused + 1] = (...) .. ': ' .. failed
  end
  return reply
end
may('SELECT', '0')
may('TIME')
may('DEL', key)
may('MSET', key, '1')
may('INCRBY', key, '1')
may('SET', key, '1')
may('GET', key)
may('MGET', key)
may('EXISTS', key)
may('STRLEN', key)
may('TYPE', key)
may('PEXPIRETIME', key)
may('PEXPIREAT', key, '9000000000000')
may('PERSIST', key)
may('MEMORY', 'USAGE', key)
local payload = may('DUMP', key)
may('RESTORE', key, '0', type(payload) == 'string' and payload or '', 'REPLACE')
may('UNLINK', key)
may('PFMERGE', key)
may('HSET', key, 'f', '1')
may('HINCRBY', key, 'f', '1')
may('HGET', key, 'f')
may('HGETALL', key)
may('HDEL', key, 'f')
may('SADD', key, 'm')
may('SISMEMBER', key, 'm')
may('SMEMBERS', key)
may('SREM', key, 'm')
may('ZADD', key, '1', 'm')
may('ZSCORE', key, 'm')
may('ZRANGE', key, '0', '-1', 'WITHSCORES')
may('ZREM', key, 'm')
may('RPUSH', key, 'a')
may('LPUSH', key, 'b')
may('LLEN', key)
may('LINDEX', key, '0')
may('LRANGE', key, '0', '-1')
may('LSET', key, '0', 'c')
may('LINSERT', key, 'BEFORE', 'a', 'd')
may('LREM', key, '1', 'd')
may('LPOP', key, '1')
may('RPOP', key, '1')
redis.pcall('DEL', key)
may('XADD', key, '1-1', 'f', '1')
may('XRANGE', key, '-', '+')
may('XREVRANGE', key, '+', '-')
may('XLEN', key)
may('XINFO', 'STREAM', key)
may('XINFO', 'GROUPS', key)
may('XDEL', key, '1-1')
may('XSETID', key, '1-1')
may('XGROUP', 'CREATE', key, 'g', '0', 'MKSTREAM')
may('XGROUP', 'DESTROY', key, 'g')
if ARGV[1] == 'messages' then may('PUBLISH', key, '') end
-- of no group: what XCLAIM claims is replicated, whatever set_repl says
may('XCLAIM', key, 'g', 'c', '0', '1-1')
redis.pcall('DEL', key)
redis.set_repl(redis.REPL_ALL)
return refused
`;
