-- Store a job unless it is there:
-- ID KIND PLACE ASKED KEEP LIMIT THREAD THREAD_MS ONLY_IN_THREAD PINNED ADAPTER
-- THREAD is a key that says the bot takes part in a conversation, or empty. With PINNED the job is
-- asked with ADAPTER, else with the one in use now.
local id, kind, place, asked, keep, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local thread, thread_ms, only_in_thread = ARGV[7], ARGV[8], ARGV[9] == '1'
local adapter = ARGV[10] == '1' and ARGV[11] or redis.call('GET', ADAPTER) or ''
if redis.call('EXISTS', job_key(id)) == 1 then return 'repeat' end
if only_in_thread and redis.call('EXISTS', thread) == 0 then return 'stranger' end
if thread ~= '' then redis.call('SET', thread, '1', 'PX', thread_ms) end
redis.call('HSET', job_key(id), 'state', 'new', 'kind', kind, 'attempt', 0, 'lost', 0,
  'published', 0, 'created', now(), 'keep', keep, 'place', place, 'asked', asked,
  'adapter', adapter)
redis.call('ZADD', open_key(kind), now(), id)
redis.call('XADD', RELAY, '*', 'job', id)
if redis.call('ZCARD', open_key(kind)) > tonumber(limit) then
  finish(id, 'failed', cjson.encode({reason = 'queue_full', limit = tonumber(limit)}))
  return 'full'
end
return 'created'
