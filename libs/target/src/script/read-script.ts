/**
 * The script that reads keys at an exact position of the stream: it sets one key to everything it read and deletes it.
 *
 * ARGV: epoch, id, byte limit per key, sequence number of a batch, then database and key in turn; `f` before the database: of a
 * stream, nothing but the id of its first entry, whatever its size; `w`: the key as one value (DUMP), whatever its type.
 * Reply: OK, FENCED, NOMARK, or GAP where that batch was not applied; only OK wrote. It runs on a server at maxmemory too
 * (`allow-oom`): what it sets is gone when it ends, and what clients may still do there must be captured.
 * The payload's layout is in libs/mark `read-result`. A key beyond the limit is refused, not cut. A collection whose
 * memory is {@link MEMORY_FACTOR} times the limit (and {@link EXACT_BYTES}) is refused without being read, because
 * reading it would hold the server up; the size named is then its memory, estimated by the server.
 */
import { MARK_KEY, MARK_PREFIX_BYTES, MARK_VERSION, READ_KEY, READ_TTL_MS, READ_VERSION } from "@meridian/mark";

/** Small items take up to this many times their own bytes in the server's memory. */
const MEMORY_FACTOR = 8;

/** Collections of about this size are read and measured exactly, whatever the limit. */
const EXACT_BYTES = 64 * 1024;

/** Source of the read script. */
export const READ_SCRIPT = `#!lua flags=allow-oom
local A, call, pack, num = ARGV, redis.call, struct.pack, tonumber
local mark = call('GET', '${MARK_KEY}')
if not mark then return 'NOMARK' end
if #mark < ${MARK_PREFIX_BYTES} or string.byte(mark) ~= ${MARK_VERSION} then return {err = 'BADMARK the mark in the server is damaged'} end
local _, epoch, seq = struct.unpack('>BI4d', mark)
if epoch ~= num(A[1]) then return 'FENCED' end
if seq < num(A[4]) then return 'GAP' end
local limit, db = num(A[3]), '0'
local unread = ${MEMORY_FACTOR} * math.max(limit, ${EXACT_BYTES})
local out = {pack('>BI4dI4', ${READ_VERSION}, epoch, num(A[2]), (#A - 4) / 2)}
local function put(bytes)
  out[#out + 1] = pack('>I4', #bytes)
  out[#out + 1] = bytes
end
local function head(tag, key, deadline)
  out[#out + 1] = tag .. pack('>I2I4', num(db), #key)
  out[#out + 1] = key
  out[#out + 1] = pack('>d', deadline)
end
local function refuse(key, deadline, bytes)
  head('!', key, deadline)
  put('too large: ' .. string.format('%.0f', bytes) .. ' bytes')
end
local function whole(tag, key, deadline, bytes)
  if #bytes > limit then return refuse(key, deadline, #bytes) end
  head(tag, key, deadline)
  put(bytes)
end
local function list(tag, key, deadline, items)
  local bytes = 0
  for j = 1, #items do bytes = bytes + #items[j] end
  if bytes > limit then return refuse(key, deadline, bytes) end
  head(tag, key, deadline)
  out[#out + 1] = pack('>I4', #items)
  for j = 1, #items do put(items[j]) end
end
local function field(info, name)
  for j = 1, #info, 2 do if info[j] == name then return info[j + 1] end end
end
local function stream(key, deadline)
  local groups = call('XINFO', 'GROUPS', key)
  local items = {field(call('XINFO', 'STREAM', key), 'last-generated-id'), tostring(#groups)}
  for _, group in ipairs(groups) do
    items[#items + 1] = field(group, 'name')
    items[#items + 1] = field(group, 'last-delivered-id')
  end
  for _, entry in ipairs(call('XRANGE', key, '-', '+')) do
    local parts = {}
    for j, part in ipairs(entry[2]) do parts[j] = pack('>I4', #part) .. part end
    items[#items + 1] = entry[1]
    items[#items + 1] = table.concat(parts)
  end
  list('x', key, deadline, items)
end
for i = 5, #A, 2 do
  local how = string.sub(A[i], 1, 1)
  local first, asOne = how == 'f', how == 'w'
  local wanted = (first or asOne) and string.sub(A[i], 2) or A[i]
  if wanted ~= db then
    db = wanted
    call('SELECT', db)
  end
  local key = A[i + 1]
  local kind = call('TYPE', key).ok
  if kind == 'none' then head('-', key, -1)
  elseif first then
    if kind == 'stream' then
      local entry = call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
      head('f', key, -1)
      put(entry and entry[1] or '')
    else head('-', key, -1) end
  else
    local deadline = call('PEXPIRETIME', key)
    local memory = 0
    if kind ~= 'string' then memory = call('MEMORY', 'USAGE', key) or 0 end
    if memory > unread then refuse(key, deadline, memory)
    elseif asOne then whole('w', key, deadline, call('DUMP', key))
    elseif kind == 'string' then
      local size = call('STRLEN', key)
      if size > limit then refuse(key, deadline, size) else whole('s', key, deadline, call('GET', key)) end
    elseif kind == 'hash' then list('h', key, deadline, call('HGETALL', key))
    elseif kind == 'set' then list('e', key, deadline, call('SMEMBERS', key))
    elseif kind == 'stream' then stream(key, deadline)
    elseif kind == 'list' then list('l', key, deadline, call('LRANGE', key, 0, -1))
    elseif kind == 'zset' then list('z', key, deadline, call('ZRANGE', key, 0, -1, 'WITHSCORES'))
    else whole('w', key, deadline, call('DUMP', key)) end
  end
end
if db ~= '0' then call('SELECT', '0') end
call('SET', '${READ_KEY}', table.concat(out), 'PX', ${READ_TTL_MS})
call('DEL', '${READ_KEY}')
return 'OK'
`;
