-- Tell whether a running attempt goes on, without renewing its lease: ID ATTEMPT; returns 'ok',
-- 'cancel' or 'lost'.
return lease_state(ARGV[1], ARGV[2])
