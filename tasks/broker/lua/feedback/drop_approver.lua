-- Take a person's name off rows that they approved: PERSON ID ...; returns the ids that had it.
local person = ARGV[1]
local dropped = {}
for index = 2, #ARGV do
  local row = row_key(ARGV[index])
  if redis.call('HGET', row, 'approver') == person then
    redis.call('HSET', row, 'approver', '')
    table.insert(dropped, ARGV[index])
  end
end
return dropped
