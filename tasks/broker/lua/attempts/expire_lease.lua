-- Give up a running attempt that cannot go on: ID ATTEMPT; 0 where it does not hold the job.
-- The next sweep counts it as lost and queues the job again.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
redis.call('ZADD', LEASES, 0, id)
return 1
