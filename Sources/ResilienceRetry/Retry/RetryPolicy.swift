public import ResilienceCore

/// How often a failed call is tried, and how long is waited in between.
///
/// ```swift
/// let policy = RetryPolicy(maxAttempts: 4, backoff: .exponential(base: .milliseconds(20)))
///
/// let call = ServiceCall("inventory") { … }.retry(policy)                             // a decorator
/// let stock = try await policy.run(budget: budget) { attempt in try await … }         // inline
/// let decision = policy.decision(after: outcome, attempt: 1, now: now, seed: seed)    // by hand
/// ```
///
/// What counts as a failure is not said here but at the leaf, once for all layers: see `Handler.classify`.
public struct RetryPolicy: Sendable, Hashable {
  /// The most attempts, the first call included; `Int.max` when there is no such limit.
  public let maxAttempts: Int

  /// How long to wait before each retry.
  public let backoff: Backoff

  /// The longest wait that a destination, or a refusal, may ask for. What asks for more is not retried.
  public let maxRetryAfter: Duration

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxAttempts: The first call included, 1 to 10 000, or `.max` for as many as it takes. Default: 3, as
  ///     resilience4j and the AWS SDKs. Think twice before `.max`: what is down for an hour is then asked for
  ///     an hour, by every caller that came meanwhile. Only a deadline or the caller's cancellation ends such
  ///     a call, and only a budget keeps what all of them do together small; for work that nobody waits for,
  ///     such as a reconnecting stream, it is right.
  ///   - backoff: Default: exponential from 50 ms to 20 s with full jitter.
  ///   - maxRetryAfter: 0 or more. Default: 20 s, the default backoff's own cap: without a bound, a header of
  ///     a broken server would stall its clients for hours.
  public init(
    maxAttempts: Int = 3, backoff: Backoff = .exponential(), maxRetryAfter: Duration = .seconds(20)
  ) {
    self.init(unchecked: maxAttempts, backoff, maxRetryAfter)
    if let fault { preconditionFailure("a retry policy's \(fault)") }
  }

  /// Creates a policy from values that come from outside the program, as
  /// ``init(maxAttempts:backoff:maxRetryAfter:)`` does from its constants.
  ///
  /// - Throws: `InvalidSetting`, naming the value, where that traps.
  public static func validated(
    maxAttempts: Int = 3, backoff: Backoff = .exponential(), maxRetryAfter: Duration = .seconds(20)
  ) throws(InvalidSetting) -> RetryPolicy {
    let policy = RetryPolicy(unchecked: maxAttempts, backoff, maxRetryAfter)
    if let fault = policy.fault { throw fault }
    return policy
  }

  private init(unchecked maxAttempts: Int, _ backoff: Backoff, _ maxRetryAfter: Duration) {
    self.maxAttempts = maxAttempts
    self.backoff = backoff
    self.maxRetryAfter = maxRetryAfter
  }

  static let attempts = 1...10_000

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(
      Self.attempts.contains(maxAttempts) || maxAttempts == .max, "maxAttempts", maxAttempts,
      "in 1 ... 10000, or Int.max")
      ?? .unless(maxRetryAfter >= .zero, "maxRetryAfter", maxRetryAfter, "0s or more")
  }
}
