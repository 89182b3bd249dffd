-- Recover the jobs of dead workers: MAX_LOST MAX_LOST_TRAINING GRACE_MS. First every job whose
-- lease has expired is queued again, or ended where it was cancelled or lost too often. Then the
-- queued jobs whose message may be lost are returned: those published longer than GRACE_MS ago, or
-- never (0).
local most = {answer = tonumber(ARGV[1]), plan = tonumber(ARGV[1]), train = tonumber(ARGV[2])}
local grace = tonumber(ARGV[3])
local time = now()
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', time)) do
  local running = get(id, 'state') == 'running'
  if running then count('lost:' .. get(id, 'kind'), 1) end
  if not running then
    redis.call('ZREM', LEASES, id)
  elseif redis.call('HINCRBY', job_key(id), 'lost', 1) >= most[get(id, 'kind')] then
    finish(id, 'failed', cjson.encode({reason = 'lost', attempts = most[get(id, 'kind')]}))
  elseif get(id, 'cancel') then
    finish(id, 'cancelled', get(id, 'cancel'))
  else
    redis.call('HSET', job_key(id), 'state', 'queued', 'published', 0)
    redis.call('ZREM', LEASES, id)
  end
end
local unpublished = {}
for _, kind in ipairs(KINDS) do
  for _, id in ipairs(redis.call('ZRANGE', open_key(kind), 0, -1)) do
    local fields = redis.call('HMGET', job_key(id), 'state', 'published')
    if not fields[1] then
      redis.call('ZREM', open_key(kind), id)
    elseif fields[1] == 'queued' and tonumber(fields[2]) + grace <= time then
      table.insert(unpublished, id)
    end
  end
end
return unpublished
