-- Forget a job: ID LEFT DATA; returns the state it was in, or nothing where there is none or it is
-- forgotten already. LEFT takes the place of what was asked, DATA is the final event's. A job that
-- waits ends as cancelled, a running one is told to; an answer that is not posted yet is dropped and
-- shown as cancelled. A record goes at once where nobody must be answered any more, otherwise when
-- that is done.
local id, left, data = ARGV[1], ARGV[2], ARGV[3]
local state = get(id, 'state')
if not state or get(id, 'forgotten') then return false end
redis.call('HSET', job_key(id), 'forgotten', left)
if state == 'running' then
  redis.call('HSET', job_key(id), 'cancel', data)
elseif state == 'new' or state == 'queued' then
  finish(id, 'cancelled', data)
elseif unanswered(id) then
  drop_texts(id)
  redis.call('HSET', job_key(id), 'state', 'cancelled')
  event(id, get(id, 'attempt'), 'cancelled', data)
else
  remove(id)
end
return state
