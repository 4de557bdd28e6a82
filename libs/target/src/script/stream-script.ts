/**
 * The part of the apply script that edits streams: all that a batch does to one stream at once.
 *
 * A server takes no id that is not above its last one. An entry that comes late is put in its place within the script: what
 * is newer is taken away and added again behind it, under its own ids. XDEL raises the greatest deleted id and XSETID
 * refuses to go below that, but takes it lower when told to; so both counters can be led back, and are set to what they
 * were in the end. Groups, what they have delivered and what is pending stay as they are: a pending id that is there
 * again is readable again. All that could fail is looked at before the mark, for what XDEL has taken away cannot be put back
 * by a user who may not XADD: the rights (they can be lost after the agent has connected), entries too wide for one call, ids
 * that would be given twice, a count that is not exact in a double. Memory is not: the mark was the first write.
 */
import { LATE_CONSUMER, NEWER_ENTRIES_MAX, PAIR_ITEMS_MAX, PRINT_LIMIT_BYTES, STEP } from "@meridian/mark";

/** Beyond it, the count of entries ever added, which a client can set, cannot be written back as it was. */
const ENTRIES_ADDED_MAX = 2 ** 53 - 1 - NEWER_ENTRIES_MAX;

/** Comparing. `edits[i]` is what `performStream` will do. */
export const COMPARING_STREAM = `
local edits = {}
local function below(a, b)
  local ams, aseq = string.match(a, '^(%d+)%-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)%-(%d+)$')
  if ams ~= bms then return #ams < #bms or (#ams == #bms and ams < bms) end
  return #aseq < #bseq or (#aseq == #bseq and aseq < bseq)
end
local function infoOf(list, name)
  for j = 1, #list, 2 do if list[j] == name then return list[j + 1] end end
end
local function beyond(id)
  if #id <= 20 then return false end
  for part in string.gmatch(id, '%d+') do
    if #part > 20 or (#part == 20 and part > '18446744073709551615') then return true end
  end
end
local function entryAt(key, id)
  if beyond(id) then return nil end
  local found = call('XRANGE', key, id, id)[1]
  return found and found[2]
end
local function printPairs(pairs)
  local parts = {}
  for j = 1, #pairs do parts[j] = pack('>I4', #pairs[j]) .. pairs[j] end
  local bytes = table.concat(parts)
  if #bytes <= ${PRINT_LIMIT_BYTES} then return '=' .. bytes, bytes end
  return '#' .. sub(sha(bytes), 1, 16), bytes
end
local function pairsOf(bytes)
  local pairs, at = {}, 1
  while at <= #bytes do
    local size = struct.unpack('>I4', bytes, at)
    pairs[#pairs + 1] = sub(bytes, at + 4, at + 3 + size)
    at = at + 4 + size
  end
  return pairs
end
local function missCell(tag, kind, key, field, text)
  skipped = skipped + 1
  enter(tag, kind, key, field, text)
end
local function compareCell(key, there, at, steps)
  local gone, adds, leaving, ok = {}, {}, {}, there ~= nil
  for _ = 1, steps do
    local code, id = A[at], A[at + 1]
    local held = there and not leaving[id] and entryAt(key, id)
    if code == '${STEP.add}' then
      if not held then adds[#adds + 1] = {id, pairsOf(A[at + 2])}
      else
        local _, bytes = printPairs(held)
        ok = ok and bytes == A[at + 2]
      end
      at = at + 3
    elseif code == '${STEP.keep}' then
      ok = ok and held and printPairs(held) == A[at + 2]
      at = at + 3
    elseif code == '${STEP.remove}' then
      if held then
        ok = ok and printPairs(held) == A[at + 2]
        gone[#gone + 1], leaving[id] = id, true
      end
      at = at + 3
    else
      local to = A[at + 3]
      if held and printPairs(held) == A[at + 2] then
        gone[#gone + 1], leaving[id] = id, true
        adds[#adds + 1] = {to, held}
      else
        local moved = there and entryAt(key, to)
        ok = ok and moved and printPairs(moved) == A[at + 2]
      end
      at = at + 4
    end
  end
  return ok and {gone = gone, adds = adds}, at
end
local function unaddable(cell)
  for _, add in ipairs(cell.adds) do
    if beyond(add[1]) then return 'ERR an id that no server has' end
    if #add[2] > ${PAIR_ITEMS_MAX} then return 'ERR an entry with more than ${PAIR_ITEMS_MAX} fields and values' end
  end
end
local function lacking(edit)
  local key, late = edit.key, '${LATE_CONSUMER}'
  local trials = {{'XADD', key, '1-1', 'f', 'v'}, {'XDEL', key, '1-1'}, {'XSETID', key, '1-1'}, {'XREVRANGE', key, '+', '-'},
    {'XINFO', 'GROUPS', key}, {'XCLAIM', key, late, late, '0', '1-1'}}
  for _, words in ipairs(trials) do
    local known, may = pcall(redis.acl_check_cmd, unpack(words))
    if not known or not may then return 'NOPERM no right to run ' .. words[1] end
  end
end
local function onceEach(edit)
  local kept, added, replaces = {}, {}, false
  for _, cell in ipairs(edit.cells) do
    local mine, failed = {}, nil
    for _, add in ipairs(cell.adds) do
      if added[add[1]] or mine[add[1]] then failed = 'ERR two entries for the id ' .. add[1] end
      mine[add[1]] = true
    end
    if failed then missCell('r', 'x', edit.key, cell.field, failed)
    else
      for id in pairs(mine) do added[id] = true end
      kept[#kept + 1] = cell
      replaces = replaces or (#cell.gone > 0 and #cell.adds > 0)
    end
  end
  edit.cells, edit.replaces = kept, replaces
end
local function compareLate(edit)
  local late
  for _, cell in ipairs(edit.cells) do
    for _, add in ipairs(cell.adds) do
      if not below(edit.last, add[1]) and (not late or below(add[1], late)) then late = add[1] end
    end
  end
  if not late then return nil end
  if not below('0-1', late) then return 'ERR nothing can be put below the least id' end
  local newer = call('XRANGE', edit.key, '(' .. late, '+', 'COUNT', ${NEWER_ENTRIES_MAX + 1})
  if #newer > ${NEWER_ENTRIES_MAX} then return 'ERR more than ${NEWER_ENTRIES_MAX} newer entries' end
  if edit.added > ${ENTRIES_ADDED_MAX} then return 'ERR the count of entries ever added is not exact' end
  for _, entry in ipairs(newer) do
    if #entry[2] > ${PAIR_ITEMS_MAX} then return 'ERR a newer entry with more than ${PAIR_ITEMS_MAX} fields and values' end
  end
  edit.late = late
end
local function withoutLate(edit, failed, andMoves)
  local kept = {}
  for _, cell in ipairs(edit.cells) do
    local isLate = andMoves and #cell.gone > 0 and #cell.adds > 0
    for _, add in ipairs(cell.adds) do isLate = isLate or not below(edit.last, add[1]) end
    if isLate then missCell('r', 'x', edit.key, cell.field, failed) else kept[#kept + 1] = cell end
  end
  edit.cells = kept
end
local function noteFirst(edit)
  local first = call('XRANGE', edit.key, '-', '+', 'COUNT', 1)[1]
  local changes = not find(edit.flags, 'k', 1, true)
  for _, cell in ipairs(edit.cells) do
    for _, add in ipairs(cell.adds) do changes = changes or not first or below(add[1], first[1]) end
  end
  if changes then enter('n', 'x', edit.key, '', first and first[1] or '') end
end
local function compareStream(i, after)
  local key, cells, groups, at = A[i + 1], num(A[i + 4]), num(A[i + 5]), i + 6
  local edit = {key = key, flags = A[i + 2], lastId = A[i + 3], cells = {}, groups = {}, last = '0-0'}
  local kind = call('TYPE', key).ok
  local there
  if after then if freed(key) then there = false end
  elseif kind == 'none' then there = false
  elseif kind == 'stream' then
    there = true
    local info = call('XINFO', 'STREAM', key)
    edit.last, edit.added = infoOf(info, 'last-generated-id'), infoOf(info, 'entries-added')
  end
  for _ = 1, cells do
    local field, cell = A[at], nil
    cell, at = compareCell(key, there, at + 2, num(A[at + 1]))
    local failed = cell and unaddable(cell)
    if failed then missCell('r', 'x', key, field, failed)
    elseif cell then
      cell.field = field
      edit.cells[#edit.cells + 1] = cell
    else missCell('s', 'x', key, field) end
  end
  for _ = 1, groups do
    if there == nil then missCell('s', 'g', key, A[at]) else edit.groups[#edit.groups + 1] = {A[at], A[at + 1]} end
    at = at + 2
  end
  onceEach(edit)
  if there == nil then
    skip[i] = true
    missCell('s', 'x', key, '')
  elseif there then
    local failed = compareLate(edit)
    if failed then withoutLate(edit, failed) end
    local denied = (edit.late or edit.replaces) and lacking(edit)
    if denied then
      withoutLate(edit, denied, true)
      edit.late = nil
    end
    noteFirst(edit)
  end
  edit.following = at
  edits[i] = edit
  return at
end
`;

/** Effects. */
export const EFFECTS_OF_STREAM = `
local function addEntry(key, entry) call('XADD', key, entry[1], unpack(entry[2])) end
local function deleteEntries(key, ids)
  for from = 1, #ids, ${PAIR_ITEMS_MAX} do call('XDEL', key, unpack(ids, from, math.min(#ids, from + ${PAIR_ITEMS_MAX} - 1))) end
end
local function insertLate(edit, adds)
  local key = edit.key
  local info = call('XINFO', 'STREAM', key)
  local last, deleted = infoOf(info, 'last-generated-id'), infoOf(info, 'max-deleted-entry-id')
  local newer, ids = call('XRANGE', key, '(' .. edit.late, '+'), {}
  for j, entry in ipairs(newer) do ids[j] = entry[1] end
  local top = call('XREVRANGE', key, '(' .. edit.late, '-', 'COUNT', 1)[1]
  deleteEntries(key, ids)
  call('XSETID', key, last, 'MAXDELETEDID', '0-1')
  call('XSETID', key, top and top[1] or '0-1')
  local from = 1
  for _, add in ipairs(adds) do
    while newer[from] and below(newer[from][1], add[1]) do
      addEntry(key, newer[from])
      from = from + 1
    end
    addEntry(key, add)
  end
  for j = from, #newer do addEntry(key, newer[j]) end
  if below(last, adds[#adds][1]) then last = adds[#adds][1] end
  if deleted == '0-0' then deleted = '0-1' end
  call('XSETID', key, last, 'ENTRIESADDED', format('%.0f', edit.added + #adds), 'MAXDELETEDID', deleted)
end
local function tellGroups(edit, adds)
  for _, group in ipairs(call('XINFO', 'GROUPS', edit.key)) do
    local name, delivered = infoOf(group, 'name'), infoOf(group, 'last-delivered-id')
    for _, add in ipairs(adds) do
      if not below(delivered, add[1]) then call('XCLAIM', edit.key, name, '${LATE_CONSUMER}', 0, add[1], 'FORCE', 'JUSTID') end
    end
  end
end
local function editGroup(key, name, start)
  local found = false
  if call('EXISTS', key) == 1 then
    for _, group in ipairs(call('XINFO', 'GROUPS', key)) do found = found or infoOf(group, 'name') == name end
  end
  if start == '' then
    if found then call('XGROUP', 'DESTROY', key, name) end
  elseif not found then call('XGROUP', 'CREATE', key, name, start, 'MKSTREAM') end
end
local function performStream(edit)
  local key, flags, gone, adds = edit.key, edit.flags, {}, {}
  for _, cell in ipairs(edit.cells) do
    for _, id in ipairs(cell.gone) do gone[#gone + 1] = id end
    for _, add in ipairs(cell.adds) do adds[#adds + 1] = add end
  end
  table.sort(adds, function(a, b) return below(a[1], b[1]) end)
  if #gone > 0 then deleteEntries(key, gone) end
  if edit.late and #adds > 0 then insertLate(edit, adds)
  else for _, add in ipairs(adds) do addEntry(key, add) end end
  if edit.late and #adds > 0 and find(flags, 'l', 1, true) then tellGroups(edit, adds) end
  for _, group in ipairs(edit.groups) do editGroup(key, group[1], group[2]) end
  local exists = call('EXISTS', key) == 1
  if not exists and find(flags, 'c', 1, true) then
    call('XGROUP', 'CREATE', key, '${LATE_CONSUMER}', '0', 'MKSTREAM')
    call('XGROUP', 'DESTROY', key, '${LATE_CONSUMER}')
    exists = true
  end
  if not exists then return end
  if find(flags, 'k', 1, true) then
    if below(infoOf(call('XINFO', 'STREAM', key), 'last-generated-id'), edit.lastId) then call('XSETID', key, edit.lastId) end
  elseif call('XLEN', key) == 0 and #call('XINFO', 'GROUPS', key) == 0 then call('DEL', key) end
end
local function refuseStream(edit, text)
  for _, cell in ipairs(edit.cells) do missCell('r', 'x', edit.key, cell.field, text) end
  for _, group in ipairs(edit.groups) do missCell('r', 'g', edit.key, group[1], text) end
end
`;
