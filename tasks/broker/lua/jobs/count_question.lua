-- Count a question of a person: ID KEY MINUTE_MS DAY_MS; returns how many they have asked within the
-- minute up to and with it, 0 where it waits no more: its asker may be forgotten. KEY is the sorted
-- set of their questions of a day by their creation (ms); one that is there is not counted twice.
local id, key, minute, day = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local created = tonumber(get(id, 'created'))
if get(id, 'state') ~= 'new' then return 0 end
redis.call('ZADD', key, 'NX', created, id)
redis.call('ZREMRANGEBYSCORE', key, '-inf', created - day)
redis.call('PEXPIRE', key, day)
return redis.call('ZCOUNT', key, '(' .. (created - minute), created)
