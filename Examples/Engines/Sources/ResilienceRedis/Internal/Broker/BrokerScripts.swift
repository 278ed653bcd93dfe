// What a broker does, each as one step of Redis.
//
// All is under one prefix, the only key that is named:
//
//     seq             the last number: of positions, groups, consumers, receipts and dead letters
//     log             the stream of events: t type, k hash of the partition key, e the event; g for one group, h its history
//     groups          by name: number, partitions, kind and text of the filter
//     later           positions of events for later by their time; later:events has what is stored then
//     dead            numbers of dead letters; dead:of:GROUP those of one group; dead:NUMBER a letter
//     wake            a channel: which group may have something to hand out, or * for all
//     g:NUMBER:       of one group:
//       m, x          consumers, and when their sessions end
//       p, r:NUMBER   partitions with events that can be handed out, and these
//       h, n          by partition: which consumer holds events of it, and how many
//       k             by position: the receipt, the partition and the call with which an event was handed out
//       f             by consumer: calls up to this one hand nothing out any more
//
// A group is a consumer group of the stream. What it has read and not settled is in its pending list: with the consumer
// "ready" until it is handed out, then with the one that has it, which claims it. Deliveries are one less than the list
// counts, since reading counts as well.

extension RedisScript {
  private static let shared = """
    local P = KEYS[1]
    local LOG = P .. ':log'
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]

    -- A Redis that has forgotten everything gives no number again that it gave before: it begins with the time.
    local function nextNumber()
      local number = redis.call('INCR', P .. ':seq')
      if number > 1 then return number end
      redis.call('SET', P .. ':seq', string.format('%.0f', now))
      return now
    end
    local function entryID(position) return string.format('%.0f-0', position) end
    local function position(id) return tonumber(string.match(id, '^(%d+)')) end
    local function wake(name) redis.call('PUBLISH', P .. ':wake', name) end

    local function find(name)
      local text = redis.call('HGET', P .. ':groups', name)
      if not text then return nil end
      local number, partitions, kind, filter = string.match(text, '^(%d+) (%d+) (%a+) (.*)$')
      local base = P .. ':g:' .. number .. ':'
      return {name = name, number = number, partitions = tonumber(partitions), kind = kind, filter = filter,
        members = base .. 'm', ends = base .. 'x', filled = base .. 'p', ready = base .. 'r:',
        holders = base .. 'h', counts = base .. 'n', receipts = base .. 'k', fences = base .. 'f'}
    end

    local function named(fields)
      local names = {}
      for i = 1, #fields, 2 do names[fields[i]] = fields[i + 1] end
      return names
    end

    local function partition(group, entry, at)
      if entry.k == '' then return at % group.partitions end
      return tonumber(entry.k) % group.partitions
    end

    local function matches(group, entry)
      if entry.g then return entry.g == group.number end
      if group.kind == 'type' then return entry.t == group.filter end
      return group.kind == 'all' or string.sub(entry.t, 1, #group.filter) == group.filter
    end

    local function makeReady(group, number, at)
      redis.call('ZADD', group.ready .. number, at, string.format('%.0f', at))
      redis.call('SADD', group.filled, number)
    end

    local function release(group, number)
      if redis.call('HINCRBY', group.counts, number, -1) > 0 then return false end
      redis.call('HDEL', group.counts, number)
      redis.call('HDEL', group.holders, number)
      return true
    end

    local function receipt(group, at)
      local text = redis.call('HGET', group.receipts, string.format('%.0f', at))
      if not text then return nil end
      return string.match(text, '^(%d+) (%d+) (%d+)$')
    end

    -- Makes an event ready again; with another count of deliveries if one is given.
    local function giveBack(group, at, deliveries)
      local claim = {'XCLAIM', LOG, group.name, 'ready', 0, entryID(at), 'JUSTID'}
      if deliveries then
        claim[#claim + 1] = 'RETRYCOUNT'
        claim[#claim + 1] = deliveries + 1
      end
      redis.call(unpack(claim))
      local _, number = receipt(group, at)
      if not number then return end
      redis.call('HDEL', group.receipts, string.format('%.0f', at))
      makeReady(group, number, at)
      release(group, number)
    end

    local function leave(group, member)
      while true do
        local pending = redis.call('XPENDING', LOG, group.name, '-', '+', 100, member)
        if #pending == 0 then break end
        for _, entry in ipairs(pending) do giveBack(group, position(entry[1])) end
      end
      redis.call('XGROUP', 'DELCONSUMER', LOG, group.name, member)
      redis.call('ZREM', group.members, member)
      redis.call('ZREM', group.ends, member)
      redis.call('HDEL', group.fences, member)
    end

    local function expire(group)
      local over = redis.call('ZRANGEBYSCORE', group.ends, '-inf', now)
      for _, member in ipairs(over) do leave(group, member) end
      if #over > 0 then wake(group.name) end
    end

    -- The group, when the consumer's session lasts: which it does from now on.
    local function session(name, number, member, length)
      local group = find(name)
      if not group or group.number ~= number then return nil end
      expire(group)
      if not redis.call('ZSCORE', group.members, member) then return nil end
      redis.call('ZADD', group.ends, now + length, member)
      return group
    end

    local function trim()
      if redis.call('EXISTS', LOG) == 0 then return end
      local floor
      for _, fields in ipairs(redis.call('XINFO', 'GROUPS', LOG)) do
        local group = named(fields)
        local first = position(group['last-delivered-id']) + 1
        if group.pending > 0 then first = position(redis.call('XPENDING', LOG, group.name)[2]) end
        floor = math.min(floor or first, first)
      end
      if floor then
        redis.call('XTRIM', LOG, 'MINID', entryID(floor))
      else
        redis.call('XTRIM', LOG, 'MAXLEN', 0)
      end
    end

    local function append(fields)
      local at = nextNumber()
      redis.call('XADD', LOG, entryID(at), unpack(fields))
      if at % 1024 == 0 then trim() end
    end

    local function store(due, kind, key, event)
      local fields = {'t', kind, 'k', key, 'e', event}
      if tonumber(due) <= now then return append(fields) end
      local number = string.format('%016.0f', nextNumber())
      redis.call('ZADD', P .. ':later', due, number)
      redis.call('HSET', P .. ':later:events', number, cmsgpack.pack(fields))
    end

    local function releaseLater()
      local due = redis.call('ZRANGEBYSCORE', P .. ':later', '-inf', now, 'LIMIT', 0, 500)
      for _, number in ipairs(due) do
        append(cmsgpack.unpack(redis.call('HGET', P .. ':later:events', number)))
        redis.call('HDEL', P .. ':later:events', number)
        redis.call('ZREM', P .. ':later', number)
      end
      if #due > 0 then wake('*') end
    end

    local function removeLetter(number)
      local name = redis.call('HGET', P .. ':dead:' .. number, 'group')
      if not name then return false end
      redis.call('DEL', P .. ':dead:' .. number)
      redis.call('ZREM', P .. ':dead', number)
      redis.call('ZREM', P .. ':dead:of:' .. name, number)
      return true
    end

    """

  /// - Parameter frees: Whether it is done when Redis is at its `maxmemory` too: else nobody could settle anything.
  private static func broker(frees: Bool = true, _ source: String) -> RedisScript {
    RedisScript((frees ? "#!lua flags=allow-oom\n" : "#!lua\n") + shared + source)
  }

  /// Arguments: the capacity; of each event its time in microseconds, its type, the hash of its key and itself. Answers
  /// whether there was room.
  static let publish = broker(
    frees: false,
    """
    local capacity = tonumber(ARGV[1])
    local count = (#ARGV - 1) / 4
    if redis.call('XLEN', LOG) + count > capacity then
      trim()
      if redis.call('XLEN', LOG) + count > capacity then return 0 end
    end
    for i = 2, #ARGV, 4 do store(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
    wake('*')
    return 1
    """)

  /// Arguments: the group, its partitions, kind and text of its filter, where it begins; how long a session lasts. Answers
  /// its number and the consumer's, or with the filter that it has.
  static let join = broker(
    frees: false,
    """
    local name, partitions, kind, filter, start, length = unpack(ARGV)
    releaseLater()
    if not find(name) then
      redis.call('XGROUP', 'CREATE', LOG, name, start, 'MKSTREAM')
      redis.call('HSET', P .. ':groups', name,
        string.format('%.0f', nextNumber()) .. ' ' .. partitions .. ' ' .. kind .. ' ' .. filter)
    end
    local group = find(name)
    if group.kind ~= kind or group.filter ~= filter then return {'conflict', group.kind, group.filter} end
    expire(group)
    local member = string.format('%.0f', nextNumber())
    redis.call('ZADD', group.members, member, member)
    redis.call('ZADD', group.ends, now + length, member)
    wake(name)
    return {'joined', group.number, member}
    """)

  /// Arguments: the group, its number, the consumer's, how long a session lasts. Answers whether it lasts.
  static let heartbeat = broker(
    """
    return session(ARGV[1], ARGV[2], ARGV[3], ARGV[4]) and 1 or 0
    """)

  /// Arguments: the group, its number, the consumer's.
  static let leave = broker(
    """
    local group = find(ARGV[1])
    if group and group.number == ARGV[2] and redis.call('ZSCORE', group.members, ARGV[3]) then
      leave(group, ARGV[3])
      wake(group.name)
    end
    return 1
    """)

  /// Arguments: the group. Answers whether it was there.
  static let removeGroup = broker(
    """
    local group = find(ARGV[1])
    if not group then return 0 end
    redis.call('XGROUP', 'DESTROY', LOG, group.name)
    for number = 0, group.partitions - 1 do redis.call('DEL', group.ready .. number) end
    redis.call('DEL', group.members, group.ends, group.filled, group.holders, group.counts, group.receipts,
      group.fences)
    redis.call('HDEL', P .. ':groups', group.name)
    wake(group.name)
    return 1
    """)
}

// MARK: - Handing out

extension RedisScript {
  /// Arguments: the group, its number, the consumer's, how long a session lasts; how many events at most, how far the
  /// group may run ahead, how many bytes are enough; the call's number, and those of calls whose answers were lost.
  ///
  /// Answers "ended", "again" for a call that is too late, or "events" with: after how many microseconds there may be
  /// some, and of each event the receipt, the position, the deliveries, the event and its history.
  static let receive = broker(
    """
    local name, number, member, length = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
    local limit, window, enough, call = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
    releaseLater()
    local group = session(name, number, member, length)
    if not group then return {'ended'} end

    -- What a lost answer had was handed out to nobody; and it may not be done yet.
    local fence = tonumber(redis.call('HGET', group.fences, member) or 0)
    for i = 9, #ARGV do
      for _, entry in ipairs(redis.call('XPENDING', LOG, name, '-', '+', 1000000, member)) do
        local _, _, by = receipt(group, position(entry[1]))
        if by == ARGV[i] then giveBack(group, position(entry[1]), entry[4] - 2) end
      end
      fence = math.max(fence, tonumber(ARGV[i]))
      redis.call('HSET', group.fences, member, string.format('%.0f', fence))
    end
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
      bytes = bytes + #entry.e + #(entry.h or '')
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
      local streams = redis.call('XREADGROUP', 'GROUP', name, 'ready', 'COUNT', math.min(room, 250), 'STREAMS', LOG, '>')
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

  /// Arguments: the group, its number, the consumer's, how long a session lasts; how many dead letters are kept, how far the
  /// group may run ahead; of each settlement the receipt, the position, and what became of it: "handled" with the number of events that are published
  /// and these, "returned" with the deliveries, "dead" with the death and the history. Answers the receipts that were
  /// stale, by their places from 1.
  static let settle = broker(
    """
    local name, kept, window = ARGV[1], tonumber(ARGV[5]), tonumber(ARGV[6])
    local group = session(name, ARGV[2], ARGV[3], ARGV[4])
    local stale, isReady, isFree, isPublished = {}, false, false, false
    -- Whoever waits could not read any more.
    if group and redis.call('XPENDING', LOG, name)[1] >= window then isReady = true end

    local function finish(at, number)
      redis.call('XACK', LOG, name, entryID(at))
      redis.call('HDEL', group.receipts, string.format('%.0f', at))
      if release(group, number) then isFree = true end
      if at % 64 == 0 then trim() end
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
        local entry = named(redis.call('XRANGE', LOG, id, id)[1][2])
        local letter = string.format('%.0f', nextNumber())
        redis.call('HSET', P .. ':dead:' .. letter, 'group', name, 'type', entry.t, 'key', entry.k,
          'event', entry.e, 'death', ARGV[first], 'history', ARGV[first + 1])
        redis.call('ZADD', P .. ':dead', letter, letter)
        redis.call('ZADD', P .. ':dead:of:' .. name, letter, letter)
        finish(at, number)
        local surplus = redis.call('ZCARD', P .. ':dead') - kept
        if surplus > 0 then
          for _, oldest in ipairs(redis.call('ZRANGE', P .. ':dead', 0, surplus - 1)) do removeLetter(oldest) end
        end
      end
    end
    if isPublished then
      wake('*')
    elseif group and (isReady or isFree and redis.call('SCARD', group.filled) > 0) then
      wake(name)
    end
    return stale
    """)
}

// MARK: - Dead letters

extension RedisScript {
  /// Arguments: the group, or nothing for all; after which number; how many, how many bytes are enough. Answers of each
  /// letter the number, the group, the event, the death, the history, the type and the hash of the key.
  static let letters = broker(
    """
    local key = P .. ':dead' .. (ARGV[1] == '' and '' or ':of:' .. ARGV[1])
    local letters, bytes = {}, 0
    for _, number in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])) do
      local letter = redis.call('HMGET', P .. ':dead:' .. number, 'group', 'event', 'death', 'history')
      letters[#letters + 1] = {number, unpack(letter)}
      bytes = bytes + #letter[2] + #letter[4]
      if bytes >= tonumber(ARGV[4]) then break end
    end
    return letters
    """)

  /// Arguments: the letter. Answers whether it was there.
  static let removeLetter = broker(
    """
    return removeLetter(ARGV[1]) and 1 or 0
    """)

  /// Arguments: the letter, its history; and an event in the place of its own, with its type and the hash of its key.
  /// Answers whether it was there, or "missing" and its group.
  static let redrive = broker(
    frees: false,
    """
    local letter = P .. ':dead:' .. ARGV[1]
    local name, kind, key, event = unpack(redis.call('HMGET', letter, 'group', 'type', 'key', 'event'))
    if not name then return {'gone'} end
    local group = find(name)
    if not group then return {'missing', name} end
    if ARGV[3] then kind, key, event = ARGV[3], ARGV[4], ARGV[5] end
    append({'t', kind, 'k', key, 'e', event, 'g', group.number, 'h', ARGV[2]})
    removeLetter(ARGV[1])
    wake(name)
    return {'done'}
    """)
}
