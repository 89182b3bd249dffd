-- End a job that no worker has started: ID STATE DATA REVISION; 0 where it runs, has ended, is unknown,
-- or what was asked has changed since REVISION, which is empty for any.
local id = ARGV[1]
local state = get(id, 'state')
if (state ~= 'new' and state ~= 'queued') or not is_revision(id, ARGV[4]) then return 0 end
finish(id, ARGV[2], ARGV[3])
return 1
