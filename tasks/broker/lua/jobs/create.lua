-- Store a job unless one with its id is there:
-- ID KIND DESTINATION ASKED KEEP LIMIT THREAD THREAD_MS ONLY_IN_THREAD PINNED ADAPTER
-- ASKER CHANNEL FOLLOWS REVISION
-- returns 'created', 'repeat', 'not_in_thread', 'gone' or 'full'. KEEP is the job's time to live after its
-- end in ms, LIMIT the number of open jobs of its kind. THREAD is the key that marks a conversation
-- the bot takes part in, or empty. With PINNED 1 the job is answered with ADAPTER, else with the
-- adapter in use now: that of CHANNEL, which is empty for direct messages, before the default one.
-- The conversation's key names everybody who has asked there. FOLLOWS, unless it is empty, is the
-- answered job that it follows: that has to be there, with what was asked as of REVISION.
local id, kind, destination, asked = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local keep, limit = ARGV[5], ARGV[6]
local thread, thread_ms, only_in_thread = ARGV[7], ARGV[8], ARGV[9] == '1'
local adapter = ARGV[10] == '1' and ARGV[11] or redis.call('HGET', CHANNEL_ADAPTERS, ARGV[13])
  or redis.call('GET', ADAPTER) or ''
local asker, follows, revision = ARGV[12], ARGV[14], ARGV[15]
if redis.call('EXISTS', job_key(id), forgotten_key(id)) > 0 then return 'repeat' end
if follows ~= '' then
  local state = get(follows, 'state')
  local is_there = get(follows, 'request') and (state == 'finished' or state == 'cancelled')
  if not is_there or not is_revision(follows, revision) then return 'gone' end
end
if only_in_thread and redis.call('EXISTS', thread) == 0 then return 'not_in_thread' end
if thread ~= '' then
  local askers = redis.call('GET', thread) or asker
  if not string.find(' ' .. askers .. ' ', ' ' .. asker .. ' ', 1, true) then
    askers = askers .. ' ' .. asker
  end
  redis.call('SET', thread, askers, 'PX', thread_ms)
end
redis.call('HSET', job_key(id), 'state', 'new', 'kind', kind, 'attempt', 0, 'lost', 0,
  'published', 0, 'created', now(), 'keep', keep, 'place', destination, 'asked', asked,
  'adapter', adapter)
redis.call('ZADD', open_key(kind), now(), id)
redis.call('XADD', RELAY, '*', 'job', id)
if redis.call('ZCARD', open_key(kind)) > tonumber(limit) then
  finish(id, 'failed', cjson.encode({reason = 'queue_full', limit = tonumber(limit)}))
  return 'full'
end
return 'created'
