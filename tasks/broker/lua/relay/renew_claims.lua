-- Renew a relay's claims: CONSUMER ENTRY…; returns the entries of those that another relay has, or
-- whose job was answered.
-- A job that has ended does not expire while its final message is still to be posted.
local consumer = ARGV[1]
local lost = {}

local function renew(entry)
  local pending = redis.call('XPENDING', RELAY, 'relays', entry, entry, 1)
  if #pending == 0 or pending[1][2] ~= consumer then return table.insert(lost, entry) end
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
end

for index = 2, #ARGV do renew(ARGV[index]) end
return lost
