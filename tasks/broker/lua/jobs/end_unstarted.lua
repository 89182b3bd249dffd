-- End a job that no worker has started: ID STATE DATA; 0 where it runs, has ended, or is unknown.
local id = ARGV[1]
local state = get(id, 'state')
if state ~= 'new' and state ~= 'queued' then return 0 end
finish(id, ARGV[2], ARGV[3])
return 1
