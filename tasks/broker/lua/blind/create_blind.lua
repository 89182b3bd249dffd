-- Begin a blind comparison: ID REVEAL_MS FIELD VALUE ...; 0 where there is or was one with this id.
local id, wait = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', blind_key(id)) == 1 then return 0 end
redis.call('HSET', blind_key(id), unpack(ARGV, 3))
redis.call('HSET', blind_key(id), 'state', 'open', 'created', now())
redis.call('ZADD', BLIND, now() + wait, id)
return 1
