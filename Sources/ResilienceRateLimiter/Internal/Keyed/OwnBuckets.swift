public import ResilienceCore

/// The buckets of those keys of one shard that have a limit of their own.
///
/// What the shard's table has for such a key is no state, but a mark that says which of these it is. A mark
/// is so far ahead of the present that nobody takes a permit by it: so only who is refused looks here, and
/// keys that have no limit of their own pay nothing for those that have.
@usableFromInline
struct OwnBuckets: Sendable {
  private var buckets: [OwnBucket] = []
  private var free: [Int] = []

  @usableFromInline
  init() {}

  var count: Int { buckets.count - free.count }

  /// The states of buckets are some 2⁶² at most.
  @inlinable static var leastMark: Int64 { .max - (1 << 32) }

  @inlinable
  static func isMark(_ state: Int64) -> Bool { state >= leastMark }

  subscript(mark: Int64) -> OwnBucket {
    get { buckets[index(of: mark)] }
    set { buckets[index(of: mark)] = newValue }
  }

  @usableFromInline
  mutating func take(_ permits: Int, of mark: Int64, at now: Instant) -> RateLimitDecision {
    buckets[index(of: mark)].take(permits, at: now)
  }

  mutating func refund(_ permits: Int, of mark: Int64, at now: Instant) -> Bool {
    buckets[index(of: mark)].refund(permits, at: now)
  }

  mutating func update(_ limit: RateLimit, of mark: Int64, at now: Instant) {
    buckets[index(of: mark)].update(limit, at: now)
  }

  /// - Returns: Its mark.
  mutating func add(_ bucket: OwnBucket) -> Int64 {
    if let index = free.popLast() {
      buckets[index] = bucket
      return .max - Int64(index)
    }
    buckets.append(bucket)
    return .max - Int64(buckets.count - 1)
  }

  mutating func remove(_ mark: Int64) -> OwnBucket {
    let bucket = self[mark]
    free.append(index(of: mark))
    if count == 0 { self = OwnBuckets() }
    return bucket
  }

  private func index(of mark: Int64) -> Int { Int(.max - mark) }
}
