public import ResilienceCore

/// The event is being handled by another delivery, which was waited for in vain, or the inbox is full of
/// events that are: ask again later.
public struct EventInProgress: Rejection, Hashable, CustomStringConvertible {
  /// The event.
  public let key: InboxKey

  /// When the next lease ends; `nil` when the other delivery was waited for, and may end at any time.
  public let retryAt: Instant?

  /// Creates the error.
  public init(key: InboxKey, retryAt: Instant?) {
    self.key = key
    self.retryAt = retryAt
  }

  /// The event, and for how long at most, as of reading.
  public var description: String {
    let rest = retryAt?.delayText.map { ", for at most another \($0)" } ?? ""
    return "\(key) is being handled by another delivery\(rest)"
  }
}
