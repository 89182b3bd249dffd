-- Have an answer that was posted shown again, where what was asked has changed since REVISION: somebody
-- may have shown the old one behind it: ID REVISION; 0 where it has not, or is still to be posted.
local id = ARGV[1]
if not get(id, 'ended') or is_revision(id, ARGV[2]) or unanswered(id) then return 0 end
redis.call('XADD', RELAY, '*', 'job', id)
return 1
