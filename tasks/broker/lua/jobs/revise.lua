-- Begin a question anew with other words: ID ASKED AT; 0 where there is no such question, where it
-- was withdrawn, where it says so already, or where a later edit than AT (Slack's seconds) did. Of
-- several edits the last one counts, also one that only goes back to the words that are here.
-- Whoever works on it loses it; a question that was answered is open again, without its old answer.
local id, asked, at = ARGV[1], ARGV[2], tonumber(ARGV[3])
local state = get(id, 'state')
if not state or get(id, 'kind') ~= 'answer' then return 0 end
if get(id, 'forgotten') or (get(id, 'withdrawn') and not get(id, 'may_return')) then return 0 end
local before = cjson.decode(get(id, 'asked'))
if tonumber(before.edited or 0) >= at then return 0 end
redis.call('HSET', job_key(id), 'asked', asked)
if before.text == cjson.decode(asked).text then return 0 end
-- The old words may have named an adapter.
redis.call('HSET', job_key(id), 'state', 'new', 'lost', 0,
  'adapter', get(id, 'adapter_in_use') or get(id, 'adapter'))
redis.call('HDEL', job_key(id), 'cancel', 'suspect', 'lost_alone', 'model', 'ended', 'withdrawn',
  'may_return')
redis.call('PERSIST', job_key(id))
redis.call('PERSIST', events_key(id))
redis.call('ZADD', open_key('answer'), 'NX', now(), id)
redis.call('ZREM', LEASES, id)
redis.call('XTRIM', events_key(id), 'MAXLEN', 0)
revise(id)
return 1
