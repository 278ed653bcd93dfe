extension RedisScript {
  /// Arguments: the group, its number, the consumer's, how long a session lasts; how many events at most, how
  /// far the group may run ahead, how many bytes are enough; the call's number; and of calls whose answers
  /// were lost the first and the last, as often as there are such.
  ///
  /// Answers "ended", "again" for a call that is too late, or "events" with: after how many microseconds
  /// there may be some, and of each event the receipt, the position, the deliveries, the event and its
  /// history.
  static let receive = broker(
    """
    local name, number, member, length = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
    local limit, window = tonumber(ARGV[5]), tonumber(ARGV[6])
    local enough, call = tonumber(ARGV[7]), tonumber(ARGV[8])
    releaseLater()
    local group = session(name, number, member, length)
    if not group then return {'ended'} end

    -- A call whose answer was lost may not be done yet.
    local fence = tonumber(redis.call('HGET', group.fences, member) or 0)
    giveBackLost(group, member, 9)
    for i = 10, #ARGV, 2 do fence = math.max(fence, tonumber(ARGV[i])) end
    if #ARGV > 8 then redis.call('HSET', group.fences, member, string.format('%.0f', fence)) end
    if call <= fence then return {'again'} end

    local events, bytes = {}, 0
    local function handOut(at, number)
      local id = entryID(at)
      local pending = redis.call('XPENDING', LOG, name, id, id, 1)[1]
      local claimed = redis.call('XCLAIM', LOG, name, member, 0, id)[1]
      if not pending or not claimed then return end
      local entry = named(claimed[2])
      local receipt = string.format('%.0f', nextNumber())
      redis.call('HSET', group.receipts, string.format('%.0f', at),
        receipt .. ' ' .. string.format('%.0f', number) .. ' ' .. ARGV[8])
      redis.call('HSET', group.holders, number, member)
      redis.call('HINCRBY', group.counts, number, 1)
      events[#events + 1] = {receipt, string.format('%.0f', at), pending[4] - 1, entry.e, entry.h or ''}
      -- With what each event's reply takes beside them.
      bytes = bytes + #entry.e + #(entry.h or '') + 512
    end

    local rank = redis.call('ZRANK', group.members, member)
    local consumers = redis.call('ZCARD', group.members)
    local function take()
      local filled = redis.call('SMEMBERS', group.filled)
      -- Another one is the first in each call.
      table.sort(filled, function(a, b)
        return (a - call) % group.partitions < (b - call) % group.partitions
      end)
      for _, text in ipairs(filled) do
        local number = tonumber(text)
        local holder = number % consumers == rank and redis.call('HGET', group.holders, number)
        if number % consumers == rank and (not holder or holder == member) then
          while #events < limit and bytes < enough do
            local first = redis.call('ZPOPMIN', group.ready .. text)
            if #first == 0 then
              redis.call('SREM', group.filled, text)
              break
            end
            handOut(tonumber(first[1]), number)
          end
        end
      end
    end

    local function read()
      local room = window - redis.call('XPENDING', LOG, name)[1]
      if room <= 0 then return 0 end
      local streams = redis.call('XREADGROUP', 'GROUP', name, 'ready', 'COUNT', math.min(room, 250),
        'STREAMS', LOG, '>')
      if not streams then return 0 end
      local others = {}
      for _, item in ipairs(streams[1][2]) do
        local at, entry = position(item[1]), named(item[2])
        if matches(group, entry) then
          makeReady(group, partition(group, entry, at), at)
        else
          others[#others + 1] = item[1]
        end
      end
      if #others > 0 then redis.call('XACK', LOG, name, unpack(others)) end
      return #streams[1][2]
    end

    take()
    local count
    for _ = 1, 8 do
      if #events >= limit or bytes >= enough then break end
      count = read()
      if count == 0 then break end
      take()
    end
    if #events > 0 then return {'events', 0, unpack(events)} end
    if count and count > 0 then return {'events', 0} end
    local wait = length / 3
    local ends = redis.call('ZRANGE', group.ends, 0, 1, 'WITHSCORES')
    for i = 1, #ends, 2 do
      if ends[i] ~= member then wait = math.min(wait, ends[i + 1] - now) end
    end
    local later = redis.call('ZRANGE', P .. ':later', 0, 0, 'WITHSCORES')
    if later[2] then wait = math.min(wait, later[2] - now) end
    return {'events', math.max(1, math.ceil(wait))}
    """)

  /// Arguments: the group, its number, the consumer's, how long a session lasts; how many dead letters are
  /// kept, how far the group may run ahead; of each settlement the receipt, the position, and what became of
  /// it: "handled" with the number of events that are published and these, "returned" with the deliveries,
  /// "dead" with the death and the history. Answers the receipts that were stale, by their places from 1.
  static let settle = broker(
    """
    local name, kept, window = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[6])
    local group = session(name, ARGV[2], ARGV[3], ARGV[4])
    local stale, isReady, isFree, isPublished, finished = {}, false, false, false, 0
    -- Whoever waits could not read any more.
    if group and redis.call('XPENDING', LOG, name)[1] >= window then isReady = true end

    local function finish(at, number)
      redis.call('XACK', LOG, name, entryID(at))
      redis.call('HDEL', group.receipts, string.format('%.0f', at))
      if release(group, number) then isFree = true end
      finished = finished + 1
    end

    local i, place = 7, 0
    while i <= #ARGV do
      place = place + 1
      local given, at, outcome = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
      local first = i + 3
      i = first + (outcome == 'handled' and 1 + 4 * ARGV[first] or outcome == 'returned' and 1 or 2)
      local present, number
      if group then present, number = receipt(group, at) end
      if present ~= given or redis.call('HGET', group.holders, number) ~= ARGV[3] then
        stale[#stale + 1] = place
      elseif outcome == 'handled' then
        finish(at, number)
        for j = first + 1, i - 1, 4 do
          store(ARGV[j], ARGV[j + 1], ARGV[j + 2], ARGV[j + 3])
          isPublished = true
        end
      elseif outcome == 'returned' then
        giveBack(group, at, tonumber(ARGV[first]))
        isReady = true
      else
        local id = entryID(at)
        local found = redis.call('XRANGE', LOG, id, id)[1]
        finish(at, number)
        -- One that somebody removed by hand is finished.
        if found then
          local entry = named(found[2])
          local letter = string.format('%.0f', nextNumber())
          redis.call('HSET', P .. ':dead:' .. letter, 'group', name, 'type', entry.t, 'key', entry.k,
            'event', entry.e, 'death', ARGV[first], 'history', ARGV[first + 1])
          redis.call('ZADD', P .. ':dead', letter, letter)
          redis.call('ZADD', P .. ':dead:of:' .. name, letter, letter)
          local surplus = redis.call('ZCARD', P .. ':dead') - kept
          if surplus > 0 then
            for _, oldest in ipairs(redis.call('ZRANGE', P .. ':dead', 0, surplus - 1)) do
              removeLetter(oldest)
            end
          end
        end
      end
    end
    if finished > 0 then
      local count = redis.call('INCRBY', P .. ':settled', finished)
      if math.floor(count / 64) > math.floor((count - finished) / 64) then trim() end
    end
    if isPublished then
      wake('*')
    elseif group and (isReady or isFree and redis.call('SCARD', group.filled) > 0) then
      wake(name)
    end
    return stale
    """)
}
