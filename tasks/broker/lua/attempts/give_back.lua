-- A stopping worker returns a job to the queue: ID ATTEMPT. This is not counted as lost.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
redis.call('HSET', job_key(id), 'state', 'queued', 'published', now())
redis.call('ZREM', LEASES, id)
return 1
