extension RedisScript {
  /// Arguments: the group, or nothing for all; after which number; how many, how many bytes are enough.
  /// Answers of each letter the number, the group, the event, the death, the history, the type and the hash
  /// of the key.
  static let letters = broker(
    """
    local key = P .. ':dead' .. (ARGV[1] == '' and '' or ':of:' .. ARGV[1])
    local letters, bytes = {}, 0
    for _, number in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])) do
      local letter = redis.call('HMGET', P .. ':dead:' .. number, 'group', 'event', 'death', 'history')
      letters[#letters + 1] = {number, unpack(letter)}
      bytes = bytes + #letter[2] + #letter[3] + #letter[4] + 512
      if bytes >= tonumber(ARGV[4]) then break end
    end
    return letters
    """)

  /// Arguments: the letter. Answers whether it was there.
  static let removeLetter = broker(
    """
    return removeLetter(ARGV[1]) and 1 or 0
    """)

  /// Arguments: the letter, its history; and an event in the place of its own, with its type and the hash of
  /// its key. Answers whether it was there, or "missing" and its group.
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
