/**
 * The script that applies one batch: chain check, comparison of every cell, mark, effects.
 *
 * ARGV: epoch, predecessor, sequence number, header of the mark, then operations as laid out in libs/mark `apply-op`.
 * Reply: status, epoch and sequence number of the mark in the server, number of skipped cells.
 *
 * Promise: unless the reply is OK or an error that names our own mark, nothing was written. Whatever the server can
 * refuse for its own reasons (memory, disk, too few replicas, read-only) it refuses at the first write, which is the
 * mark or the trial of a payload; later writes of the same script are never refused for those reasons. Payloads are
 * tried out under a key of ours, outside of the stream, before the mark. What still fails after the mark (a command
 * that the ACL forbids) is named in a second mark at the end of the same transaction.
 * Every key of the batch is looked up before the mark, even where nothing is compared: time stands still in a script, so
 * the DELs of expired keys come before the mark and everything behind it is ours. What hangs on a key that is gone then is
 * compared as if the unlink that it hangs on had not matched.
 *
 * A deadline that is past by the server's clock never deletes by itself: the key gets one that the server meets at once,
 * and only what was compared goes.
 *
 * Runs in database 0 of its connection. Needs PEXPIRETIME (Redis 7.0).
 */
import { MARK_KEY, MARK_PREFIX_BYTES, MARK_VERSION, OP, TRIAL_KEY } from "@meridian/mark";
import { COMPARING_DECIMAL } from "./decimal-script.js";
import { COMPARING_LIST, EFFECTS_OF_LIST } from "./list-script.js";
import { HOLDING, HOLDING_EXACTLY } from "./holding.js";
import { MESSAGE_WIDTH, PASSING_MESSAGE, TELLING } from "./message-script.js";
import { EXPECT_BYTE as IS, OP_BYTE as DO } from "./op-byte.js";
import { COMPARING_SKETCH } from "./sketch-script.js";
import { COMPARING_STREAM, EFFECTS_OF_STREAM } from "./stream-script.js";

const CHAIN = `
local A, call, try = ARGV, redis.call, redis.pcall
local sub, byte, find, num, sha = string.sub, string.byte, string.find, tonumber, redis.sha1hex
local pack, floor, format = struct.pack, math.floor, string.format
local mark = call('GET', '${MARK_KEY}')
if not mark then return {'NOMARK', 0, 0, 0} end
if #mark < ${MARK_PREFIX_BYTES} or byte(mark) ~= ${MARK_VERSION} then return {err = 'BADMARK the mark in the server is damaged'} end
local _, epoch, seq = struct.unpack('>BI4d', mark)
local mine = num(A[3])
if epoch ~= num(A[1]) then return {'FENCED', epoch, seq, 0} end
if seq >= mine then return {'DUP', epoch, seq, 0} end
if seq ~= num(A[2]) then return {'GAP', epoch, seq, 0} end
`;

const SKIPPING = `
local n, db, out, skipped, skip, unlinked, lost = #A, '0', {A[4]}, 0, {}, nil, nil
local kinds = {${OP.setStringUntil}='s', ${OP.incrString}='s', ${OP.delString}='s', ${OP.setField}='h', ${OP.incrField}='h',
  ${OP.delField}='h', ${OP.addMember}='e', ${OP.removeMember}='e', ${OP.setScore}='z', ${OP.removeScore}='z',
  ${OP.setExpiry}='t', ${OP.editList}='l', ${OP.restoreWhole}='w', ${OP.delWhole}='w', ${OP.unlinkKey}='k', ${OP.raiseSketch}='s',
  ${OP.addDecimal}='s', ${OP.addDecimalField}='h'}
local function enter(tag, kind, key, field, text)
  out[#out + 1] = tag .. kind .. pack('>I2I4', num(db), #key) .. key .. pack('>I4', #field) .. field
  if text then out[#out + 1] = pack('>I4', #text) .. text end
end
local function name(tag, i, text)
  local kind = kinds[sub(A[i], 1, 1)]
  local field = ''
  if kind == 'h' or kind == 'e' or kind == 'z' then field = A[i + 2] end
  enter(tag, kind, A[i + 1], field, text)
end
local function miss(i)
  skip[i] = true
  skipped = skipped + 1
  name('s', i)
end
local function refuse(i, text)
  skip[i] = true
  skipped = skipped + 1
  name('r', i, text)
end
`;

/** `held` is what a typed read gave: a string, false where absent, a table where the key has another type. */
const COMPARING = `
local function same(how, held, expected)
  if how == ${IS.equal} then return held == expected end
  if how == ${IS.absent} then return not held end
  if type(held) == 'table' then return false end
  if how == ${IS.digest} then return held and sub(sha(held), 1, 16) == expected end
  return true
end
local function peek(command, key, field)
  local held
  if field then held = try(command, key, field) else held = try(command, key) end
  if type(held) == 'table' and sub(held.err, 1, 9) ~= 'WRONGTYPE' then error(held) end
  return held
end
local function sameString(how, key, expected)
  local held = peek('GET', key)
  if how ~= ${IS.registers} then return same(how, held, expected) end
  return type(held) == 'string' and aside(digestOfSketch, key) == expected
end
local function freed(key) return unlinked and unlinked[db .. ' ' .. key] end
local function limbs(text)
  if text ~= '0' and not find(text, '^%-?[1-9]%d*$') then return nil end
  local negative = byte(text) == 45
  local digits = negative and sub(text, 2) or text
  if #digits > 19 then return nil end
  local high, low = num(sub(digits, 1, -11)) or 0, num(sub(digits, -10))
  if negative then return -high, -low end
  return high, low
end
local function within(high, low)
  local carry = floor(low / 10000000000)
  high, low = high + carry, low - carry * 10000000000
  if high >= 922337203 then return high == 922337203 and low <= 6854775807 end
  if high <= -922337204 then return high == -922337204 and low >= 3145224192 end
  return true
end
local function summable(held, delta)
  if type(held) == 'table' then return false end
  local high, low = limbs(held or '0')
  local more, less = limbs(delta)
  return high and more and within(high, low) and within(more, less) and within(high + more, low + less)
end
`;

const COMPARING_RUN = `
local function compareRun(i, how)
  local count, first = num(A[i + 1]), i + 2
  local last = first + 2 * count - 1
  local keys = {}
  for j = 1, count do keys[j] = A[i + 2 * j] end
  local before = skipped
  local function missString(j)
    skip[first + 2 * j - 2] = true
    skipped = skipped + 1
    enter('s', 's', keys[j], '')
  end
  if how == ${IS.equal} then
    local held = call('MGET', unpack(keys))
    for j = 1, count do if held[j] ~= A[last + j] then missString(j) end end
    last = last + count
  elseif how == ${IS.digest} then
    local held = call('MGET', unpack(keys))
    for j = 1, count do
      if not held[j] or sub(sha(held[j]), 1, 16) ~= A[last + j] then missString(j) end
    end
    last = last + count
  elseif how == ${IS.absent} then
    if call('EXISTS', unpack(keys)) > 0 then
      for j = 1, count do if call('EXISTS', keys[j]) > 0 then missString(j) end end
    end
  elseif how == ${IS.anything} then
    for j = 1, count do if type(peek('STRLEN', keys[j])) == 'table' then missString(j) end end
  else
    for j = 1, count do if not freed(keys[j]) then missString(j) end end
  end
  if skipped > before then skip[i] = true end
  return last + 1
end
`;

const TRYING = `
local function tryPayload(i)
  redis.set_repl(redis.REPL_NONE)
  local tried = try('RESTORE', '${TRIAL_KEY}', '0', A[i + 3], 'REPLACE')
  local failed = tried.err
  local note
  if not failed then
    if A[i + 5] == '1' then note = sub(sha(call('DUMP', '${TRIAL_KEY}')), 1, 16) end
    call('DEL', '${TRIAL_KEY}')
  end
  redis.set_repl(redis.REPL_ALL)
  if failed then
    if sub(failed, 1, 4) ~= 'ERR ' then return failed end
    refuse(i, failed)
  elseif note then name('n', i, note) end
end
`;

const COMPARE_ALL = `
local i = 5
while i <= n do
  local op, how = byte(A[i], 1, 2)
  if op == ${DO.setStrings} then i = compareRun(i, how)
  elseif op == ${DO.select} then
    db = A[i + 1]
    call('SELECT', db)
    i = i + 2
  else
    local key = A[i + 1]
    if lost and lost[db .. ' ' .. key] then how = ${IS.afterUnlink} end
    local after = how == ${IS.afterUnlink}
    local ok = after and freed(key)
    if op == ${DO.editStream} then i = compareStream(i, after)
    elseif op == ${DO.addDecimal} or op == ${DO.addDecimalField} then i = compareDecimal(i, op, key, after)
    elseif op == ${DO.setField} then
      if not after then ok = same(how, peek('HGET', key, A[i + 2]), A[i + 3]) end
      if not ok then miss(i) end
      i = i + 5
    elseif op == ${DO.addMember} then
      if not after then ok = peek('SISMEMBER', key, A[i + 2]) == 0 end
      if not ok then miss(i) end
      i = i + 3
    elseif op == ${DO.incrString} then
      if not after then ok = summable(peek('GET', key), A[i + 2]) else ok = ok and summable(false, A[i + 2]) end
      if not ok then miss(i) end
      i = i + 3
    elseif op == ${DO.setScore} then
      if not after then
        local held = peek('ZSCORE', key, A[i + 2])
        if how == ${IS.equal} then ok = type(held) == 'string' and num(held) == num(A[i + 3])
        else ok = same(how, held) end
      end
      if not ok then miss(i) end
      i = i + 5
    elseif op == ${DO.incrField} then
      if not after then ok = summable(peek('HGET', key, A[i + 2]), A[i + 3]) else ok = ok and summable(false, A[i + 3]) end
      if not ok then miss(i) end
      i = i + 4
    elseif op == ${DO.setStringUntil} then
      if not after then ok = sameString(how, key, A[i + 2]) and timed(key, A[i + 5]) end
      if not ok then miss(i) end
      i = i + 6
    elseif op == ${DO.delString} then
      if not after then ok = sameString(how, key, A[i + 2]) end
      if not ok then miss(i) end
      i = i + 3
    elseif op == ${DO.delField} then
      if not after then ok = same(how, peek('HGET', key, A[i + 2]), A[i + 3]) end
      if not ok then miss(i) end
      i = i + 4
    elseif op == ${DO.removeMember} then
      if not after then ok = peek('SISMEMBER', key, A[i + 2]) == 1 end
      if not ok then miss(i) end
      i = i + 3
    elseif op == ${DO.removeScore} then
      if not after then
        local held = peek('ZSCORE', key, A[i + 2])
        ok = type(held) == 'string' and num(held) == num(A[i + 3])
      end
      if not ok then miss(i) end
      i = i + 4
    elseif op == ${DO.setExpiry} then
      if not after then ok = call('PEXPIRETIME', key) == num(A[i + 2]) and holds(key, A[i + 4]) end
      if not ok then miss(i) end
      i = i + 5
    elseif op == ${DO.editList} then i = compareList(i, key, how)
    elseif op == ${DO.raiseSketch} then
      local held = peek('GET', key)
      united[i] = type(held) == 'string' and aside(union, key, A[i + 2], A[i + 3])
      if not united[i] then miss(i) end
      i = i + 4
    elseif op == ${DO.unlinkKey} then
      local held = call('TYPE', key).ok
      local count = num(A[i + 4])
      ok = not after and (A[i + 2] == 'any' or held == A[i + 2]) and (A[i + 3] == '' or (timed(key, A[i + 3]) and exactly(i, key, held, count)))
      if ok then
        unlinked = unlinked or {}
        unlinked[db .. ' ' .. key] = true
      else miss(i) end
      i = i + 5 + 2 * count
    elseif op == ${DO.restoreWhole} or op == ${DO.delWhole} then
      if how == ${IS.digest} then
        local held = call('DUMP', key)
        ok = held and sub(sha(held), 1, 16) == A[i + 2]
      elseif not after then ok = call('EXISTS', key) == 0 or how == ${IS.anything} end
      if ok and not after and op == ${DO.restoreWhole} then ok = timed(key, A[i + 6]) end
      if not ok then miss(i)
      elseif op == ${DO.restoreWhole} then
        local failed = tryPayload(i)
        if failed then return {err = failed} end
      end
      i = i + (op == ${DO.delWhole} and 3 or 7)
    elseif op == ${DO.requireKey} then
      skip[i] = true
      if call('EXISTS', key) == 0 then
        lost = lost or {}
        lost[db .. ' ' .. key] = true
      end
      i = i + 2
    ${PASSING_MESSAGE}
    else return {err = 'ERR operation ' .. A[i] .. ' is unknown to this version of the script'} end
  end
end
if db ~= '0' then
  db = '0'
  call('SELECT', db)
end
call('SET', '${MARK_KEY}', table.concat(out))
`;

const EFFECTS_OF_RUN = `
local function performRun(i, how)
  local count, first = num(A[i + 1]), i + 2
  local last = first + 2 * count - 1
  if not skip[i] then
    if count == 1 then call('SET', A[first], A[last]) else call('MSET', unpack(A, first, last)) end
  else
    local matched = {}
    for p = first, last, 2 do
      if not skip[p] then
        matched[#matched + 1] = A[p]
        matched[#matched + 1] = A[p + 1]
      end
    end
    if #matched == 2 then call('SET', unpack(matched)) elseif #matched > 0 then call('MSET', unpack(matched)) end
  end
  if how == ${IS.equal} or how == ${IS.digest} then last = last + count end
  return last + 1
end
local function refuseRun(i, text)
  local count = num(A[i + 1])
  for p = i + 2, i + 2 * count, 2 do
    if not skip[p] then
      skipped = skipped + 1
      enter('r', 's', A[p], '', text)
    end
  end
end
local widths = {${DO.setStringUntil}, 6, ${DO.incrString}, 3, ${DO.delString}, 3, ${DO.setField}, 5, ${DO.incrField}, 4, ${DO.delField}, 4,
  ${DO.addMember}, 3, ${DO.removeMember}, 3, ${DO.setScore}, 5, ${DO.removeScore}, 4, ${DO.setExpiry}, 5, ${DO.unlinkKey}, 5,
  ${DO.raiseSketch}, 4, ${DO.addDecimal}, 3, ${DO.addDecimalField}, 4, ${DO.restoreWhole}, 7, ${DO.delWhole}, 3, ${DO.requireKey}, 2, ${DO.publish}, ${MESSAGE_WIDTH}}
local now
local function past(deadline)
  if not now then
    local time = call('TIME')
    now = time[1] * 1000 + floor(time[2] / 1000)
  end
  return num(deadline) <= now
end
`;

const EFFECTS = `
for w = 1, #widths, 2 do widths[-widths[w]] = widths[w + 1] end
local at, following = 5, 5
local function perform()
  while following <= n do
    at = following
    local op, how = byte(A[at], 1, 2)
    if op == ${DO.setStrings} then
      local count = num(A[at + 1])
      following = at + 2 + 2 * count
      if how == ${IS.equal} or how == ${IS.digest} then following = following + count end
      performRun(at, how)
    elseif op == ${DO.select} then
      following = at + 2
      db = A[at + 1]
      call('SELECT', db)
    elseif op == ${DO.editStream} then
      following = edits[at].following
      if not skip[at] then performStream(edits[at]) end
    else
      following = op == ${DO.editList} and listEnd(at) or at + widths[-op]
      if op == ${DO.unlinkKey} then following = following + 2 * num(A[at + 4]) end
      if not skip[at] then
        local key = A[at + 1]
        if op == ${DO.editList} then performList(at, key)
        elseif sums[at] then call(unpack(sums[at]))
        elseif op == ${DO.setField} then call('HSET', key, A[at + 2], A[at + 4])
        elseif op == ${DO.addMember} then call('SADD', key, A[at + 2])
        elseif op == ${DO.incrString} then call('INCRBY', key, A[at + 2])
        elseif op == ${DO.setScore} then call('ZADD', key, A[at + 4], A[at + 2])
        elseif op == ${DO.incrField} then call('HINCRBY', key, A[at + 2], A[at + 3])
        elseif op == ${DO.setStringUntil} then
          if A[at + 4] == '-1' then call('SET', key, A[at + 3])
          elseif past(A[at + 4]) then call('DEL', key) else call('SET', key, A[at + 3], 'PXAT', A[at + 4]) end
        elseif op == ${DO.raiseSketch} then call('SET', key, united[at], 'KEEPTTL')
        elseif op == ${DO.delString} then call('DEL', key)
        elseif op == ${DO.delField} then call('HDEL', key, A[at + 2])
        elseif op == ${DO.removeMember} then call('SREM', key, A[at + 2])
        elseif op == ${DO.removeScore} then call('ZREM', key, A[at + 2])
        elseif op == ${DO.setExpiry} then
          if A[at + 3] == '-1' then call('PERSIST', key)
          elseif past(A[at + 3]) then call('PEXPIREAT', key, format('%.0f', now + 20))
          else call('PEXPIREAT', key, A[at + 3]) end
        elseif op == ${DO.restoreWhole} then
          if A[at + 4] == '-1' then call('RESTORE', key, '0', A[at + 3], 'REPLACE')
          elseif past(A[at + 4]) then call('UNLINK', key)
          else call('RESTORE', key, A[at + 4], A[at + 3], 'REPLACE', 'ABSTTL') end
        elseif op == ${DO.publish} then tell(key, A[at + 2])
        else call('UNLINK', key) end
      end
    end
  end
end
local before = skipped
while true do
  local done, failure = pcall(perform)
  if done then break end
  local text = type(failure) == 'table' and failure.err or tostring(failure)
  if byte(A[at]) == ${DO.setStrings} then refuseRun(at, text)
  elseif byte(A[at]) == ${DO.editStream} then refuseStream(edits[at], text)
  else refuse(at, text) end
end
if skipped > before or silenced then
  call('SELECT', '0')
  call('SET', '${MARK_KEY}', table.concat(out))
end
return {'OK', epoch, mine, skipped}
`;

/** Source of the apply script. */
export const APPLY_SCRIPT = [
  ...[CHAIN, SKIPPING, COMPARING_SKETCH, COMPARING, HOLDING, COMPARING_RUN, COMPARING_LIST, COMPARING_STREAM, HOLDING_EXACTLY],
  ...[COMPARING_DECIMAL, TRYING, COMPARE_ALL],
  ...[EFFECTS_OF_RUN, EFFECTS_OF_LIST, EFFECTS_OF_STREAM, TELLING, EFFECTS],
].join("");
