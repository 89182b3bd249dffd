-- Let the relay that has claimed a job follow it to its answer: ID; returns the number of this
-- follower, or nothing where there is no such job. The one before it may post no more.
if redis.call('EXISTS', job_key(ARGV[1])) == 0 then return false end
return redis.call('HINCRBY', job_key(ARGV[1]), 'follower', 1)
