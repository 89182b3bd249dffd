-- Claim jobs that no relay has claimed yet: CONSUMER MOST; returns entry and job of each, in turn.
local claims = {}
local streams = redis.call('XREADGROUP', 'GROUP', 'relays', ARGV[1], 'COUNT', ARGV[2],
  'STREAMS', RELAY, '>')
for _, entry in ipairs(streams and streams[1][2] or {}) do
  table.insert(claims, entry[1])
  table.insert(claims, entry[2][2])
end
return claims
