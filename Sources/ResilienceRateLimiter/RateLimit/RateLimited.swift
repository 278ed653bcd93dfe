public import ResilienceCore

/// A call was not made, because the limiter had no permit for it.
public struct RateLimited: Rejection, Hashable {
  /// Why the call was not made.
  public enum Reason: Sendable, Hashable {
    /// There was no permit, and the call was not to wait for one; or no permit will ever come.
    case noPermit

    /// Its deadline comes before its turn, or came while it waited.
    case deadline

    /// As many calls as the limiter allows are waiting already.
    case queueFull

    /// The limiter keeps as many keys as it may, and this one is new.
    case tooManyKeys
  }

  /// The limiter's name.
  public let limiter: String

  // Beside each other they leave no gaps: a thrown error is allocated.
  private let delayNanoseconds: Int64

  /// When trying again can succeed at the earliest; `nil` when it never can.
  public let retryAt: Instant?

  /// Why the call was not made.
  public let reason: Reason

  /// How long ``retryAt`` was away when the call was refused: zero or more, `nil` when trying again never
  /// succeeds.
  ///
  /// What a person can read; a program that acts later asks ``ResilienceCore/Rejection/retryAfter(at:)``.
  public var retryDelay: Duration? { retryAt.map { _ in .nanoseconds(delayNanoseconds) } }

  /// Creates a rejection.
  ///
  /// - Parameters:
  ///   - limiter: The limiter's name.
  ///   - reason: Why the call was not made.
  ///   - retryAt: When trying again can succeed at the earliest; `nil` when it never can.
  ///   - now: When the call was refused.
  public init(limiter: String, reason: Reason, retryAt: Instant?, at now: Instant) {
    self.limiter = limiter
    self.reason = reason
    self.retryAt = retryAt
    delayNanoseconds = retryAt.map { max(0, now.nanoseconds(to: $0)) } ?? 0
  }
}

extension RateLimited: CustomStringConvertible {
  /// Names the limiter, the reason, and after which delay to try again, rounded up: `4.5 s`.
  public var description: String {
    let because =
      switch reason {
      case .noPermit: "has no permit left"
      case .deadline: "has no permit before the deadline"
      case .queueFull: "has no permit left and its queue is full"
      case .tooManyKeys: "has no room for another key"
      }
    let hint = retryDelay.map { "try again in \($0.delayText) at the earliest" } ?? "it will never have one"
    return "rate limiter \"\(limiter)\" \(because); \(hint)"
  }
}
