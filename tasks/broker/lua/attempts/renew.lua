-- Keep the lease of a running attempt: ID ATTEMPT LEASE_MS; returns 'ok', 'cancel' or 'lost'.
-- LEASE_MS 0 only asks.
local id, attempt, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not holds(id, attempt) then return 'lost' end
if lease > 0 then redis.call('ZADD', LEASES, 'XX', now() + lease, id) end
if get(id, 'cancel') then return 'cancel' end
return 'ok'
