-- Prepended to every script: key names, the server's clock, events, endings, and `once`.
-- A job is the hash swallow:job:ID, its events are the stream swallow:events:ID, a row of feedback
-- is the hash swallow:feedback:row:ID.
local KINDS = {'answer', 'plan', 'train'}
local LEASES = 'swallow:leases'   -- sorted set: ids of running jobs by the end of their lease (ms)
local RELAY = 'swallow:relay'     -- stream: an entry for each job that must be answered in Slack
local ADAPTER = 'swallow:adapter' -- string: the adapter that new questions are answered with
-- Hash: the adapters of channels that have one of their own.
local CHANNEL_ADAPTERS = 'swallow:channel-adapters'
local COUNTERS = 'swallow:counters' -- hash: what `tasks.broker.counters` reads
local ROWS = 'swallow:feedback' -- sorted set: ids of the rows of feedback by their creation (ms)
-- The ids of rows that were removed by when that was (ms): files of several hosts carry them.
local REMOVED = 'swallow:feedback:removed'
-- Digests of questions: a set of those that may have been learned, which stay, and a hash of those
-- that are examined with the number of their rows.
local LEARNED = 'swallow:feedback:learned'
local EXAMINED = 'swallow:feedback:examined'
local CALL_MS = 60000 -- replies are kept longer than any client repeats a call

local function job_key(id) return 'swallow:job:' .. id end
local function row_key(id) return 'swallow:feedback:row:' .. id end
-- The id of the row that ENTRY names, either by it alone or as ID:VERSION, which is nothing where the
-- row has other texts by now.
local function row_named(entry)
  local id, version = string.match(entry, '^([^:]*):?(.*)$')
  if version ~= '' and redis.call('HGET', row_key(id), 'version') ~= version then return nil end
  return id
end
local function events_key(id) return 'swallow:events:' .. id end
local function forgotten_key(id) return 'swallow:forgotten:' .. id end
-- Sorted set: ids of the jobs of a kind that have not ended, by their creation (ms).
local function open_key(kind) return 'swallow:open:' .. kind end

-- Milliseconds since the epoch, by the server's clock.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whether less than LENGTH ms have passed since AT. A time that is still to come was noted before the
-- clock was set back: nobody knows how long ago.
local function is_recent(at, length)
  local passed = now() - at
  return passed >= 0 and passed < length
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

-- Whether a final message is still to be posted.
local function unanswered(id)
  for _, entry in ipairs(redis.call('XRANGE', RELAY, '-', '+')) do
    if entry[2][2] == id then return true end
  end
  return false
end

-- Tell whoever follows a job, or will, that what was asked has changed: it is followed anew.
local function revise(id)
  local revision = redis.call('HINCRBY', job_key(id), 'revision', 1)
  event(id, get(id, 'attempt'), 'revised', cjson.encode({revision = revision}))
  if not unanswered(id) then redis.call('XADD', RELAY, '*', 'job', id) end
end

-- Whether what was asked is still that of REVISION; an empty one stands for any.
local function is_revision(id, revision)
  return revision == '' or (get(id, 'revision') or '0') == revision
end

-- Leave of a forgotten job what its final message needs. The stream is emptied, not deleted: ids of
-- new entries must stay behind those that were read.
local function drop_texts(id)
  redis.call('HSET', job_key(id), 'asked', get(id, 'forgotten'))
  redis.call('HDEL', job_key(id), 'request', 'progress')
  redis.call('XTRIM', events_key(id), 'MAXLEN', 0)
end

-- Remove a forgotten job. Its id is known for an hour, so that a late repeat does not ask it again.
local function remove(id)
  redis.call('DEL', job_key(id), events_key(id))
  redis.call('SET', forgotten_key(id), '1', 'PX', 3600000)
end

-- End a job in STATE with its final event; its time to live starts now.
local function finish(id, state, data)
  local keep = get(id, 'keep')
  if get(id, 'forgotten') then drop_texts(id) end
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
  if get(id, 'forgotten') and not unanswered(id) then remove(id) end
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

-- A blind comparison is the hash swallow:blind:ID: questions q:N, the drawn order order:N (1 where
-- answer A is the adapter's), votes v:N:USER, each a choice and when it was pressed, and messages
-- m:NAME.
local BLIND = 'swallow:blind' -- sorted set: those that are not over, by when they must be revealed

local function blind_key(id) return BLIND .. ':' .. id end

-- Reveal an open comparison, and add its votes up under the digest of its adapter.
local function reveal_blind(id)
  local tally = {adapter = 0, base = 0, same = 0, people = 0, questions = 0}
  local people = {}
  local fields = redis.call('HGETALL', blind_key(id))
  local values = {}
  for index = 1, #fields, 2 do values[fields[index]] = fields[index + 1] end
  for name, value in pairs(values) do
    if string.match(name, '^q:%d+$') then tally.questions = tally.questions + 1 end
    local number, user = string.match(name, '^v:(%d+):(.*)$')
    if number and values['q:' .. number] then
      local first = values['order:' .. number] == '1'
      local choice = string.match(value, '^%S*')
      local whose = choice == 'same' and 'same' or ((choice == 'A') == first and 'adapter' or 'base')
      tally[whose] = tally[whose] + 1
      if not people[user] then
        people[user] = true
        tally.people = tally.people + 1
      end
    end
  end
  redis.call('HSET', blind_key(id), 'state', 'revealed')
  local digest = string.match(values['adapter'], '@(.*)$') or ''
  redis.call('HSET', BLIND .. ':tally:' .. digest, id, cjson.encode(tally))
end

-- Take a row away, and keep that it was removed: no file may keep it either, on whichever host. A
-- question of the exam whose last row goes may be learned from then on.
local function remove_row(id)
  local found = redis.call('HMGET', row_key(id), 'use', 'question')
  redis.call('DEL', row_key(id))
  redis.call('ZREM', ROWS, id)
  redis.call('ZADD', REMOVED, now(), id)
  if found[1] == 'exam' and redis.call('HINCRBY', EXAMINED, found[2], -1) <= 0 then
    redis.call('HDEL', EXAMINED, found[2])
  end
end

-- Note a press about a row, and tell whether it is newer than those before it: AT is its time by
-- Slack's clock in seconds; presses are remembered for KEEP ms.
local function is_newest_press(id, at, keep)
  local key = 'swallow:feedback:press:' .. id
  if (tonumber(at) or 0) <= tonumber(redis.call('GET', key) or -1) then return false end
  redis.call('SET', key, at, 'PX', keep)
  return true
end

-- Run a script once for each call. A client that did not get the reply repeats the call with the
-- same id, the one key: it gets the first reply again, and nothing is changed twice. The id is empty
-- where a repeated call changes nothing anyway.
local function once(script)
  local call = KEYS[1]
  if call == '' then return script() end
  local key = 'swallow:call:' .. call
  local known = redis.call('GET', key)
  if known then return cjson.decode(known)[1] end
  local reply = script()
  redis.call('SET', key, cjson.encode({reply}), 'PX', CALL_MS)
  return reply
end
