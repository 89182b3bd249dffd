-- Store where a job was answered so far: ID POSTS; 0 where its record has expired.
if redis.call('EXISTS', job_key(ARGV[1])) == 0 then return 0 end
redis.call('HSET', job_key(ARGV[1]), 'posts', ARGV[2])
return 1
