-- Approve rows that are proposed: APPROVER EXAM ROW ...; returns the ids that were. A ROW is an id, or
-- ID:VERSION where somebody has seen its texts. With EXAM 1 they are for the exam, as liked answers
-- always are. The use of a question never changes: what was learned once is never examined, and what
-- is examined is not learned.
local approver, exam = ARGV[1], ARGV[2] == '1'
local approved = {}
for index = 3, #ARGV do
  local id = row_named(ARGV[index])
  local found = redis.call('HMGET', row_key(id or ''), 'state', 'kind', 'question')
  if found[1] == 'proposed' then
    local question = found[3]
    local use = (exam or found[2] == 'liked') and 'exam' or 'training'
    if redis.call('SISMEMBER', LEARNED, question) == 1 then use = 'training'
    elseif redis.call('HEXISTS', EXAMINED, question) == 1 then use = 'exam' end
    if use == 'training' then redis.call('SADD', LEARNED, question)
    else redis.call('HINCRBY', EXAMINED, question, 1) end
    redis.call('HSET', row_key(id), 'state', 'approved', 'use', use, 'approver', approver,
      'decided', now())
    -- From now on files may carry it. Before, what files have under this id is what was removed.
    redis.call('ZREM', REMOVED, id)
    table.insert(approved, id)
  end
end
return approved
