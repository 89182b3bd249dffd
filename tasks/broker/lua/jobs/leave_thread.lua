-- Take an asker off a conversation that the bot takes part in: THREAD ASKER; 0 where they did not
-- ask there. Without any asker the bot takes part no more.
local thread, asker = ARGV[1], ARGV[2]
local kept, found = {}, false
for name in string.gmatch(redis.call('GET', thread) or '', '%S+') do
  if name == asker then found = true else table.insert(kept, name) end
end
if not found then return 0 end
if #kept == 0 then redis.call('DEL', thread)
else redis.call('SET', thread, table.concat(kept, ' '), 'KEEPTTL') end
return 1
