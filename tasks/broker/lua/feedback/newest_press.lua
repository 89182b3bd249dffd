-- Whether a press about a row is newer than those before it: ID AT MS. AT is the time of the press by
-- Slack's clock in seconds; presses are remembered for so many ms.
local key = 'swallow:feedback:press:' .. ARGV[1]
local at, before = tonumber(ARGV[2]) or 0, tonumber(redis.call('GET', key) or -1)
if at <= before then return 0 end
redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
return 1
