-- Store where a job was answered so far: ID FOLLOWER POSTS; 0 where a later follower has the job.
-- Nothing is stored where its record has expired.
local id, follower, posts = ARGV[1], ARGV[2], ARGV[3]
if redis.call('EXISTS', job_key(id)) == 0 then return 1 end
if (get(id, 'follower') or '0') ~= follower then return 0 end
redis.call('HSET', job_key(id), 'posts', posts)
return 1
