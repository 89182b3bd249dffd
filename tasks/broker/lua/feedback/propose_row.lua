-- Store a row as proposed: ID AUTHOR FIELD VALUE FIELD VALUE ...; 0 where there is one with this id
-- that is approved or somebody else's. One that is still proposed is replaced, and keeps its age.
local id, author = ARGV[1], ARGV[2]
local row = row_key(id)
local found = redis.call('HMGET', row, 'author', 'state', 'created')
if found[1] and (found[1] ~= author or found[2] ~= 'proposed') then return 0 end
redis.call('DEL', row)
redis.call('HSET', row, unpack(ARGV, 3))
redis.call('HSET', row, 'created', found[3] or now())
redis.call('ZADD', ROWS, 'NX', now(), id)
return 1
