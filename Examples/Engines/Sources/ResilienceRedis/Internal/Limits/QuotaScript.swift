extension RedisScript {
  /// The first day of a day's month, and of the next one, in days since 1970.
  static let monthFunction = """
    local function month(days)
      local z = days + 719468
      local era = math.floor(z / 146097)
      local doe = z - era * 146097
      local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
        - math.floor(doe / 146096)) / 365)
      local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
      local mp = math.floor((5 * doy + 2) / 153)
      local first = days - (doy - math.floor((153 * mp + 2) / 5))
      local length = ({31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28})[mp + 1]
      local year = yoe + era * 400 + (mp >= 10 and 1 or 0)
      if mp == 11 and (year % 4 == 0 and year % 100 ~= 0 or year % 400 == 0) then length = 29 end
      return first, first + length
    end
    """

  /// Takes permits of several quotas, of all or none.
  ///
  /// What was taken is counted in steps of a 64th of a period, as `QuotaLimiter` does: a permit counts from
  /// the beginning of its step until that lies more than the period in the past, so that it is never
  /// forgotten too early. A quota by the calendar counts in the present hour, day or month. Time does not go
  /// back, unless the clock was set back by more than five seconds: what was taken later counts as taken now.
  ///
  /// Arguments: how many permits; by how many microseconds the calendar is ahead of UTC; for each quota its
  /// kind, its permits and its period in microseconds. Answers whether they were taken and, if not, after how
  /// many microseconds they may be.
  static let quota = RedisScript(
    """
    #!lua
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local wanted, ahead = tonumber(ARGV[1]), tonumber(ARGV[2])
    local day = 86400000000

    \(monthFunction)

    local function span(kind)
      local here = now + ahead
      if kind == 'hour' then
        local first = math.floor(here / 3600000000)
        return first, (first + 1) * 3600000000 - here
      end
      local today = math.floor(here / day)
      if kind == 'day' then return today, (today + 1) * day - here end
      local first, next = month(today)
      return first, next * day - here
    end

    local taken = {}
    local fields = redis.call('HGETALL', KEYS[1])
    for i = 1, #fields, 2 do
      if fields[i] == 'now' then
        local last = tonumber(fields[i + 1])
        if last <= now + 5000000 then now = math.max(now, last) end
      else
        local quota, step = string.match(fields[i], '^(.*):(%-?%d+)$')
        taken[quota] = taken[quota] or {}
        taken[quota][tonumber(step)] = tonumber(fields[i + 1])
      end
    end

    local function moveToPresent(name, counts, place)
      local count = 0
      for step, later in pairs(counts) do
        if step > place then
          redis.call('HDEL', KEYS[1], name .. ':' .. string.format('%.0f', step))
          counts[step] = nil
          count = count + later
        end
      end
      if count == 0 then return end
      counts[place] = (counts[place] or 0) + count
      redis.call('HSET', KEYS[1], name .. ':' .. string.format('%.0f', place), counts[place])
    end

    local wait, longest, places = 0, 0, {}
    for i = 3, #ARGV, 3 do
      local kind, permits, period = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
      local name = kind == 'any' and 'any ' .. ARGV[i + 2] or kind
      local counts, used, place = taken[name] or {}, 0, nil
      if kind == 'any' then
        local length = math.floor((period - 1) / 64) + 1
        local reach = length == 1 and period - 1 or math.floor((period - 1) / length) + 1
        place = math.floor(now / length)
        moveToPresent(name, counts, place)
        local kept = {}
        for step, count in pairs(counts) do
          if step < place - reach then
            redis.call('HDEL', KEYS[1], name .. ':' .. string.format('%.0f', step))
          else
            used = used + count
            kept[#kept + 1] = step
          end
        end
        local excess = used + wanted - permits
        table.sort(kept)
        for _, step in ipairs(kept) do
          if excess <= 0 then break end
          excess = excess - counts[step]
          wait = math.max(wait, (step + reach + 1) * length - now)
        end
        longest = math.max(longest, period + 2 * length)
      else
        local left
        place, left = span(kind)
        moveToPresent(name, counts, place)
        for step, count in pairs(counts) do
          if step < place then
            redis.call('HDEL', KEYS[1], name .. ':' .. string.format('%.0f', step))
          else
            used = used + count
          end
        end
        if used + wanted > permits then wait = math.max(wait, left) end
        longest = math.max(longest, left)
      end
      places[#places + 1] = name .. ':' .. string.format('%.0f', place)
    end
    if wait > 0 then return {0, wait} end
    local seen = {}
    for _, place in ipairs(places) do
      -- Two quotas of one period count once.
      if not seen[place] then redis.call('HINCRBY', KEYS[1], place, wanted) end
      seen[place] = true
    end
    redis.call('HSET', KEYS[1], 'now', string.format('%.0f', now))
    local expiry = math.ceil(longest / 1000) + 1000
    if redis.call('PTTL', KEYS[1]) < expiry then redis.call('PEXPIRE', KEYS[1], expiry) end
    return {1, 0}
    """)
}
