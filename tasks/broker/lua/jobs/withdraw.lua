-- Withdraw a question that its asker has deleted: ID LEFT DATA REMEMBER EDITED; 0 where it is
-- withdrawn already, or there is none. LEFT takes the place of what was asked, DATA is the final
-- event's of one that is open. With REMEMBER 1 a question that is not here yet is not asked when it
-- comes late. EDITED, unless it is empty, says when (Slack's seconds) it was not deleted but edited so
-- that it asks nothing any more; a later edit may ask again.
local id, left, data, remember = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local edited = tonumber(ARGV[5])
local state = get(id, 'state')
if not state then
  if remember then redis.call('SET', forgotten_key(id), '1', 'PX', 3600000) end
  return 0
end
if not edited then redis.call('HDEL', job_key(id), 'may_return') end
if get(id, 'kind') ~= 'answer' or get(id, 'forgotten') or get(id, 'withdrawn') then return 0 end
if edited then
  if tonumber(cjson.decode(get(id, 'asked')).edited or 0) >= edited then return 0 end
  redis.call('HSET', job_key(id), 'may_return', 1)
end
if state == 'new' or state == 'queued' or state == 'running' then finish(id, 'cancelled', data) end
redis.call('HSET', job_key(id), 'asked', left, 'withdrawn', 1)
redis.call('HDEL', job_key(id), 'request')
redis.call('XTRIM', events_key(id), 'MAXLEN', 0)
revise(id)
return 1
