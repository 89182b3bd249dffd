-- Add an event of a running attempt: ID ATTEMPT TYPE DATA; 0 where it does not hold the job.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
event(id, attempt, ARGV[3], ARGV[4])
return 1
