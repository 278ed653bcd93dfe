internal import ResilienceCore

/// One call's search for an instance whose own layers do not refuse it: an open breaker, an empty bucket.
@usableFromInline
struct RefusedInstances {
  /// The hash of the call's key; 0 for none.
  @usableFromInline let key: UInt64

  /// Under which it is noted who has refused; 0 while nobody has.
  var searchID: UInt64 = 0

  private(set) var count = 0
  private var earliest: (any Error)?
  private var retryAt: Instant?

  @usableFromInline
  init(key: UInt64 = 0) {
    self.key = key
  }

  /// Notes a refusal. Of several, the one that ends first is what the caller is told.
  mutating func note(_ rejection: any Rejection) {
    count += 1
    guard let instant = rejection.retryAt else {
      earliest = earliest ?? rejection
      return
    }
    if retryAt.map({ instant < $0 }) ?? true {
      earliest = rejection
      retryAt = instant
    }
  }

  var rejection: (any Error)? { earliest }
}
