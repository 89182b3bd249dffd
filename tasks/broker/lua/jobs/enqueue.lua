-- Give a new job its request and make it ready for a worker: ID REQUEST; 0 where it is not new.
local id, request = ARGV[1], ARGV[2]
if get(id, 'state') ~= 'new' then return 0 end
redis.call('HSET', job_key(id), 'state', 'queued', 'request', request, 'published', now())
return 1
