-- Note how far a running attempt is: ID ATTEMPT DATA SAVED MOST; 0 where it no longer holds.
-- With SAVED the next attempt would go on from here, so that earlier losses count no longer. The
-- stream keeps about MOST entries; the record always has the newest.
local id, attempt, data, saved, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
if not holds(id, attempt) then return 0 end
redis.call('HSET', job_key(id), 'progress', data)
if saved then redis.call('HSET', job_key(id), 'lost', 0) end
redis.call('XADD', events_key(id), 'MAXLEN', '~', most, '*',
  'attempt', attempt, 'type', 'progress', 'data', data)
return 1
