-- Remove rows: STATE ROW ...; returns the ids that were there, with a STATE only those in it. A ROW is
-- an id, or ID:VERSION where somebody has seen its texts. A question of the exam whose last row goes
-- may be learned from then on; one that may have been learned is never examined. That they were
-- removed is kept: no file may keep them either, on whichever host.
local state, removed = ARGV[1], {}
for index = 2, #ARGV do
  local id = row_named(ARGV[index])
  local found = redis.call('HMGET', row_key(id or ''), 'use', 'question', 'state')
  if found[3] and (state == '' or found[3] == state) then
    redis.call('DEL', row_key(id))
    redis.call('ZREM', ROWS, id)
    redis.call('ZADD', REMOVED, now(), id)
    if found[1] == 'exam' and redis.call('HINCRBY', EXAMINED, found[2], -1) <= 0 then
      redis.call('HDEL', EXAMINED, found[2])
    end
    table.insert(removed, id)
  end
end
return removed
