internal import ResilienceCore

/// What a bucket keeps under its lock, in as little memory as may be.
///
/// Of most buckets all that matters is in the ``LockFreeBucket``, and the rest is this small. From the first
/// call that waits, the first reservation or the first change of the limit, or from the beginning if somebody
/// listens, or no time passes, a bucket has a whole ``BucketState``, and keeps it.
enum BucketStorage: Sendable {
  case light(LightBucket)
  case full(Boxed<BucketState>)

  init(_ state: BucketState) {
    self = LightBucket(state).map { .light($0) } ?? .full(Boxed(state))
  }

  var full: Boxed<BucketState>? {
    if case .full(let full) = self { full } else { nil }
  }
}

/// What the lock-free bucket does not say of a usual one.
struct LightBucket: Sendable {
  static var maxWaiting: Int { 1024 }

  private let periodNanoseconds: Int64
  // The largest for no limit.
  private let permits: UInt32
  let refunded: UInt32

  /// - Returns: `nil` for a bucket of which there is more to keep.
  init?(_ state: BucketState) {
    let limit = state.limit
    let nanoseconds = limit.period.clampedNanoseconds
    guard state.isUsual, .nanoseconds(nanoseconds) == limit.period,
      let refunded = UInt32(exactly: state.refunded)
    else { return nil }
    periodNanoseconds = nanoseconds
    permits = limit.isUnlimited ? .max : UInt32(limit.permits)
    self.refunded = refunded
  }

  /// The limit, of which the lock-free bucket knows the burst.
  func limit(burst: Int) -> RateLimit {
    if permits == .max { return .unlimited }
    return RateLimit(unchecked: Int(permits), per: .nanoseconds(periodNanoseconds), burst: burst)
  }
}
