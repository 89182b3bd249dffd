-- Renew a relay's claim: ENTRY CONSUMER; 0 where it is another's by now, or was answered.
local entry, consumer = ARGV[1], ARGV[2]
local pending = redis.call('XPENDING', RELAY, 'relays', entry, entry, 1)
if #pending == 0 or pending[1][2] ~= consumer then return 0 end
-- Whoever keeps a claim is not failing at it: deliveries are counted from here, or a training of
-- days would use them up.
redis.call('XCLAIM', RELAY, 'relays', consumer, 0, entry, 'RETRYCOUNT', 0, 'JUSTID')
return 1
