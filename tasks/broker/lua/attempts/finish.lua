-- End a running attempt's job: ID ATTEMPT STATE DATA; 0 where it does not hold the job.
local id, attempt = ARGV[1], ARGV[2]
if not holds(id, attempt) then return 0 end
finish(id, ARGV[3], ARGV[4])
return 1
