-- Store how far a running attempt is: ID ATTEMPT DATA SAVED MOST; 0 where it does not hold the job.
-- SAVED 1 says that a checkpoint was written: the next attempt would continue from it, so the count
-- of lost attempts starts again at 0. The stream keeps about MOST entries; the record always has
-- the newest state.
local id, attempt, data, saved, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
if not holds(id, attempt) then return 0 end
redis.call('HSET', job_key(id), 'progress', data)
if saved then redis.call('HSET', job_key(id), 'lost', 0, 'saved', now()) end
redis.call('XADD', events_key(id), 'MAXLEN', '~', most, '*',
  'attempt', attempt, 'type', 'progress', 'data', data)
return 1
