-- Delete a claim whose job got its final message: ENTRY ID REVISION; a forgotten job's record goes
-- with it. 0 where what was asked has changed since REVISION: the job is to be followed anew.
local entry, id, revision = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', job_key(id)) == 1 and not is_revision(id, revision) then return 0 end
redis.call('XACK', RELAY, 'relays', entry)
redis.call('XDEL', RELAY, entry)
if get(id, 'forgotten') then remove(id) end
return 1
