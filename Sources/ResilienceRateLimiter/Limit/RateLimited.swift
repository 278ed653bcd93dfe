public import ResilienceCore

/// A call was not made, because the limiter had no permit for it.
public struct RateLimited: Rejection, Hashable {
  /// Why the call did not wait.
  public enum Reason: Sendable, Hashable {
    /// It was not to wait, or no permit will ever come.
    case noPermit

    /// Its deadline comes before its turn.
    case deadline

    /// As many calls as the limiter allows are waiting already.
    case queueFull

    /// The limiter keeps as many keys as it may, and this one is new.
    case tooManyKeys
  }

  /// The limiter's name.
  public let limiter: String

  /// Why the call did not wait.
  public let reason: Reason

  /// When trying again can succeed at the earliest; `nil` when it never can.
  public let retryAt: Instant?

  /// Creates a rejection.
  public init(limiter: String, reason: Reason, retryAt: Instant?) {
    self.limiter = limiter
    self.reason = reason
    self.retryAt = retryAt
  }
}

extension RateLimited: CustomStringConvertible {
  /// Names the limiter, the reason, and when to try again.
  public var description: String {
    let because =
      switch reason {
      case .noPermit: "has no permit left"
      case .deadline: "has no permit before the deadline"
      case .queueFull: "has no permit left and its queue is full"
      case .tooManyKeys: "has no room for another key"
      }
    let hint = retryAt.map { "try again at \($0) at the earliest" } ?? "it will never have one"
    return "rate limiter \"\(limiter)\" \(because); \(hint)"
  }
}
