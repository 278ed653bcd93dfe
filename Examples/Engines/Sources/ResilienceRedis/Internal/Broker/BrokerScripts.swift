// What a broker does, each as one step of Redis.
//
// All is under one prefix, the only key that is named:
//
//     seq             the last number: of positions, groups, consumers, receipts and dead letters
//     log             the stream of events: t type, k hash of the partition key, e the event; g for one
//                     group, h its history
//     settled         how many settlements there were: the log is trimmed at each 64th
//     groups          by name: number, partitions, kind and text of the filter
//     later           positions of events for later by their time; later:events has what is stored then
//     dead            numbers of dead letters; dead:of:GROUP those of one group; dead:NUMBER a letter
//     lost:CONSUMER   one that nobody has, and that may come late to join
//     wake            a channel: which group may have something to hand out, or * for all
//     g:NUMBER:       of one group:
//       m, x          consumers, and when their sessions end
//       p, r:NUMBER   partitions with events that can be handed out, and these
//       h, n          by partition: which consumer holds events of it, and how many
//       k             by position: the receipt, the partition and the call with which an event was handed out
//       f             by consumer: calls up to this one hand nothing out any more
//
// A group is a consumer group of the stream. What it has read and not settled is in its pending list: with
// the consumer "ready" until it is handed out, then with the one that has it, which claims it. Deliveries are
// one less than the list counts, since reading counts as well.

extension RedisScript {
  private static let shared = """
    local P = KEYS[1]
    local LOG = P .. ':log'
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]

    -- It begins with the time: a Redis that has forgotten everything gives no number once more.
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

    -- What calls whose answers were lost had handed out nobody has, and it does not count as delivered. The
    -- first and the last of such calls stand in ARGV, from an index on.
    local function giveBackLost(group, member, from)
      if #ARGV < from then return end
      for _, entry in ipairs(redis.call('XPENDING', LOG, group.name, '-', '+', 1000000, member)) do
        local at = position(entry[1])
        local _, _, by = receipt(group, at)
        by = tonumber(by)
        for i = from, #ARGV, 2 do
          if by and by >= tonumber(ARGV[i]) and by <= tonumber(ARGV[i + 1]) then
            giveBack(group, at, entry[4] - 2)
            break
          end
        end
      end
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
      -- Where nobody settles, since there is no group.
      if redis.call('XLEN', LOG) % 1024 == 0 then trim() end
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

  /// - Parameter frees: Whether it is done when Redis is at its `maxmemory` too: else nobody could settle
  ///   anything.
  static func broker(frees: Bool = true, _ source: String) -> RedisScript {
    RedisScript((frees ? "#!lua flags=allow-oom\n" : "#!lua\n") + shared + source)
  }

  /// Arguments: the capacity; of each event its time in microseconds, its type, the hash of its key and
  /// itself. Answers whether there was room.
  static let publish = broker(
    frees: false,
    """
    local capacity = tonumber(ARGV[1])
    local count = (#ARGV - 1) / 4
    local room = capacity - count - redis.call('ZCARD', P .. ':later')
    if redis.call('XLEN', LOG) > room then
      trim()
      if redis.call('XLEN', LOG) > room then return 0 end
    end
    for i = 2, #ARGV, 4 do store(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]) end
    wake('*')
    return 1
    """)

  /// Removes what all groups have settled, also where Redis has no memory to publish. Answers how many events.
  static let trim = broker(
    """
    local length = redis.call('XLEN', LOG)
    trim()
    return length - redis.call('XLEN', LOG)
    """)

  /// Joins a group that is there, also where Redis has no memory. Else answers "missing".
  static let join = broker("local makes = false\n" + joining)

  /// Joins a group, and makes it if it is not there.
  static let joinNew = broker(frees: false, "local makes = true\n" + joining)

  /// Arguments: the group, its partitions, kind and text of its filter, where it begins; how long a session
  /// lasts; the consumer, and those that joined by calls whose answers were lost: nobody has them. Answers the
  /// group's number, or with the filter that it has.
  private static let joining =
    """
    local name, partitions, kind, filter, start, length, member = unpack(ARGV, 1, 7)
    releaseLater()
    if not find(name) then
      if not makes then return {'missing', '', ''} end
      redis.call('XGROUP', 'CREATE', LOG, name, start, 'MKSTREAM')
      redis.call('HSET', P .. ':groups', name,
        string.format('%.0f', nextNumber()) .. ' ' .. partitions .. ' ' .. kind .. ' ' .. filter)
    end
    local group = find(name)
    if group.kind ~= kind or group.filter ~= filter then return {'conflict', group.kind, group.filter} end
    -- A call that comes late, and whose answer nobody waits for.
    if redis.call('EXISTS', P .. ':lost:' .. member) == 1 then return {'lost', '', ''} end
    expire(group)
    for i = 8, #ARGV do
      if redis.call('ZSCORE', group.members, ARGV[i]) then
        leave(group, ARGV[i])
      else
        redis.call('SET', P .. ':lost:' .. ARGV[i], '', 'PX', math.ceil(length / 1000))
      end
    end
    redis.call('ZADD', group.members, string.format('%.0f', nextNumber()), member)
    redis.call('ZADD', group.ends, now + length, member)
    wake(name)
    return {'joined', group.number, ''}
    """

  /// Arguments: the group, its number, the consumer's, how long a session lasts. Answers whether it lasts.
  static let heartbeat = broker(
    """
    return session(ARGV[1], ARGV[2], ARGV[3], ARGV[4]) and 1 or 0
    """)

  /// Arguments: the group, its number, the consumer; of calls whose answers were lost the first and the last,
  /// as often as there are such.
  static let leave = broker(
    """
    local group = find(ARGV[1])
    if group and group.number == ARGV[2] and redis.call('ZSCORE', group.members, ARGV[3]) then
      giveBackLost(group, ARGV[3], 4)
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
    trim()
    wake(group.name)
    return 1
    """)
}
