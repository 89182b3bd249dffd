-- Take the right to publish a queued job again: ID GRACE_MS; 0 where another worker took it first.
local id, grace = ARGV[1], tonumber(ARGV[2])
local fields = redis.call('HMGET', job_key(id), 'state', 'published')
if fields[1] ~= 'queued' or is_recent(fields[2], grace) then return 0 end
redis.call('HSET', job_key(id), 'published', now())
return 1
