-- Give a new job its request and make it ready for a worker: ID REQUEST REVISION PINNED ADAPTER; 0
-- where it is not new, or what was asked has changed since REVISION. With PINNED 1 it is answered
-- with ADAPTER instead of the one it was stored with.
local id, request, revision = ARGV[1], ARGV[2], ARGV[3]
if get(id, 'state') ~= 'new' or not is_revision(id, revision) then return 0 end
redis.call('HSET', job_key(id), 'state', 'queued', 'request', request, 'published', now())
if ARGV[4] == '1' then
  redis.call('HSETNX', job_key(id), 'adapter_in_use', get(id, 'adapter'))
  redis.call('HSET', job_key(id), 'adapter', ARGV[5])
end
return 1
