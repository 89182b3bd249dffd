-- A worker that starts anew lets go of what it held before it died: WORKER.
-- The next sweep takes these jobs as any other whose lease ran out.
for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
  if get(id, 'worker') == ARGV[1] then redis.call('ZADD', LEASES, 0, id) end
end
return 1
