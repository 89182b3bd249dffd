-- Renew the lease of a running attempt: ID ATTEMPT LEASE_MS; returns 'ok', 'cancel' or 'lost'.
local id, attempt, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local state = lease_state(id, attempt)
if state ~= 'lost' then redis.call('ZADD', LEASES, 'XX', now() + lease, id) end
return state
