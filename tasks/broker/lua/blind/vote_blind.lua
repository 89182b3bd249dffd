-- Count a vote: ID QUESTION CHOICE USER CHANNEL VOTERS; returns 'counted', 'revealed' (counted, and
-- VOTERS people have voted on every question now), 'over' or 'unknown'.
local id, question, choice, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local channel, voters = ARGV[5], tonumber(ARGV[6])
local key = blind_key(id)
local state = redis.call('HGET', key, 'state')
if not state then return 'unknown' end
if state == 'over' then return 'over' end
if redis.call('HGET', key, 'channel') ~= channel then return 'unknown' end
if redis.call('HEXISTS', key, 'q:' .. question) == 0 then return 'unknown' end
if state ~= 'open' then return 'over' end
redis.call('HSET', key, 'v:' .. question .. ':' .. user, choice)
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
