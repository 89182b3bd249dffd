-- Add an event of a running attempt: ID ATTEMPT TYPE DATA AT LENGTH; nothing where it does not hold
-- the job, else how many characters of the attempt's text the stream has now. Text is added only
-- where it goes on from there: AT characters came before these LENGTH ones. With AT empty an event
-- is added in any case.
local id, attempt, at, length = ARGV[1], ARGV[2], ARGV[5], tonumber(ARGV[6])
if not holds(id, attempt) then return false end
local written = tonumber(get(id, 'written') or 0)
if at ~= '' and tonumber(at) ~= written then return written end
event(id, attempt, ARGV[3], ARGV[4])
return redis.call('HINCRBY', job_key(id), 'written', length)
