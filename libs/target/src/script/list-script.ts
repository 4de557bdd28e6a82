/**
 * The part of the apply script that edits lists, index-exact: libs/mark `list-edits` says what an edit is.
 *
 * Every removed element is compared, and what stands beside an edit; all edits of a list match or none is made. Indices
 * count from the nearer end, so what clients push or pop at the other end does not disturb. An element in the middle is
 * removed in two steps, by a value of ours and LREM; one is inserted there by LINSERT before a value of ours. Native
 * replicas see both steps within one transaction. The key is never emptied on the way: it would lose its deadline.
 */
import { NEAR_END, PUSH_LIMIT } from "@meridian/mark";
import { EXPECT_BYTE as IS } from "./op-byte.js";

/** Comparing; adds the removed values that a print does not hold to the mark. */
export const COMPARING_LIST = `
local function element(held, expected)
  if expected == '~' then return true end
  if expected == '-' then return not held end
  if not held then return false end
  if byte(expected) == ${IS.digest} then return sub(sha(held), 1, 16) == sub(expected, 2) end
  return held == sub(expected, 2)
end
local function compareEdit(key, length, p, gone, at, removed)
  local from = p > 0 and p - 1 or 0
  local held = call('LRANGE', key, from, p + gone)
  for j = -1, gone do
    local expected = A[at + j + 1]
    local value = nil
    if p + j >= 0 and p + j < length then value = held[p + j - from + 1] end
    if not element(value, expected) then return false end
    if j >= 0 and j < gone and byte(expected) == ${IS.digest} then removed[#removed + 1] = value end
  end
  return true
end
local function compareList(i, key, how)
  local count, at, ok, length, removed, heads, tails = num(A[i + 2]), i + 3, true, 0, {}, 0, 0
  local after = how == ${IS.afterUnlink}
  if after then ok = freed(key)
  else
    local held = peek('LLEN', key)
    if type(held) == 'table' then ok = false else length = held end
  end
  for e = 1, count do
    local side, offset, gone, come = A[at], num(A[at + 1]), num(A[at + 2]), num(A[at + 3])
    if side == 'h' then heads = offset + gone elseif tails == 0 then tails = offset + gone end
    if heads + tails > length then ok = false end
    if ok and not after then ok = compareEdit(key, length, side == 'h' and offset or length - offset - gone, gone, at + 4, removed) end
    at = at + 6 + gone + come
  end
  if ok then
    for j = 1, #removed do name('d', i, removed[j]) end
  else miss(i) end
  return at
end
`;

/** Writing. */
export const EFFECTS_OF_LIST = `
local function listEnd(i)
  local edit = i + 3
  for e = 1, num(A[i + 2]) do edit = edit + 6 + num(A[edit + 2]) + num(A[edit + 3]) end
  return edit
end
local function push(command, key, values)
  for first = 1, #values, ${PUSH_LIMIT} do
    call(command, key, unpack(values, first, math.min(first + ${PUSH_LIMIT} - 1, #values)))
  end
end
local function pushLeft(key, values)
  local turned = {}
  for j = #values, 1, -1 do turned[#turned + 1] = values[j] end
  push('LPUSH', key, turned)
end
local gone
local function replaceWithin(key, p, count, values, backwards)
  for j = 1, math.min(count, #values) do call('LSET', key, p + j - 1, values[j]) end
  if count > #values then
    for j = #values, count - 1 do call('LSET', key, p + j, gone) end
    call('LREM', key, (backwards and -1 or 1) * (count - #values), gone)
  elseif #values > count then
    local q = p + count
    local held = call('LINDEX', key, q)
    call('LSET', key, q, gone)
    for j = count + 1, #values do call('LINSERT', key, 'BEFORE', gone, values[j]) end
    call('LSET', key, q + #values - count, held)
  end
end
local function performEdit(key, side, offset, count, values)
  local length = call('LLEN', key)
  local p = side == 'h' and offset or length - offset - count
  local behind = length - p - count
  if count == 0 and #values == 0 then return end
  if count == length then
    push('RPUSH', key, values)
    if count > 0 then call('LPOP', key, count) end
  elseif behind == 0 then
    if count > 0 then call('RPOP', key, count) end
    push('RPUSH', key, values)
  elseif p == 0 then
    if count > 0 then call('LPOP', key, count) end
    pushLeft(key, values)
  elseif #values <= count and count <= 2 or math.min(behind, p) > ${NEAR_END} then
    replaceWithin(key, p, count, values, behind < p)
  elseif behind <= p then
    local rest = call('LRANGE', key, p + count, -1)
    call('RPOP', key, count + behind)
    for j = 1, #rest do values[#values + 1] = rest[j] end
    push('RPUSH', key, values)
  else
    local rest = call('LRANGE', key, 0, p - 1)
    call('LPOP', key, p + count)
    for j = 1, #values do rest[#rest + 1] = values[j] end
    pushLeft(key, rest)
  end
end
local function performList(i, key)
  gone = 'meridian:gone:' .. A[1] .. ':' .. A[3]
  local edits, heads, edit = {}, 0, i + 3
  for e = 1, num(A[i + 2]) do
    edits[e] = edit
    if A[edit] == 'h' then heads = e end
    edit = edit + 6 + num(A[edit + 2]) + num(A[edit + 3])
  end
  local function one(at)
    local count, values = num(A[at + 2]), {}
    local first = at + 6 + count
    for j = 0, num(A[at + 3]) - 1 do values[j + 1] = A[first + j] end
    performEdit(key, A[at], num(A[at + 1]), count, values)
  end
  for e = heads, 1, -1 do one(edits[e]) end
  for e = heads + 1, #edits do one(edits[e]) end
end
`;
