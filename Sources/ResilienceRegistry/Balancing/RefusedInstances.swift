internal import ResilienceCore

/// The instances of one call whose own layers have refused to start the work: an open breaker, an empty bucket.
@usableFromInline
struct RefusedInstances {
  private(set) var epochs: [UInt64] = []
  private var earliest: (any Error)?
  private var retryAt: Instant?

  @usableFromInline
  init() {}

  /// Notes a refusal. Of several, the one that ends first is what the caller is told.
  mutating func note(_ epoch: UInt64, _ rejection: any Rejection) {
    epochs.append(epoch)
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
