public import Resilience

/// A shared limiter lost Redis, or has it back.
public struct SharedRateLimiterEvent: ResilienceEvent, Hashable {
  /// What happened.
  public enum Kind: Sendable, Hashable {
    /// Redis is away: this process goes on with its fallback.
    case away(RedisError)

    /// Redis is back, and the limit shared again.
    case back
  }

  /// The limiter's name.
  public let limiter: String

  /// What happened.
  public let kind: Kind

  /// When.
  public let instant: Instant

  /// `shared_rate_limiter.away` or `shared_rate_limiter.back`.
  public var name: String {
    switch kind {
    case .away: "shared_rate_limiter.away"
    case .back: "shared_rate_limiter.back"
    }
  }

  /// The limiter's name, and why Redis is away.
  public var attributes: [EventAttribute] {
    let limiter = EventAttribute("limiter", .string(limiter))
    guard case .away(let error) = kind else { return [limiter] }
    return [limiter, EventAttribute("error", .string("\(error)"))]
  }
}
