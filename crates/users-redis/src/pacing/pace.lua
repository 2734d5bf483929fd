-- One exchange of a process with the pace that all processes of a tenant share: it reports what it learned from responses, and
-- is granted permits. Runs in Redis, atomically and on the clock of Redis. Times are in milliseconds, rates in requests per second.
--
-- KEYS  1 the state · 2 the credits of the flows · 3, 4, 5 the flows of reads, writes and deletes, by the time they expire
-- ARGV  1 the report, JSON (wire.rs)
--
-- A flow is one group of requests of one process. The state has an estimate of each bucket of the tenant: responses set its
-- level, and the refill rate, which is measured, only predicts it between two responses.
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local KEEP = 600000           -- the time to live of all keys
local GROUPS = { 'read', 'write', 'delete' }
local FLOWS = { read = KEYS[3], write = KEYS[4], delete = KEYS[5] }
local LONGEST_WAIT = 60000    -- no reply states a longer wait, so later expiry times are from another clock
local GRACE = 2000            -- how long after its next exchange is due a flow counts
local ASSUMED = 0.15          -- the refill rate of an unknown bucket, as a part of its size per second …
local ASSUMED_LEAST = 2       -- … and the least
local LEAST_RATE = 1 / 60
local STEEPNESS = 5           -- a full bucket grants e to this power faster than one at its target level
local EXPIRES_AFTER = 60000   -- how long a limit applies to a group whose responses no longer name it
local MOST_SIZES = 8
local AFTER_429 = 250         -- the delay after a 429 that requests none
local REPORTED = 50           -- a response is reported within this time
local CAREFUL = 2000          -- how long half of a bucket is left after a process has returned to the shared pace
local FORGOTTEN = 10000       -- the time in which e times less is owed to a flow
local BATCH = 200             -- the permits of this time are granted at once

local report = cjson.decode(ARGV[1])

-- A report that was delayed, by a paused server for example: nobody waits for its permits, and what it says is old.
if report.sent and now - report.sent > 1000 then
  return cjson.encode({ epoch = 0, now = now, stale = true, groups = {}, limits = {} })
end

local function clamp(value, least, most) return math.max(least, math.min(most, value)) end

local function bucket(size, level, rate)
  return { size = size, level = level, at = now, rate = rate, drawn = 0, hold = 0, requested = 0, dry = 0, swing = 0 }
end

-- The state. One that is new, or from a clock that was ahead, grants one request, whose response reports the level.
local packed = redis.call('GET', KEYS[1])
local state = packed and cmsgpack.unpack(packed)
if not state or state.now > now + 1000 then
  state = {
    -- Whole milliseconds, since JSON has 14 digits of a number.
    epoch = math.floor(now), granted = { read = 0, write = 0, delete = 0 }, due = { read = 0, write = 0, delete = 0 },
    knows = {}, holds = {}, sizes = {}, assumed = bucket(2, 1, 2),
  }
end
local last = state.now or now
state.now = math.max(now, last)

-- The estimated level. After a reported dry time, one request is added at its end.
local function level(b, at)
  local from = b.at
  local added = 0
  if b.dry > b.at then
    from = b.dry
    if at >= b.dry then added = 1 end
  end
  -- After a 429, the estimate was wrong until the next response.
  local most = b.hold > (b.observed or 0) and math.max(1, 0.1 * b.size) or b.size
  -- Others return to the shared pace as well, and do not report what they have sent.
  if at < (b.careful or 0) then most = math.min(most, 0.5 * b.size) end
  return math.min(most, b.level + added + math.max(0, at - from) * b.rate / 1000)
end

-- The level at which requests are granted at the refill rate: higher where the level rises or falls suddenly, because the tenant
-- refills in steps, or other clients send bursts; and by what is granted until a response is reported.
local function target(b)
  return math.min(0.6 * b.size, math.max(1, 0.15 * b.size) + b.rate * REPORTED / 1000 + 0.6 * b.swing)
end

local function draw(b, count)
  b.level = level(b, now) - count
  b.at = now
  b.drawn = b.drawn + count
end

-- The buckets ---------------------------------------------------------------------------------------------------------------

-- Whether requests of this group draw from the buckets of this size. Those of which nothing is known do.
local function applies(size, group)
  local knows = state.knows[group]
  local named = size.named[group]
  return knows == nil or knows == size.limit or (named ~= nil and now - named < EXPIRES_AFTER)
end

-- Responses do not say whether groups with limits of the same size share a bucket, so both are followed.
local function applied(size, group)
  return size.separate and size.own[group] or size.shared
end

local function each_drawn(group, change)
  local knows = state.knows[group]
  if knows == nil or knows == 'unnamed' then change(state.assumed) end
  for _, size in ipairs(state.sizes) do
    if applies(size, group) then change(size.shared) end
    if size.own[group] then change(size.own[group]) end
  end
end

local function is_unlimited()
  if #state.sizes > 0 then return false end
  for _, group in ipairs(GROUPS) do
    if state.knows[group] == 'unlimited' then return true end
  end
  return false
end

-- The buckets that limit a group, each with its number of flows; none if there is no limit.
local function limiting(group)
  local found = {}
  local knows = state.knows[group]
  local own = redis.call('ZCARD', FLOWS[group])
  if knows == 'unnamed' or (knows == nil and #state.sizes == 0 and not is_unlimited()) then
    return { { state.assumed, own } }
  end
  for _, size in ipairs(state.sizes) do
    if applies(size, group) then
      local b, flows = applied(size, group), 0
      if b == size.shared then
        for _, other in ipairs(GROUPS) do
          if applies(size, other) then flows = flows + redis.call('ZCARD', FLOWS[other]) end
        end
      else
        flows = own
      end
      found[#found + 1] = { b, flows }
    end
  end
  -- A group of which nothing is known may have a bucket of its own, so a request is granted although the known ones are empty.
  if knows == nil and #found > 0 then
    for _, entry in ipairs(found) do
      if level(entry[1], now) >= 1 then return found end
    end
    return { { state.assumed, own } }
  end
  return found
end

-- What responses report --------------------------------------------------------------------------------------------------------

-- Measures the refill rate from two levels and what was drawn in between.
local function measure(b, at, remaining, later)
  local drawn = b.drawn - later
  local full = remaining + 1 >= b.size
  local w = b.window
  if not w then
    b.window = { at = at, remaining = remaining, drawn = drawn, overflowed = full, only_full = full }
    return
  end
  w.overflowed = w.overflowed or full
  w.only_full = w.only_full and full
  local elapsed = (at - w.at) / 1000
  local added = remaining - w.remaining + drawn - w.drawn
  -- Where everything is refilled at once, the rate may be higher than anything assumed. A short window says little, since requests
  -- in flight are counted in any order.
  local plenty = w.only_full and elapsed >= 0.5 and added >= math.max(20, b.size) and added > elapsed * 1.5 * b.size
  local overflowed = w.overflowed
  local long = b.swing > 4 and 8 or 2
  -- The rate is at least what was added while the bucket was full at times.
  local early = not b.since and overflowed and elapsed >= 0.5 and added >= 20 and added > 1.5 * elapsed * b.rate
  if not plenty and not early and not (elapsed >= long and (added >= 8 or elapsed >= 8)) then return end
  if plenty then
    b.rate = math.max(b.rate, 2 * added / elapsed)
  elseif w.overflowed then
    b.rate = clamp((added - 1) / elapsed, b.rate, 2 * b.rate)
  elseif added / elapsed < b.rate / 4 then
    b.rate = added / elapsed
  else
    -- The first measurements replace what was assumed, in steps, since each releases a part of the bucket at once.
    b.rate = b.since and b.rate + 0.3 * (added / elapsed - b.rate) or math.min(added / elapsed, 3 * b.rate)
  end
  b.rate = math.max(b.rate, LEAST_RATE)
  b.measured = not overflowed or nil
  if b.measured and not b.since and b.rate >= 0.99 * added / elapsed then b.since = at end
  b.window = { at = at, remaining = remaining, drawn = drawn, overflowed = full, only_full = full }
end

-- The estimated level when the tenant counted a request, after which `later` others were granted.
local function expected(b, at, later)
  return math.min(b.size, b.level + (at - b.at) * b.rate / 1000 + later)
end

-- The least correction of an estimate so that it agrees with a reported level, which is in whole requests.
local function deviation(b, answer, later)
  local estimate = expected(b, answer.at, later)
  return clamp(estimate, answer.remaining, answer.remaining + 1) - estimate
end

local function learn(b, answer, later)
  local first = not b.observed
  if not first and (answer.at < b.observed or answer.order < b.order) then return end
  local off = first and 0 or math.abs(deviation(b, answer, later))
  if not first then b.swing = b.swing * math.exp((b.observed - answer.at) / 20000) end
  -- The first estimates are rough, and those at a rate that was only assumed.
  if first and b.since then b.since = answer.at end
  local is_sudden = b.since and off > 2 + 0.2 * later and answer.at > b.since + 2000
  if is_sudden and not answer.dry and b.dry <= b.at then b.swing = math.max(b.swing, off) end
  local estimate = first and 0 or expected(b, answer.at, later)
  local corrected = clamp(estimate, answer.remaining, answer.remaining + 1)
  -- A refill in long steps has no rate, and needs none: responses say when the next one comes.
  if answer.dry then b.window = nil else measure(b, answer.at, answer.remaining, later) end
  b.dry = answer.dry or 0
  local since = b.dry > now and 0 or math.max(0, now - math.max(answer.at, b.dry)) * b.rate / 1000
  b.level = clamp(corrected + since - later, 0, b.size)
  b.at, b.observed, b.order = now, answer.at, answer.order
end

-- Forgets the limit that was not named for the longest time, of those that no group has at present.
local function forget_one()
  local oldest
  for index, size in ipairs(state.sizes) do
    local used = false
    for _, group in ipairs(GROUPS) do used = used or state.knows[group] == size.limit end
    if not used and (not oldest or size.seen < state.sizes[oldest].seen) then oldest = index end
  end
  table.remove(state.sizes, oldest)
end

-- Learns the limit that a response names, and what remains of it.
local function learn_limit(group, answer)
  local size
  for _, known in ipairs(state.sizes) do
    if known.limit == answer.limit then size = known end
  end
  if not size then
    if #state.sizes == MOST_SIZES then forget_one() end
    local rate = report.rates and report.rates[tostring(answer.limit)]
    rate = rate or math.max(ASSUMED * answer.limit, ASSUMED_LEAST)
    size = { limit = answer.limit, shared = bucket(answer.limit, answer.limit, rate), own = {}, named = {}, separate = false,
      rate = rate, shared_off = 0, own_off = 0 }
    table.insert(state.sizes, size)
  end
  for _, other in ipairs(state.sizes) do
    -- The response names the bucket with the least remaining, so the group draws from no smaller one.
    if other.limit < answer.remaining then other.named[group] = nil end
  end
  size.named[group], size.seen = now, now
  -- The permits that were granted after this one. Of one that was granted before the state was lost, all are.
  local function later(of)
    local sent = answer.epoch == state.epoch and answer.granted[of] or 0
    return math.max(0, state.granted[of] - sent)
  end
  local shared, named = 0, 0
  for _, other in ipairs(GROUPS) do
    if applies(size, other) then shared = shared + later(other) end
    if size.named[other] then named = named + 1 end
  end
  if not size.own[group] then size.own[group] = bucket(size.limit, size.limit, size.rate) end
  local own = size.own[group]
  if named > 1 then
    size.shared_off = 0.9 * size.shared_off + 0.1 * math.abs(deviation(size.shared, answer, shared))
    size.own_off = 0.9 * size.own_off + 0.1 * math.abs(deviation(own, answer, later(group)))
    size.separate = size.own_off + (size.separate and 0 or 0.5) < size.shared_off
  end
  learn(size.shared, answer, shared)
  learn(own, answer, later(group))
end

local function hold(b, entry)
  b.hold = math.max(b.hold, now + math.max(entry.hold, AFTER_429))
  b.requested = math.max(b.requested, now + entry.hold)
end

local function observe(group, entry)
  if entry.returned and report.epoch == state.epoch then
    state.granted[group] = state.granted[group] - entry.returned
    local order = state.granted.read + state.granted.write + state.granted.delete
    each_drawn(group, function(b)
      b.level = math.min(b.size, level(b, now) + entry.returned)
      b.at = now
      b.drawn = b.drawn - entry.returned
      if b.order then b.order = math.min(b.order, order) end
    end)
  end
  if entry.limited then
    each_drawn(group, function(b)
      b.rate = math.max(b.rate * 0.9 ^ math.min(entry.limited, 3), LEAST_RATE)
      b.drawn = b.drawn - entry.limited
    end)
  end
  local answer = entry.answer
  if answer then
    answer.at = now - answer.age
    answer.dry = answer.dry and now + answer.dry
    -- The order counts from the begin of a state.
    if answer.epoch ~= state.epoch then answer.order = 0 end
    state.knows[group] = answer.limit
    learn_limit(group, answer)
  end
  local knows = state.knows[group]
  if entry.unlimited and knows == nil then state.knows[group] = 'unlimited' end
  if entry.unnamed and (knows == nil or knows == 'unlimited') then state.knows[group] = 'unnamed' end
  if entry.unlimited or entry.silent then
    -- Requests without a reported limit were not rate limited, so the rate may be higher.
    each_drawn(group, function(b)
      local count = (entry.unlimited or 0) + (entry.silent or 0)
      local raise = b == state.assumed and 0.1 or 0.0005 * b.size
      if level(b, now) < 0.98 * b.size then b.rate = b.rate + raise * count end
    end)
  end
  if entry.hold then
    local named
    for _, size in ipairs(state.sizes) do
      if answer and size.limit == answer.limit then named = size end
    end
    if named then
      hold(named.shared, entry)
      if named.own[group] then hold(named.own[group], entry) end
    else
      local own = state.holds[group] or { hold = 0, requested = 0 }
      hold(own, entry)
      state.holds[group] = own
      each_drawn(group, function(b) hold(b, entry) end)
    end
  end
end

-- Grants ------------------------------------------------------------------------------------------------------------------------

-- Removes the flows whose processes have ended without a report, and those of a clock that was ahead.
local function prune(group)
  local ended = redis.call('ZRANGEBYSCORE', FLOWS[group], '-inf', now, 'LIMIT', 0, 50)
  for _, flow in ipairs(redis.call('ZRANGEBYSCORE', FLOWS[group], now + 2 * LONGEST_WAIT, '+inf', 'LIMIT', 0, 50)) do
    ended[#ended + 1] = flow
  end
  for _, flow in ipairs(ended) do
    redis.call('ZREM', FLOWS[group], flow)
    redis.call('HDEL', KEYS[2], group .. flow)
  end
end

-- The rate at which requests are granted at this level.
local function pace_at(b, here, at)
  if b.dry > at then
    -- The level is certain. What is left is used up by the next refill, more at first, and half of the bucket in seconds.
    return 2000 * math.max(here, 0.1) / (b.dry - at) + 0.7 * math.max(0, here - 0.5 * b.size)
  end
  -- Far below zero, where nothing is known of the bucket, it would become zero, and the interval infinite.
  return b.rate * math.exp(STEEPNESS * math.max((here - target(b)) / b.size, -2))
end

-- Adds up what is due to every flow of the group, whenever it asks, by the level half-way since the last exchange.
local function add_due(group)
  local elapsed = now - last
  if elapsed <= 0 or redis.call('ZCARD', FLOWS[group]) == 0 then return end
  local middle = last + elapsed / 2
  local due = math.huge
  for _, entry in ipairs(limiting(group)) do
    local b, flows = entry[1], math.max(1, entry[2])
    due = math.min(due, pace_at(b, level(b, middle), middle) * elapsed / 1000 / flows)
  end
  if due < math.huge then state.due[group] = state.due[group] + due end
end

-- The credit of a flow, which grows by one in this interval, and what it is owed: the permits that were due to it and not granted. A
-- new flow has the random credit that its process chose, so that those that start together are not granted together.
--
-- Credit grows at the pace at the moment of asking, so that it follows the level at once. Thus a flow that always asks before the
-- others draw has more than is due to it; it is less by what a flow is owed, which grows too slowly to disturb the level.
local function credit_of(group, interval, most_owed)
  local text = redis.call('HGET', KEYS[2], group .. report.me)
  if not text then return report.phase, 0 end
  local credit, at, before_due, owed = text:match('^(%S+) (%S+) (%S+) (%S+)$')
  local elapsed = math.max(0, now - tonumber(at))
  local due = math.max(0, state.due[group] - tonumber(before_due))
  owed = clamp(tonumber(owed) * math.exp(-elapsed / FORGOTTEN) + due, -most_owed, most_owed)
  local correction = most_owed > 0 and 1 + 0.5 * owed / most_owed or 1
  return tonumber(credit) + elapsed / interval * correction, owed
end

local function grant(group, want, spare)
  local outcome = { granted = 0, wait = 0, requested = 0 }
  local own = state.holds[group]
  local held, requested = own and own.hold or 0, own and own.requested or 0
  local buckets = limiting(group)
  local free, interval, average, quantum, rate, turn = math.huge, 0, 0, math.huge, math.huge, 0
  local most_owed = math.huge
  local excess, surplus, batch, longest, nearly_full = math.huge, math.huge, math.huge, LONGEST_WAIT, math.huge
  local probe = false
  for _, entry in ipairs(buckets) do
    local b, flows = entry[1], math.max(1, entry[2])
    local here = level(b, now)
    held, requested = math.max(held, b.hold), math.max(requested, b.requested)
    if b.dry > now and here < 1 then held = math.max(held, b.dry) end
    local over = b.dry > now and 0 or here - target(b)
    local pace = pace_at(b, here, now)
    interval = math.max(interval, flows * 1000 / pace)
    average = math.max(average, flows * 1000 / (b.dry > now and pace or b.rate))
    batch = math.min(batch, pace * BATCH / 1000 / flows)
    quantum = math.min(quantum, math.max(1, over / flows, pace * BATCH / 1000 / flows))
    -- Where the tenant refills in long steps, most of them are granted at once, and the rate says little.
    most_owed = math.min(most_owed, b.dry > now and 0 or math.max(4, b.rate / 2 / flows))
    -- Many that wait ask less often, unless the level is high, so that few of them do wait.
    longest = math.min(longest, math.max(over < 0.5 * b.size and 2 * flows or 0, 250 * b.size / b.rate))
    nearly_full = math.min(nearly_full, here - 0.9 * b.size)
    excess = math.min(excess, over / flows)
    surplus = math.min(surplus, math.max(0, (here - 0.5 * b.size) / flows, here - 0.9 * b.size))
    free = math.min(free, here)
    rate = math.min(rate, b.rate)
    turn = math.max(turn, 100 * flows / b.rate)
    -- Where nothing was granted for a while, a response says whether the estimate is right.
    if now - (b.asked or 0) > clamp(1500 / b.rate, 1000, 10000) then probe = true end
  end
  outcome.requested = math.max(0, requested - now)
  if #buckets == 0 then
    outcome.granted, outcome.unlimited = want, now >= held
    if now < held then outcome.granted, outcome.wait = 0, held - now end
    state.granted[group] = state.granted[group] + outcome.granted
    return outcome
  end

  if want == 0 and spare == 0 then return outcome end
  redis.call('ZADD', FLOWS[group], now + GRACE, report.me)
  -- A bucket above its target is divided at once.
  local credit, owed = credit_of(group, interval, most_owed)
  credit = math.min(quantum, credit)
  if free >= 1 and credit < 1 and excess > 1 then credit = math.min(1, credit + 0.5) end
  local count = 0
  if now >= held then
    -- What a nearly full bucket would lose is for any process that asks.
    count = math.max(0, math.min(want, math.floor(free), math.floor(math.max(credit, nearly_full))))
    if count == 0 and want > 0 and probe then count = 1 end
    if count == want and spare > 0 then count = count + math.floor(clamp(surplus - count, 0, spare)) end
  end
  outcome.granted = count
  credit = credit - count
  if count > 0 then
    state.granted[group] = state.granted[group] + count
    each_drawn(group, function(b) draw(b, count); b.asked = now end)
  end
  if count < want then
    local need = clamp(math.floor(batch), 1, want - count)
    -- One that waits for the whole of its batch would lose credit while others take the level.
    local until_level = (math.ceil(need / 4) - (free - count)) * 1000 / rate
    -- Flows that have the credit and wait for the level do not all ask when it has risen by one.
    if until_level > 0 then until_level = math.max(until_level, turn) end
    local wait = math.max((need - credit) * interval, until_level, 1)
    -- The level may have changed by then, since others end or begin: one that waits long asks again before.
    wait = math.min(wait, longest, math.max(250, interval / 2))
    if held > now then wait = held - now end
    outcome.wait = math.min(wait, LONGEST_WAIT)
    redis.call('ZADD', FLOWS[group], now + outcome.wait + GRACE, report.me)
    outcome.interval = average
  end
  local entry = string.format('%.17g %.17g %.17g %.17g', math.max(credit, -1), now, state.due[group], owed - count)
  redis.call('HSET', KEYS[2], group .. report.me, entry)
  return outcome
end

-- The exchange ------------------------------------------------------------------------------------------------------------------

for _, group in ipairs(GROUPS) do add_due(group) end

-- Requests were sent without the store, so the levels are unknown until the next responses, unless others have just reported some.
if report.resumes then
  local function forget(b)
    b.careful = now + CAREFUL
    if (b.observed or 0) > now - 1000 then return end
    b.level, b.at, b.observed, b.window = math.min(1, level(b, now)), now, nil, nil
  end
  forget(state.assumed)
  for _, size in ipairs(state.sizes) do
    forget(size.shared)
    for _, b in pairs(size.own) do forget(b) end
  end
end

local reply = { epoch = state.epoch, now = now, groups = {}, limits = {} }
for group, entry in pairs(report.groups) do observe(group, entry) end
-- Those of groups that nobody uses any more as well, since they count where a bucket is shared.
for _, group in ipairs(GROUPS) do prune(group) end
for group, entry in pairs(report.groups) do
  if report.leaves then
    redis.call('ZREM', FLOWS[group], report.me)
    redis.call('HDEL', KEYS[2], group .. report.me)
  else
    local before = { read = state.granted.read, write = state.granted.write, delete = state.granted.delete }
    local outcome = grant(group, entry.want or 0, entry.spare or 0)
    outcome.before = before
    reply.groups[group] = outcome
  end
end

-- The known limits, and the share of each process in their rates.
for _, size in ipairs(state.sizes) do
  local function add(b, groups)
    if #groups == 0 then return end
    local flows = 0
    for _, group in ipairs(groups) do flows = flows + redis.call('ZCARD', FLOWS[group]) end
    table.insert(reply.limits, { limit = size.limit, groups = groups, level = math.max(0, level(b, now)), rate = b.rate,
      measured = b.measured, flows = flows, paused = math.max(0, b.hold - now) })
  end
  local together = {}
  for _, group in ipairs(GROUPS) do
    if state.knows[group] ~= nil and applies(size, group) then
      if size.separate and size.own[group] then add(size.own[group], { group }) else table.insert(together, group) end
    end
  end
  add(size.shared, together)
end

-- A delay that the server requested may be longer than the time to live.
local keep = KEEP
local function outlive(b) keep = math.max(keep, b.hold - now) end
for _, b in pairs(state.holds) do outlive(b) end
for _, size in ipairs(state.sizes) do
  outlive(size.shared)
  for _, b in pairs(size.own) do outlive(b) end
end
redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', math.ceil(keep))
for key = 2, 5 do redis.call('PEXPIRE', KEYS[key], KEEP) end
return cjson.encode(reply)
