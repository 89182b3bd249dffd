-- Count how long the first text of a job took, once for each job: ID BOUND… (seconds, ascending).
local id = ARGV[1]
local created = get(id, 'created')
if not created or redis.call('HSETNX', job_key(id), 'first_text', now()) == 0 then return 0 end
local waited = now() - created
local bucket = 'inf'
for index = #ARGV, 2, -1 do
  if waited <= ARGV[index] * 1000 then bucket = ARGV[index] end
end
count('first_text:' .. bucket, 1)
count('first_text_ms', waited)
return 1
