internal import ResilienceCore

/// What a bucket keeps under its lock, in as little memory as may be.
///
/// Of most buckets all that matters is in the ``LockFreeBucket``, and the rest is this small. From the first
/// call that waits, the first reservation or the first change of the limit, or from the beginning if somebody
/// listens, or no time passes, a bucket has a whole ``BucketState``, and keeps it.
enum BucketStorage: @unchecked Sendable {
  case light(LightBucket)
  // Not an object: counting references to it would cost as much as what is done with it. The bucket has the
  // only one, and frees it at its end.
  case full(UnsafeMutablePointer<BucketState>)

  init(_ state: BucketState) {
    self = LightBucket(state).map { .light($0) } ?? .whole(state)
  }

  /// What has become of a light one.
  init(_ state: BucketState, was light: LightBucket) {
    self = light.after(state).map { .light($0) } ?? .whole(state)
  }

  static func whole(_ state: BucketState) -> BucketStorage {
    let pointer = UnsafeMutablePointer<BucketState>.allocate(capacity: 1)
    pointer.initialize(to: state)
    return .full(pointer)
  }

  var full: UnsafeMutablePointer<BucketState>? {
    if case .full(let full) = self { full } else { nil }
  }

  func free() {
    full?.deinitialize(count: 1).deallocate()
  }
}

/// What the lock-free bucket does not say of a usual one.
struct LightBucket: Sendable {
  static var maxWaiting: Int { 1024 }

  private let periodNanoseconds: Int64
  // The largest for no limit.
  private let permits: UInt32
  private(set) var refunded: UInt32

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

  /// What it is after something was done with what it stands for; `nil` when there is more to keep now.
  func after(_ state: BucketState) -> LightBucket? {
    guard !state.isUpdated, let refunded = UInt32(exactly: state.refunded) else { return nil }
    var light = self
    light.refunded = refunded
    return light
  }

  /// The limit, of which the lock-free bucket knows the burst.
  func limit(burst: Int) -> RateLimit {
    if permits == .max { return .unlimited }
    return RateLimit(unchecked: Int(permits), per: .nanoseconds(periodNanoseconds), burst: burst)
  }
}
