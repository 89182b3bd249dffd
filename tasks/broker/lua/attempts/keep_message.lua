-- Keep sweeps from publishing a job whose message a worker holds until it can begin: ID; 0 where it
-- is not queued any more, and the worker need not wait.
if get(ARGV[1], 'state') ~= 'queued' then return 0 end
redis.call('HSET', job_key(ARGV[1]), 'published', now())
return 1
