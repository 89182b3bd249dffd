-- Delete a claim whose job got its final message: ENTRY ID; a forgotten job's record goes with it.
local entry, id = ARGV[1], ARGV[2]
redis.call('XACK', RELAY, 'relays', entry)
redis.call('XDEL', RELAY, entry)
if get(id, 'forgotten') then remove(id) end
return 1
