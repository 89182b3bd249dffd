-- A running attempt gives up without an end: ID ATTEMPT. The next sweep counts it as lost.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
redis.call('ZADD', LEASES, 0, id)
return 1
