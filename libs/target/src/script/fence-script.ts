/**
 * The script that takes a server over: it raises the epoch in the mark, after which no script of an older epoch has
 * any effect. ARGV[1]: an epoch that the new one must be beyond, should the mark be gone (0: any). Reply: the new epoch and
 * the new mark, which keeps the vector and begins a new chain at 0.
 *
 * It runs on a server at maxmemory too (`allow-oom`): what clients may still do there, as removing keys, must be captured.
 */
import { MARK_KEY, MARK_PREFIX_BYTES, MARK_VERSION } from "@meridian/mark";

/** Source of the fence script. */
export const FENCE_SCRIPT = `#!lua flags=allow-oom
local mark = redis.call('GET', '${MARK_KEY}')
local epoch, vector = tonumber(ARGV[1]), '\\0\\0'
if mark then
  if #mark < ${MARK_PREFIX_BYTES} or string.byte(mark) ~= ${MARK_VERSION} then return {err = 'BADMARK the mark in the server is damaged'} end
  local _, held, _, length = struct.unpack('>BI4dI4', mark)
  epoch, vector = math.max(held, epoch), string.sub(mark, ${MARK_PREFIX_BYTES + 1}, ${MARK_PREFIX_BYTES} + length)
end
epoch = epoch + 1
local fresh = struct.pack('>BI4dI4', ${MARK_VERSION}, epoch, 0, #vector) .. vector .. '\\0\\0\\0\\0\\0\\0\\0\\0'
redis.call('SET', '${MARK_KEY}', fresh)
return {epoch, fresh}
`;
