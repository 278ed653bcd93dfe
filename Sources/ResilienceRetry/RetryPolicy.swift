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
  /// The most attempts, the first call included.
  public let maxAttempts: Int

  /// How long to wait before each retry.
  public let backoff: Backoff

  /// The longest wait that a destination, or a refusal, may ask for. What asks for more is not retried.
  public let maxRetryAfter: Duration

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxAttempts: The first call included, 1 to 10 000, or `.max` for no bound. Default: 3, as resilience4j and the AWS
  ///     SDKs. Think twice before `.max`: nothing but the deadline, the budget and the caller's cancellation then ends a
  ///     call to a destination that is gone, and a call with neither waits for ever.
  ///   - backoff: Default: exponential from 50 ms to 20 s with full jitter.
  ///   - maxRetryAfter: 0 or more. Default: 20 s, the default backoff's own cap: without a bound, a header of a broken
  ///     server would stall its clients for hours.
  public init(
    maxAttempts: Int = 3, backoff: Backoff = .exponential(), maxRetryAfter: Duration = .seconds(20)
  ) {
    self.maxAttempts = maxAttempts
    self.backoff = backoff
    self.maxRetryAfter = maxRetryAfter
    if let fault { preconditionFailure("a retry policy's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(
      maxAttempts == .max || (1...10_000).contains(maxAttempts), "maxAttempts", maxAttempts,
      "in 1 ... 10000, or \(Int.max) for no bound")
      ?? .unless(maxRetryAfter >= .zero, "maxRetryAfter", maxRetryAfter, "0s or more")
  }
}
