-- Give a queued job to a worker: ID WORKER LEASE_MS ALONE; returns the attempt's number, or nothing
-- where the job is not queued. ALONE 1 says that nothing else runs in the worker meanwhile.
local id, worker, lease, alone = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if get(id, 'state') ~= 'queued' then return false end
local attempt = redis.call('HINCRBY', job_key(id), 'attempt', 1)
redis.call('HSET', job_key(id), 'state', 'running', 'worker', worker, 'started', now(),
  'written', 0, 'alone', alone)
redis.call('ZADD', LEASES, now() + lease, id)
redis.call('HSETNX', job_key(id), 'begun', now())
event(id, attempt, 'started', cjson.encode({worker = worker}))
return attempt
