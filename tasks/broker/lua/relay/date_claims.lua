-- Date claims that were renewed in the time to come, before the clock was set back, to now: if their
-- relay is dead they are taken over in time, and if it lives it renews them.
local function value(fields, name)
  for index = 1, #fields, 2 do
    if fields[index] == name then return fields[index + 1] end
  end
end
local time = now()
local stream = redis.call('XINFO', 'STREAM', RELAY, 'FULL', 'COUNT', 0)
for _, group in ipairs(value(stream, 'groups')) do
  for _, claim in ipairs(value(group, 'pending') or {}) do
    local entry, consumer, renewed = claim[1], claim[2], claim[3]
    if renewed > time then
      redis.call('XCLAIM', RELAY, value(group, 'name'), consumer, 0, entry, 'JUSTID')
    end
  end
end
return 1
