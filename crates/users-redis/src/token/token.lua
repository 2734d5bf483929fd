-- One exchange about the token that processes share. Runs in Redis, atomically and on the clock of Redis. Times are in
-- milliseconds.
--
-- KEYS  1 the entry, a hash
-- ARGV  1 the request · 2 the id of the process · further ones by request (wire.rs)
--
-- The entry has the sealed token with its version, the highest version so far, and a lock that allows one process to fetch. The
-- lock saves requests; nothing else depends on it: a token is stored if its version is higher than all before.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local LOCK = 5000         -- after this the lock of a process that does not store a token has ended
local PAUSE = 1000        -- nobody fetches for this long after a failure
local RECENT = 10000      -- how long a failure is reported
local EARLY = 300000      -- a token is renewed this long before it expires, or half of its lifetime
local DROPS = 10          -- the tokens that may be dropped without an interval …
local DROP_INTERVAL = 10000 -- … and the time after which one more may be
local KEEP = 60000        -- the least time to live of the entry

local request, me = ARGV[1], ARGV[2]
local entry = {}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do entry[flat[i]] = flat[i + 1] end

local function number(name) return tonumber(entry[name]) or 0 end

local function text(value) return string.format('%.0f', value) end

local function set(name, value)
  entry[name] = value
  redis.call('HSET', KEYS[1], name, value)
end

local function clear(...)
  redis.call('HDEL', KEYS[1], ...)
  for _, name in ipairs({ ... }) do entry[name] = nil end
end

local function keep()
  if redis.call('PTTL', KEYS[1]) < KEEP then redis.call('PEXPIRE', KEYS[1], KEEP) end
end

-- The clock may have gone back, with a failover, so that no stored time is trusted beyond the longest that it can be.
local function until_time(name, longest)
  local left = number(name) - now
  if left > longest then return 0 end
  return math.max(0, left)
end

local function may_drop()
  local from = math.max(now, number('drops'))
  if from > now + 2 * DROPS * DROP_INTERVAL then from = now end
  if from + DROP_INTERVAL > now + DROPS * DROP_INTERVAL then return false end
  set('drops', text(from + DROP_INTERVAL))
  return true
end

-- 3 the version that a 401 rejected, or 0
local function get()
  local dropped = tonumber(ARGV[3])
  local left = math.min(number('expires') - now, number('lifetime'))
  local is_over = entry.sealed and left <= 0
  local is_dropped = entry.sealed and not is_over and dropped > 0 and dropped == number('live') and may_drop()
  if is_over or is_dropped then clear('sealed', 'live', 'expires', 'lifetime', 'renews') end

  local locked = until_time('locked', LOCK)
  if entry.lock == me then locked = 0 end
  local paused = until_time('paused', PAUSE)
  if entry.sealed and (now < number('renews') or locked > 0 or paused > 0) then
    return { 'use', text(number('live')), text(left), entry.sealed }
  end
  if locked > 0 or paused > 0 then
    local since = now - number('failed')
    local is_recent = entry.failure and since >= 0 and since < RECENT
    return {
      'wait', text(math.max(locked, paused)), text(is_recent and number('failures') or 0), is_recent and entry.failure or '',
    }
  end
  set('lock', me)
  set('locked', text(now + LOCK))
  keep()
  return { 'fetch', text(math.max(number('version') + 1, now)), text(now), text(number('version')), text(number('live')) }
end

-- 3 the version · 4 the time of Redis from which the lifetime counts · 5 the lifetime · 6 the sealed token
local function put()
  local version, lifetime = tonumber(ARGV[3]), tonumber(ARGV[5])
  local expires = tonumber(ARGV[4]) + lifetime
  if entry.lock == me then clear('lock', 'locked') end
  if version <= number('version') or expires <= now then return { 'not stored' } end
  set('version', text(version))
  set('live', text(version))
  set('sealed', ARGV[6])
  set('expires', text(expires))
  set('lifetime', text(lifetime))
  set('renews', text(expires - math.min(EARLY, lifetime / 2)))
  clear('failure', 'failed', 'paused')
  redis.call('PEXPIRE', KEYS[1], math.max(KEEP, expires - now))
  return { 'stored' }
end

-- 3 why nothing was fetched; empty if for no failure
local function release()
  if entry.lock ~= me then return { 'not locked' } end
  clear('lock', 'locked')
  if ARGV[3] ~= '' then
    set('failure', ARGV[3])
    set('failures', text(number('failures') + 1))
    set('failed', text(now))
    set('paused', text(now + PAUSE))
  end
  keep()
  return { 'released' }
end

if request == 'get' then return get() end
if request == 'put' then return put() end
return release()
