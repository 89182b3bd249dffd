-- Renew a relay's claim: ENTRY CONSUMER; 0 where another relay has it, or its job was answered.
-- A job that has ended does not expire while its final message is still to be posted.
local entry, consumer = ARGV[1], ARGV[2]
local pending = redis.call('XPENDING', RELAY, 'relays', entry, entry, 1)
if #pending == 0 or pending[1][2] ~= consumer then return 0 end
-- A relay that renews its claim works on the job, so the count of deliveries starts again at 0: a
-- training that runs for days and outlives many relays must not be given up as undeliverable.
redis.call('XCLAIM', RELAY, 'relays', consumer, 0, entry, 'RETRYCOUNT', 0, 'JUSTID')
local entries = redis.call('XRANGE', RELAY, entry, entry)
local id = entries[1] and entries[1][2][2]
if id and redis.call('PTTL', job_key(id)) > 0 then
  local keep = get(id, 'keep')
  redis.call('PEXPIRE', job_key(id), keep)
  redis.call('PEXPIRE', events_key(id), keep)
end
return 1
