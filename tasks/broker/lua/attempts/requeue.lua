-- Return the job of a worker that stops to the queue: ID ATTEMPT; 0 where the attempt does not hold
-- the job, or the job was cancelled and ends. The attempt is not counted as lost.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
if get(id, 'cancel') then
  finish(id, 'cancelled', get(id, 'cancel'))
  return 0
end
redis.call('HSET', job_key(id), 'state', 'queued', 'published', now())
redis.call('ZREM', LEASES, id)
return 1
