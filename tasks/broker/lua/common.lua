-- Put before every script: the names, the server's clock, events and endings.
-- A job is the hash swallow:job:ID, its events are the stream swallow:events:ID.
local KINDS = {'answer', 'plan', 'train'}
local LEASES = 'swallow:leases'   -- sorted set: running jobs, by the end of their lease (ms)
local RELAY = 'swallow:relay'     -- stream: one claim for each job that must be answered somewhere
local ADAPTER = 'swallow:adapter' -- string: what new questions are asked with

local function job_key(id) return 'swallow:job:' .. id end
local function events_key(id) return 'swallow:events:' .. id end
-- Sorted set: jobs of a kind that have not ended, by creation (ms).
local function open_key(kind) return 'swallow:open:' .. kind end

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

-- A job's time to live starts with its final event.
local function finish(id, state, data)
  local keep = get(id, 'keep')
  redis.call('HSET', job_key(id), 'state', state, 'ended', now())
  redis.call('ZREM', open_key(get(id, 'kind')), id)
  redis.call('ZREM', LEASES, id)
  event(id, get(id, 'attempt'), state, data)
  redis.call('PEXPIRE', job_key(id), keep)
  redis.call('PEXPIRE', events_key(id), keep)
end

-- An attempt may speak for a job only while the job runs under that attempt.
local function holds(id, attempt)
  local found = redis.call('HMGET', job_key(id), 'state', 'attempt')
  return found[1] == 'running' and found[2] == attempt
end
