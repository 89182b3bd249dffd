-- Replace the request of a job that has one: ID REQUEST; 0 where it has none (any more).
local id, request = ARGV[1], ARGV[2]
if redis.call('HEXISTS', job_key(id), 'request') == 0 then return 0 end
redis.call('HSET', job_key(id), 'request', request)
return 1
