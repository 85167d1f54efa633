-- What a model of a provider may be asked, shared by all who ask it: every key lies in one hash slot.
-- KEYS: 1 the model's buckets, 2 this tenant's, 3 the tenants who wait, 4 the pause, 5 limits the provider told
-- ARGV: 1 what to do, 2 the tenant, 3 requests a minute, 4 units a minute (0: no limit), then what it takes

local BURST = 0.03     -- of a limit may come at once
local WAITS = 1000     -- milliseconds for which a tenant who was sent away still counts as waiting
local REMEMBERED = 600 -- seconds a limit that the provider told is believed

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local KINDS = {'requests', 'units'}

local function limits()
  local told = redis.call('HMGET', KEYS[5], KINDS[1], KINDS[2])
  local found = {}
  for n in ipairs(KINDS) do
    local ours, theirs = tonumber(ARGV[2 + n]), tonumber(told[n] or 0)
    if ours > 0 and theirs > 0 then found[n] = math.min(ours, theirs) else found[n] = math.max(ours, theirs) end
  end
  return found
end

-- What is burst is taken off the refill, so that no minute sees more than the limit.
local function capacity(limit, sharers) return math.max(1, limit * BURST / sharers) end
local function refill(limit, sharers)
  return math.max(limit - capacity(limit, 1), limit / 2) / 60 / sharers
end

local function levels(key, limit, sharers)
  local kept = redis.call('HMGET', key, 'at', KINDS[1], KINDS[2])
  local passed = math.max(0, now - tonumber(kept[1] or now))
  local found = {}
  for n in ipairs(KINDS) do
    local full = capacity(limit[n], sharers)
    found[n] = math.min(full, tonumber(kept[1 + n] or full) + passed * refill(limit[n], sharers))
  end
  return found
end

local function keep(key, limit, level)
  local full = 1
  for n in ipairs(KINDS) do
    if limit[n] > 0 then
      full = math.max(full, (capacity(limit[n], 1) - level[n]) / refill(limit[n], 1))
      redis.call('HSET', key, KINDS[n], string.format('%.17g', level[n]))
    end
  end
  redis.call('HSET', key, 'at', string.format('%.17g', now))
  redis.call('PEXPIRE', key, math.ceil(full * 2000)) -- a bucket that is full again need not be remembered
end

-- Seconds until there is enough; a request larger than the bucket waits until it is full, then goes into debt.
local function lack(limit, level, cost, sharers)
  local longest = 0
  for n in ipairs(KINDS) do
    if limit[n] > 0 then
      local missing = math.min(cost[n], capacity(limit[n], sharers)) - level[n]
      longest = math.max(longest, missing / refill(limit[n], sharers))
    end
  end
  return longest
end

local function others()
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  local waiting = redis.call('ZCARD', KEYS[3])
  if redis.call('ZSCORE', KEYS[3], ARGV[2]) then return waiting - 1 end
  return waiting
end

local function wait_for_turn(seconds)
  local milliseconds = math.ceil(seconds * 1000)
  redis.call('ZADD', KEYS[3], string.format('%.17g', now + (milliseconds + WAITS) / 1000), ARGV[2])
  if redis.call('PTTL', KEYS[3]) < milliseconds + WAITS then
    redis.call('PEXPIRE', KEYS[3], milliseconds + WAITS)
  end
  return milliseconds
end

local function take(units)
  local paused = redis.call('PTTL', KEYS[4])
  if paused > 0 then return paused end
  local limit, cost, rivals = limits(), {1, units}, others()
  local all, mine = levels(KEYS[1], limit, 1), levels(KEYS[2], limit, rivals + 1)
  local seconds = lack(limit, all, cost, 1)
  if rivals > 0 then seconds = math.max(seconds, lack(limit, mine, cost, rivals + 1)) end
  if seconds > 0 then return wait_for_turn(seconds) end
  for n in ipairs(KINDS) do
    all[n] = all[n] - cost[n]
    mine[n] = mine[n] - cost[n]
    -- Who takes while nobody waits owes nobody anything.
    if rivals == 0 then mine[n] = math.max(0, mine[n]) end
  end
  keep(KEYS[1], limit, all)
  keep(KEYS[2], limit, mine)
  return 0
end

local function give_back(requests, units)
  local limit = limits()
  for _, key in ipairs({KEYS[1], KEYS[2]}) do
    local level = levels(key, limit, 1)
    level[1] = math.min(capacity(limit[1], 1), level[1] + requests)
    level[2] = math.min(capacity(limit[2], 1), level[2] + units)
    keep(key, limit, level)
  end
end

-- Negative: the provider did not say.
local function observe(seen)
  for n, kind in ipairs(KINDS) do
    if seen[n] > 0 then redis.call('HSET', KEYS[5], kind, seen[n]) end
  end
  redis.call('EXPIRE', KEYS[5], REMEMBERED)
  local limit = limits()
  local level = levels(KEYS[1], limit, 1)
  for n in ipairs(KINDS) do
    if seen[2 + n] >= 0 then level[n] = math.min(level[n], seen[2 + n]) end
  end
  keep(KEYS[1], limit, level)
end

local function pause(milliseconds)
  if redis.call('PTTL', KEYS[4]) < milliseconds then redis.call('SET', KEYS[4], '', 'PX', milliseconds) end
end

local told = {}
for n = 5, #ARGV do told[n - 4] = tonumber(ARGV[n]) end
if ARGV[1] == 'take' then return take(told[1]) end
if ARGV[1] == 'give_back' then give_back(told[1], told[2]) end
if ARGV[1] == 'observe' then observe(told) end
if ARGV[1] == 'pause' then pause(told[1]) end
return 0
