-- Reveal a blind comparison: ID DUE_ONLY; 0 where it is not open, or not due yet with DUE_ONLY 1.
local id, due_only = ARGV[1], ARGV[2] == '1'
if redis.call('HGET', blind_key(id), 'state') ~= 'open' then return 0 end
local due = redis.call('ZSCORE', BLIND, id)
if due_only and due and tonumber(due) > now() then return 0 end
reveal_blind(id)
return 1
