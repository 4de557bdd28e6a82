/**
 * The apply script's part for decimals: adds two of them digit by digit, because Lua's numbers would round. Exact, and printed as the
 * server prints the result of INCRBYFLOAT; so the order in which increments meet does not matter.
 *
 * A number is six limbs of seven digits, the lowest first: 25 digits before the point and 17 behind it.
 */
import { OP_BYTE as DO } from "./op-byte.js";

/** Compares what an addition needs, and computes its result: the command that stands in `sums`, by the place of the operation. */
export const COMPARING_DECIMAL = `
local sums = {}
local function limbsOf(text)
  local minus, whole, fraction = string.match(text, '^(%-?)(%d+)%.?(%d*)$')
  if not whole or #whole > 25 or #fraction > 17 or byte(text, -1) == 46 then return nil end
  local all = string.rep('0', 25 - #whole) .. whole .. fraction .. string.rep('0', 17 - #fraction)
  local limbs = {}
  for j = 1, 6 do
    local limb = num(sub(all, 43 - 7 * j, 49 - 7 * j))
    limbs[j] = minus == '-' and -limb or limb
  end
  return limbs
end
local function normal(limbs)
  local carry = 0
  for j = 1, 6 do
    local limb = limbs[j] + carry
    carry = floor(limb / 10000000)
    limbs[j] = limb - carry * 10000000
  end
  return carry
end
local function addedTo(held, delta)
  local a, b = limbsOf(held), limbsOf(delta)
  if not a or not b then return nil end
  for j = 1, 6 do a[j] = a[j] + b[j] end
  local carry = normal(a)
  if carry ~= 0 and carry ~= -1 then return nil end
  if carry == -1 then
    for j = 1, 6 do a[j] = -a[j] end
    if normal(a) ~= -1 then return nil end
  end
  local text = format('%07d%07d%07d%07d%07d%07d', a[6], a[5], a[4], a[3], a[2], a[1])
  local whole = string.gsub(sub(text, 1, 25), '^0+(%d)', '%1')
  local fraction = string.gsub(sub(text, 26), '0+$', '')
  return (carry == -1 and '-' or '') .. whole .. (fraction ~= '' and '.' .. fraction or '')
end
local function compareDecimal(i, op, key, after)
  local width, held = 3, nil
  if op == ${DO.addDecimalField} then width = 4 end
  if after then held = not freed(key) and {} or false
  elseif width == 4 then held = peek('HGET', key, A[i + 2])
  else held = peek('GET', key) end
  local text = type(held) ~= 'table' and addedTo(held or '0', A[i + width - 1])
  if not text then miss(i)
  elseif width == 4 then sums[i] = {'HSET', key, A[i + 2], text}
  else sums[i] = {'SET', key, text, 'KEEPTTL'} end
  return i + width
end
`;
