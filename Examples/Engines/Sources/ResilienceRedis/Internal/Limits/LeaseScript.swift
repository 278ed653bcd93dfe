extension RedisScript {
  /// Settles a process' lease of permits, and grants it another one.
  ///
  /// The bucket is one number, the time at which it is full again ("full", in microseconds of the server's
  /// clock), as in the generic cell rate algorithm. Permits that are leased and not known to be used count
  /// against the burst: "full" is never less than their cost ahead of the present. So what the bucket holds
  /// and what is leased are together the burst at most, and from one instant to another no more is used than
  /// the burst and what the rate yields meanwhile.
  ///
  /// Arguments: permits, period in microseconds, burst; the holder, its lease's number, how many permits of
  /// it were used; how many are needed at least, how many are wanted, how long a lease lasts in microseconds.
  /// Answers the permits granted and, when there are none, after how many microseconds there may be.
  static let lease = RedisScript(
    """
    #!lua
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local permits, period, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local holder, number, used = ARGV[4], ARGV[5], tonumber(ARGV[6])
    local need, want, lifetime = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
    local function cost(count) return math.ceil(count * period / permits) end

    local capacity = cost(burst)
    local full, leased, leases = now, 0, {}
    local fields = redis.call('HGETALL', KEYS[1])
    for i = 1, #fields, 2 do
      if fields[i] == 'full' then
        -- No more than there can be, should the clock have been set back.
        full = math.min(tonumber(fields[i + 1]), now + capacity)
      else
        local n, count, ends = string.match(fields[i + 1], '^(%d+):(%d+):(%d+)$')
        local lease = {holder = fields[i], number = n, count = tonumber(count), ends = tonumber(ends)}
        if lease.ends > now + lifetime then
          lease.ends = now + lifetime
          redis.call('HSET', KEYS[1], lease.holder, string.format('%s:%d:%d', n, count, lease.ends))
        end
        leases[#leases + 1] = lease
        leased = leased + lease.count
      end
    end
    -- As if each that is over had been looked at when it ended.
    table.sort(leases, function(a, b) return a.ends < b.ends end)
    local earliest
    local mine
    local others = 0
    for _, lease in ipairs(leases) do
      if lease.ends <= now then
        full = math.max(full, lease.ends + cost(leased))
        leased = leased - lease.count
        redis.call('HDEL', KEYS[1], lease.holder)
      elseif lease.holder == holder then
        mine = lease
      else
        others = others + 1
        earliest = earliest or lease.ends
      end
    end
    full = math.max(full, now + cost(leased))
    if mine then
      leased = leased - mine.count
      -- Of a lease that the holder does not know of, everything may be used.
      if mine.number == number then
        full = full - math.floor(math.max(0, mine.count - used) * period / permits)
      end
      redis.call('HDEL', KEYS[1], holder)
    end
    full = math.max(full, now + cost(leased))

    local room = capacity - (full - now)
    local granted = math.max(0, math.floor(room * permits / period))
    if cost(granted) > room then granted = granted - 1 end
    -- Of what is there, as much as for each of the others.
    granted = math.min(granted, want, math.max(need, math.floor(granted / (others + 1))))
    local wait = 0
    if granted < need then
      granted = 0
      wait = math.max(1, cost(need) - room)
      if need > burst - leased and earliest then wait = math.max(wait, earliest - now) end
    end
    if granted > 0 then
      full = full + cost(granted)
      leased = leased + granted
      redis.call('HSET', KEYS[1], holder,
        string.format('%d:%d:%d', number + 1, granted, now + lifetime))
    end
    redis.call('HSET', KEYS[1], 'full', string.format('%.0f', full))
    redis.call('PEXPIRE', KEYS[1], math.ceil((math.max(0, full - now) + lifetime + capacity) / 1000) + 1000)
    return {granted, wait}
    """)
}
