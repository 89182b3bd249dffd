-- Take over claims that were not renewed for IDLE_MS: CONSUMER IDLE_MS MOST START; returns where to
-- go on ('0-0': all were looked at), then entry and job of each, in turn.
local reply = redis.call('XAUTOCLAIM', RELAY, 'relays', ARGV[1], ARGV[2], ARGV[4], 'COUNT', ARGV[3])
local claims = {reply[1]}
for _, entry in ipairs(reply[2]) do
  if entry[2] then -- an entry that was deleted from the stream has no fields
    table.insert(claims, entry[1])
    table.insert(claims, entry[2][2])
  end
end
return claims
