-- Expire every lease of a worker that starts again under the name it had before it died: WORKER.
-- The next sweep treats these jobs like any other whose lease has expired.
for _, id in ipairs(redis.call('ZRANGE', LEASES, 0, -1)) do
  if get(id, 'worker') == ARGV[1] then redis.call('ZADD', LEASES, 0, id) end
end
return 1
