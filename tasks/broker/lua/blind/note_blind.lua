-- Note what was posted of a blind comparison: ID FIELD VALUE; nothing where it is over.
if redis.call('ZSCORE', BLIND, ARGV[1]) then
  redis.call('HSET', blind_key(ARGV[1]), ARGV[2], ARGV[3])
end
return 1
