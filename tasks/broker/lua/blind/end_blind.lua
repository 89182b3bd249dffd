-- End a blind comparison: ID OVER_MS. Texts and votes go; its id is known for OVER_MS.
local id, keep = ARGV[1], ARGV[2]
redis.call('ZREM', BLIND, id)
redis.call('DEL', blind_key(id))
redis.call('HSET', blind_key(id), 'state', 'over')
redis.call('PEXPIRE', blind_key(id), keep)
return 1
