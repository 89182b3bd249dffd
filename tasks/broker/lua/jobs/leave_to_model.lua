-- Leave a queued job to the workers with a certain base model: ID MODEL; 0 where it is not queued.
local id, model = ARGV[1], ARGV[2]
if get(id, 'state') ~= 'queued' then return 0 end
redis.call('HSET', job_key(id), 'model', model, 'published', now())
return 1
