-- Replace texts of a job where they are still those that were read:
-- ID FIELDS (NAME BEFORE AFTER)... (ENTRY AFTER)...; returns 0, and changes nothing, where one is not.
-- FIELDS is the number of the record's fields; an event gets a new entry behind all others, so that
-- only the last event of a job that is over may be replaced.
local id, fields = ARGV[1], tonumber(ARGV[2])
local events = 3 + 3 * fields
for index = 3, events - 1, 3 do
  if get(id, ARGV[index]) ~= ARGV[index + 1] then return 0 end
end
local replaced = {}
for index = events, #ARGV, 2 do
  local entry = redis.call('XRANGE', events_key(id), ARGV[index], ARGV[index])[1]
  if not entry then return 0 end
  table.insert(replaced, {entry[1], entry[2], ARGV[index + 1]})
end
for index = 3, events - 1, 3 do
  redis.call('HSET', job_key(id), ARGV[index], ARGV[index + 2])
end
for _, event in ipairs(replaced) do
  redis.call('XADD', events_key(id), '*', 'attempt', event[2][2], 'type', event[2][4], 'data', event[3])
  redis.call('XDEL', events_key(id), event[1])
end
return 1
