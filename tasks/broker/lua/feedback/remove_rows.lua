-- Remove rows: STATE ROW ...; returns the ids that were there, with a STATE only those in it. A ROW is
-- an id, or ID:VERSION where somebody has seen its texts. A question that may have been learned is
-- never examined.
local state, removed = ARGV[1], {}
for index = 2, #ARGV do
  local id = row_named(ARGV[index])
  local found = redis.call('HGET', row_key(id or ''), 'state')
  if found and (state == '' or found == state) then
    remove_row(id)
    table.insert(removed, id)
  end
end
return removed
