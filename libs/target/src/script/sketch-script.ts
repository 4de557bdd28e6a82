/**
 * The part of the apply script about sketches.
 *
 * Sketches (HyperLogLog) are compared by their registers, for the server changes their other bytes by itself. PFMERGE does
 * the work, on keys of ours and outside of the stream: merged into an empty dense sketch, one gives its registers in the one
 * way in which dense sketches store them. Each function gives nil for what is no sketch, or a damaged one.
 */
import { SKETCH_KEY, TRIAL_KEY } from "@meridian/mark";

/** Functions that the comparisons of strings call. */
export const COMPARING_SKETCH = `
local united = {}
local function pfmerge(from)
  local merged = try('PFMERGE', '${TRIAL_KEY}', from)
  if not merged.err then return true end
  if sub(merged.err, 1, 9) ~= 'WRONGTYPE' and sub(merged.err, 1, 10) ~= 'INVALIDOBJ' then error(merged) end
  return false
end
local function aside(work, ...)
  redis.set_repl(redis.REPL_NONE)
  local found = work(...)
  call('DEL', '${TRIAL_KEY}', '${SKETCH_KEY}')
  redis.set_repl(redis.REPL_ALL)
  return found
end
local function registers(from)
  call('SET', '${TRIAL_KEY}', 'HYLL' .. string.rep('\\0', 12300))
  return pfmerge(from) and sub(call('GET', '${TRIAL_KEY}'), 17)
end
local function digestOfSketch(key)
  local found = registers(key)
  return found and sub(sha(found), 1, 16)
end
local function union(key, held, added)
  local now = registers(key)
  if not now then return nil end
  call('SET', '${SKETCH_KEY}', held)
  if not registers('${SKETCH_KEY}') or not pfmerge(key) then return nil end
  if sub(call('GET', '${TRIAL_KEY}'), 17) ~= now then return nil end
  call('SET', '${TRIAL_KEY}', added)
  return pfmerge(key) and call('GET', '${TRIAL_KEY}')
end
`;
