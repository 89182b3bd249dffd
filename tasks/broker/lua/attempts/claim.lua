-- A worker takes a queued job: ID WORKER LEASE_MS; returns the attempt, or nothing.
local id, worker, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
if get(id, 'state') ~= 'queued' then return false end
local attempt = redis.call('HINCRBY', job_key(id), 'attempt', 1)
redis.call('HSET', job_key(id), 'state', 'running', 'worker', worker, 'started', now())
redis.call('ZADD', LEASES, now() + lease, id)
redis.call('HSETNX', job_key(id), 'begun', now())
event(id, attempt, 'started', cjson.encode({worker = worker}))
return attempt
