/**
 * The part of the apply script that compares what a whole key holds: before it is given a deadline, and before it is taken
 * away to make room for another type. Uses functions of the script around it.
 */
import { GROUP_CONTENT } from "@meridian/mark";
import { EXPECT_BYTE as IS, HOLDS_BYTE as HOLDS } from "./op-byte.js";

/** Functions `timed` and `holds`. */
export const HOLDING = `
local function timed(key, held) return held == '' or call('PEXPIRETIME', key) == num(held) end
local function holds(key, content)
  if content == '' then return true end
  local how, expected = byte(content), sub(content, 2)
  if how == ${HOLDS.equal} then return peek('GET', key) == expected end
  if how == ${HOLDS.type} then return call('TYPE', key).ok == expected end
  if how == ${HOLDS.registers} then return sameString(${IS.registers}, key, expected) end
  local held
  if how == ${HOLDS.short} then
    held = peek('STRLEN', key)
    return type(held) == 'number' and held <= num(expected)
  end
  if how == ${HOLDS.digest} then held = peek('GET', key) else held = call('DUMP', key) end
  return type(held) == 'string' and sub(sha(held), 1, 16) == expected
end
`;

/** Function `exactly`: the key holds the elements that stand behind operation `i`, and nothing else. */
export const HOLDING_EXACTLY = `
local cards = {hash = 'HLEN', set = 'SCARD', zset = 'ZCARD', list = 'LLEN'}
local function holdsElement(key, held, field, content)
  if held == 'set' then return call('SISMEMBER', key, field) == 1 end
  if held == 'zset' then
    local score = call('ZSCORE', key, field)
    return score and num(score) == num(sub(content, 2))
  end
  if held == 'hash' then return element(call('HGET', key, field), content) end
  local pairs = entryAt(key, field)
  return pairs and printPairs(pairs) == content
end
local function holdsList(key, first, count)
  local held = call('LRANGE', key, 0, -1)
  for j = 1, count do if not element(held[j], A[first + 2 * j - 1]) then return false end end
  return true
end
local function exactly(i, key, held, count)
  local first = i + 5
  if count == 1 and byte(A[first + 1]) == ${HOLDS.dump} then return holds(key, A[first + 1]) end
  if cards[held] and call(cards[held], key) ~= count then return false end
  if held == 'list' then return holdsList(key, first, count) end
  local entries, groups = 0, {}
  if held == 'stream' then for _, group in ipairs(call('XINFO', 'GROUPS', key)) do groups[infoOf(group, 'name')] = true end end
  for p = first, first + 2 * count - 2, 2 do
    local field, content = A[p], A[p + 1]
    if held == 'stream' and content == '${GROUP_CONTENT}' then
      if not groups[field] then return false end
      groups[field] = nil
    elseif cards[held] or held == 'stream' then
      entries = entries + 1
      if not holdsElement(key, held, field, content) then return false end
    elseif not holds(key, content) then return false end
  end
  return held ~= 'stream' or (call('XLEN', key) == entries and next(groups) == nil)
end
`;
