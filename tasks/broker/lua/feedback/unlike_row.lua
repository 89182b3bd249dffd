-- Remove a row that is proposed, because somebody has pressed so: ID AT KEEP; returns 'removed',
-- 'kept' where there is none or it is decided about, or 'overtaken' by a newer press about it.
local id = ARGV[1]
if not is_newest_press(id, ARGV[2], ARGV[3]) then return 'overtaken' end
if redis.call('HGET', row_key(id), 'state') ~= 'proposed' then return 'kept' end
remove_row(id)
return 'removed'
