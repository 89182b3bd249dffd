-- Claim the right to publish a queued job again: ID GRACE_MS; 0 where another sweep was first.
local id, grace = ARGV[1], tonumber(ARGV[2])
local found = redis.call('HMGET', job_key(id), 'state', 'published')
if found[1] ~= 'queued' or tonumber(found[2]) + grace > now() then return 0 end
redis.call('HSET', job_key(id), 'published', now())
return 1
