-- Store a row as proposed: ID AUTHOR AT KEEP FIELD VALUE FIELD VALUE ...; returns 'proposed', or 'kept'
-- where there is one with this id that is approved or somebody else's. One that is still proposed is
-- replaced, and keeps its age. AT and KEEP, unless they are empty, are those of a press: 'overtaken'
-- where there was a newer one about this row.
local id, author, at = ARGV[1], ARGV[2], ARGV[3]
if at ~= '' and not is_newest_press(id, at, ARGV[4]) then return 'overtaken' end
local row = row_key(id)
local found = redis.call('HMGET', row, 'author', 'state', 'created')
if found[1] and (found[1] ~= author or found[2] ~= 'proposed') then return 'kept' end
redis.call('DEL', row)
redis.call('HSET', row, unpack(ARGV, 5))
redis.call('HSET', row, 'created', found[3] or now())
redis.call('ZADD', ROWS, 'NX', now(), id)
return 'proposed'
