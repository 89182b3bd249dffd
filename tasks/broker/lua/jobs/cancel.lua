-- Cancel a job: ID DATA; returns the state it was in. A job that waits ends at once; a running one
-- is marked, and its worker sees that when it checks or renews the lease.
local id = ARGV[1]
local state = get(id, 'state')
if state == 'new' or state == 'queued' then finish(id, 'cancelled', ARGV[2]) end
if state == 'running' then redis.call('HSET', job_key(id), 'cancel', ARGV[2]) end
return state
