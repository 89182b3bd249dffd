-- Prepended to every script: key names, the server's clock, events and endings.
-- A job is the hash swallow:job:ID, its events are the stream swallow:events:ID.
local KINDS = {'answer', 'plan', 'train'}
local LEASES = 'swallow:leases'   -- sorted set: ids of running jobs by the end of their lease (ms)
local RELAY = 'swallow:relay'     -- stream: an entry for each job that must be answered in Slack
local ADAPTER = 'swallow:adapter' -- string: the adapter that new questions are answered with
local COUNTERS = 'swallow:counters' -- hash: what `tasks.broker.counters` reads

local function job_key(id) return 'swallow:job:' .. id end
local function events_key(id) return 'swallow:events:' .. id end
-- Sorted set: ids of the jobs of a kind that have not ended, by their creation (ms).
local function open_key(kind) return 'swallow:open:' .. kind end

-- Milliseconds since the epoch, by the server's clock.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function get(id, field)
  return redis.call('HGET', job_key(id), field)
end

local function event(id, attempt, kind, data)
  redis.call('XADD', events_key(id), '*', 'attempt', attempt, 'type', kind, 'data', data)
end

local function count(counter, number)
  redis.call('HINCRBY', COUNTERS, counter, number)
end

-- End a job in STATE with its final event; its time to live starts now.
local function finish(id, state, data)
  local keep = get(id, 'keep')
  redis.call('HSET', job_key(id), 'state', state, 'ended', now())
  redis.call('ZREM', open_key(get(id, 'kind')), id)
  redis.call('ZREM', LEASES, id)
  event(id, get(id, 'attempt'), state, data)
  count('ended:' .. get(id, 'kind') .. ':' .. state, 1)
  if get(id, 'kind') == 'answer' and state ~= 'failed' then
    count('tokens', tonumber(cjson.decode(data).tokens) or 0)
  end
  redis.call('PEXPIRE', job_key(id), keep)
  redis.call('PEXPIRE', events_key(id), keep)
end

-- Whether ATTEMPT is the one that runs the job: only then may it write to the job.
local function holds(id, attempt)
  local fields = redis.call('HMGET', job_key(id), 'state', 'attempt')
  return fields[1] == 'running' and fields[2] == attempt
end

-- Whether ATTEMPT goes on: 'ok', 'cancel' (a person asked for that) or 'lost' (it does not hold).
local function lease_state(id, attempt)
  if not holds(id, attempt) then return 'lost' end
  if get(id, 'cancel') then return 'cancel' end
  return 'ok'
end
