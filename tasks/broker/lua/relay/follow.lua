-- Let the relay that has claimed a job follow it to its answer: ID; returns the number of this
-- follower, or nothing where there is no such job. The one before it may post no more.
-- What an earlier follower recorded may be gone with the last second of a broker that lost power,
-- and its number too. A job that is not new when it is followed has had one perhaps: then the posts
-- on record are in doubt.
local FOLLOWED_WITHIN = 2000
if redis.call('EXISTS', job_key(ARGV[1])) == 0 then return false end
local follower = redis.call('HINCRBY', job_key(ARGV[1]), 'follower', 1)
if follower > 1 or not is_recent(get(ARGV[1], 'created'), FOLLOWED_WITHIN) then
  redis.call('HSET', job_key(ARGV[1]), 'in_doubt', 1)
end
return follower
