/// What a ``StandardStack`` does with its calls: from the outside in a deadline for all of it, a limit and a
/// bulkhead where they are wanted, retries, a breaker and a time limit for each attempt.
///
/// ```swift
/// StandardStackPolicy()                                     // good for a call that a person waits for
/// StandardStackPolicy(deadline: .seconds(20), timeout: .seconds(8), rateLimit: .perSecond(5))
/// StandardStackPolicy.eventHandler                          // nobody waits, and the bus delivers again
/// ```
public struct StandardStackPolicy: Sendable, Hashable {
  /// How long all of it may take.
  public let deadline: TimeLimit

  /// How long an attempt may take; at most the deadline.
  public let timeout: TimeLimit

  /// Attempts and waits.
  public let retry: RetryPolicy

  /// When the destination is not called for a while.
  public let circuitBreaker: CircuitBreakerPolicy

  /// How often calls are made; `nil` for no limit.
  ///
  /// It protects the destination from this service's callers, and counts calls: attempts may be more by the
  /// retry budget, a tenth. What a provider counts is its attempts: apply a `QuotaLimiter` before
  /// `.standardStack`.
  public let rateLimit: RateLimit?

  /// How many calls are made at one time; `nil` for no limit.
  public let bulkhead: BulkheadPolicy?

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - deadline: How long all of it may take, more than 0. Default: 3 s: who waits for a page has left by
  ///     then.
  ///   - timeout: How long an attempt may take, more than 0 and at most the deadline. Default: 1 s, so that
  ///     there is time for a second and a third attempt, or the deadline if that is shorter.
  ///   - retry: Attempts and waits. Default: three attempts, exponential backoff, full jitter.
  ///   - circuitBreaker: When the destination is not called for a while. Default: the breaker's.
  ///   - rateLimit: How often calls are made, before they are retried; who comes too often is refused.
  ///     Default: no limit.
  ///   - bulkhead: How many calls are made at one time. Default: no limit.
  public init(
    deadline: Duration = .seconds(3), timeout: Duration? = nil, retry: RetryPolicy = RetryPolicy(),
    circuitBreaker: CircuitBreakerPolicy = CircuitBreakerPolicy(), rateLimit: RateLimit? = nil,
    bulkhead: BulkheadPolicy? = nil
  ) {
    let deadline = TimeLimit(deadline)
    self.init(
      deadline, timeout.map { TimeLimit($0) } ?? Self.timeout(within: deadline), retry, circuitBreaker,
      rateLimit,
      bulkhead)
    if let fault { preconditionFailure("a standard stack's \(fault)") }
  }

  init(
    _ deadline: TimeLimit, _ timeout: TimeLimit, _ retry: RetryPolicy, _ circuitBreaker: CircuitBreakerPolicy,
    _ rateLimit: RateLimit?, _ bulkhead: BulkheadPolicy?
  ) {
    self.deadline = deadline
    self.timeout = timeout
    self.retry = retry
    self.circuitBreaker = circuitBreaker
    self.rateLimit = rateLimit
    self.bulkhead = bulkhead
  }

  /// Creates a policy from values that come from outside, with the parameters and defaults of
  /// ``init(deadline:timeout:retry:circuitBreaker:rateLimit:bulkhead:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    deadline: Duration = .seconds(3), timeout: Duration? = nil, retry: RetryPolicy = RetryPolicy(),
    circuitBreaker: CircuitBreakerPolicy = CircuitBreakerPolicy(), rateLimit: RateLimit? = nil,
    bulkhead: BulkheadPolicy? = nil
  ) throws(InvalidSetting) -> StandardStackPolicy {
    let deadline = try TimeLimit.validated(deadline)
    let limit = if let timeout { try TimeLimit.validated(timeout) } else { Self.timeout(within: deadline) }
    let policy = StandardStackPolicy(deadline, limit, retry, circuitBreaker, rateLimit, bulkhead)
    if let fault = policy.fault { throw fault }
    return policy
  }

  /// For the handler of an event: nobody waits, and what fails is delivered again by the bus.
  ///
  /// A delivery has 30 s, an attempt 10 s, and there are two of them: a failure that a second attempt does
  /// not mend is better mended by the next delivery, which comes later.
  public static let eventHandler = StandardStackPolicy(
    deadline: .seconds(30), timeout: .seconds(10), retry: RetryPolicy(maxAttempts: 2))

  /// The limit of an attempt that nobody stated.
  static func timeout(within deadline: TimeLimit) -> TimeLimit {
    deadline.nanoseconds < 1_000_000_000 ? deadline : TimeLimit(.seconds(1))
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(
      timeout.nanoseconds <= deadline.nanoseconds, "timeout", Duration.nanoseconds(timeout.nanoseconds),
      "at most the deadline, \(DurationText(.nanoseconds(deadline.nanoseconds)).description)")
  }
}
