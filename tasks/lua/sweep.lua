-- Recover what died: MAX_LOST GRACE_MS. Returns the queued jobs whose message may be missing:
-- those published longer than the grace ago (0 means never). Expired leases are queued first.
local max_lost, grace = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = now()
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', time)) do
  if get(id, 'state') ~= 'running' then
    redis.call('ZREM', LEASES, id)
  elseif redis.call('HINCRBY', job_key(id), 'lost', 1) >= max_lost then
    finish(id, 'failed', cjson.encode({reason = 'lost', attempts = max_lost}))
  elseif get(id, 'cancel') then
    finish(id, 'cancelled', get(id, 'cancel'))
  else
    redis.call('HSET', job_key(id), 'state', 'queued', 'published', 0)
    redis.call('ZREM', LEASES, id)
  end
end
local doubtful = {}
for _, id in ipairs(redis.call('ZRANGE', OPEN, 0, -1)) do
  local found = redis.call('HMGET', job_key(id), 'state', 'published')
  if not found[1] then
    redis.call('ZREM', OPEN, id)
  elseif found[1] == 'queued' and tonumber(found[2]) + grace <= time then
    table.insert(doubtful, id)
  end
end
return doubtful
