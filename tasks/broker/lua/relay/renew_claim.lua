-- Renew a relay's claim: ENTRY CONSUMER; 0 where another relay has it, or its job was answered.
local entry, consumer = ARGV[1], ARGV[2]
local pending = redis.call('XPENDING', RELAY, 'relays', entry, entry, 1)
if #pending == 0 or pending[1][2] ~= consumer then return 0 end
-- A relay that renews its claim works on the job, so the count of deliveries starts again at 0: a
-- training that runs for days and outlives many relays must not be given up as undeliverable.
redis.call('XCLAIM', RELAY, 'relays', consumer, 0, entry, 'RETRYCOUNT', 0, 'JUSTID')
return 1
