public import ResilienceCore

/// What a handler throws to have its event delivered again after a time: a negative acknowledgement.
///
/// ```swift
/// guard stock.isOpen else { throw RedeliverLater(after: .seconds(60), "the stock is closed") }
/// ```
///
/// The delivery counts as failed, and the policy's backoff comes on top, so that those who name the same time
/// do not come back together. Any error whose pushback has a `retryAfter` does the same.
public struct RedeliverLater: Error, PushbackProviding, Hashable, CustomStringConvertible {
  /// How long to wait at least.
  public let delay: Duration

  /// Why.
  public let reason: String

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - delay: How long to wait at least; below zero is zero.
  ///   - reason: Why.
  public init(after delay: Duration, _ reason: String) {
    self.delay = delay
    self.reason = reason
  }

  /// Retry after the delay.
  public var pushback: Pushback { Pushback(retryAfter: delay) }

  /// The delay and the reason.
  public var description: String { "to be delivered again after \(delay.unitText): \(reason)" }
}
