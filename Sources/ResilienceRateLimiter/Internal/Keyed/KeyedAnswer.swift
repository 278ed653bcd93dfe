public import ResilienceCore

/// What the buckets of a keyed limiter answer.
@usableFromInline
package enum KeyedAnswer: Sendable, Hashable {
  case acquired
  case refused(retryAt: Instant?)
  /// The key is new, and as many as allowed are in use.
  case noRoom(retryAt: Instant?)

  var retryAt: Instant? {
    switch self {
    case .acquired: nil
    case .refused(let retryAt), .noRoom(let retryAt): retryAt
    }
  }
}
