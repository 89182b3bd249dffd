-- Count a vote: ID QUESTION CHOICE USER CHANNEL VOTERS AT; returns 'counted', 'revealed' (counted, and
-- VOTERS people have voted on every question now), 'overtaken', 'over' or 'unknown'. AT is the time
-- of the press by Slack's clock in seconds: one that is not newer than the vote there is, such as a
-- press that comes twice, changes nothing.
local id, question, choice, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel, voters, at = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]) and ARGV[7] or '0'
local key = blind_key(id)
local state = redis.call('HGET', key, 'state')
if not state then return 'unknown' end
if state == 'over' then return 'over' end
if redis.call('HGET', key, 'channel') ~= channel then return 'unknown' end
if redis.call('HEXISTS', key, 'q:' .. question) == 0 then return 'unknown' end
local vote = 'v:' .. question .. ':' .. user
local before = string.match(redis.call('HGET', key, vote) or '', ' (%S+)$')
if before and tonumber(at) <= (tonumber(before) or 0) then return 'overtaken' end
if state ~= 'open' then return 'over' end
redis.call('HSET', key, vote, choice .. ' ' .. at)
local cast = {}
local fields = redis.call('HKEYS', key)
for _, name in ipairs(fields) do
  local voted = string.match(name, '^v:(%d+):')
  if voted then cast[voted] = (cast[voted] or 0) + 1 end
end
for _, name in ipairs(fields) do
  local number = string.match(name, '^q:(%d+)$')
  if number and (cast[number] or 0) < voters then return 'counted' end
end
reveal_blind(id)
return 'revealed'
