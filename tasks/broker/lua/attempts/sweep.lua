-- Recover the jobs of dead workers: MAX_LOST_BESIDE_OTHERS MAX_LOST_ALONE MAX_LOST_TRAINING GRACE_MS
-- LONGEST_MS.
-- First every job whose lease has expired is queued again, or ended where it was cancelled or lost
-- too often. Then the queued jobs whose message may be lost are returned: those published longer
-- than GRACE_MS ago, or never (0).
local beside_others, most_alone, most_training = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local grace, longest = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = now()

-- Count the attempt as lost, and tell whether the job is given up. A question that ran beside others
-- may be innocent: it becomes a suspect, whose attempts run alone, and only these are held against it.
local function given_up(id)
  local lost = redis.call('HINCRBY', job_key(id), 'lost', 1)
  if get(id, 'kind') == 'train' then return lost >= most_training end
  if lost >= beside_others then redis.call('HSET', job_key(id), 'suspect', 1) end
  if get(id, 'alone') ~= '1' then return false end
  return redis.call('HINCRBY', job_key(id), 'lost_alone', 1) >= most_alone
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', time)) do
  local running = get(id, 'state') == 'running'
  if running then count('lost:' .. get(id, 'kind'), 1) end
  if not running then
    redis.call('ZREM', LEASES, id)
  elseif get(id, 'cancel') then
    finish(id, 'cancelled', get(id, 'cancel'))
  elseif given_up(id) then
    finish(id, 'failed', cjson.encode({reason = 'lost', attempts = tonumber(get(id, 'lost'))}))
  else
    redis.call('HSET', job_key(id), 'state', 'queued', 'published', 0)
    redis.call('ZREM', LEASES, id)
  end
end
-- A lease that ends later than any given now was given before the clock was set back: a worker that
-- lives renews it, and nobody waits for that of a dead one.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '(' .. (time + longest), '+inf')) do
  redis.call('ZADD', LEASES, time + longest, id)
end
local unpublished = {}
for _, kind in ipairs(KINDS) do
  for _, id in ipairs(redis.call('ZRANGE', open_key(kind), 0, -1)) do
    local fields = redis.call('HMGET', job_key(id), 'state', 'published')
    if not fields[1] then
      redis.call('ZREM', open_key(kind), id)
    elseif fields[1] == 'queued' and not is_recent(fields[2], grace) then
      table.insert(unpublished, id)
    end
  end
end
return unpublished
