public import HTTPTypes
public import Resilience

extension HTTPFields {
  /// Writes what a client is told of its limits: `RateLimit` and `RateLimit-Policy`
  /// (draft-ietf-httpapi-ratelimit-headers), several with a comma in between.
  public mutating func set(_ limits: [RateLimitFields]) {
    guard !limits.isEmpty else { return }
    self[.rateLimit] = limits.map(\.rateLimit).joined(separator: ", ")
    self[.rateLimitPolicy] = limits.map(\.policy).joined(separator: ", ")
  }

  /// Writes what a client is told of one limit.
  public mutating func set(_ limit: RateLimitFields) {
    self[.rateLimit] = limit.rateLimit
    self[.rateLimitPolicy] = limit.policy
  }

  /// Writes `Retry-After` in whole seconds, rounded up; nothing for `nil`.
  public mutating func set(retryAfter delay: Duration?) {
    if let delay { self[.retryAfter] = "\(RetryAfter(delay))" }
  }
}
