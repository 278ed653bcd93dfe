public import ResilienceBulkhead
public import ResilienceCircuitBreaker
public import ResilienceCore
public import ResilienceRateLimiter
public import Synchronization

/// All that usually stands between a service and another one that it calls: one object for a destination,
/// shared by every call to it.
///
/// ```swift
/// let payment = StandardStack("payment")
///
/// let charge = ServiceCall("charge") { (order: Order) in try await client.charge(order) }
///   .standardStack(payment)
/// let refund = ServiceCall("refund") { (order: Order) in try await client.refund(order) }
///   .standardStack(payment)
///
/// print(charge)   // charge: deadline 3 s → retry 3 (…) → circuit breaker payment → timeout 1 s
/// ```
///
/// From the outside in: the deadline of all of it, the rate limit and the bulkhead where the policy has them,
/// the retry with its budget, the breaker, the time limit of an attempt. They are the layers of the other
/// modules; who wants another order, a hedge or a fallback writes them one by one, or around this.
///
/// The policy may be changed while calls run: ``update(_:)``. For several destinations, and for a document
/// that names them, see ``StandardStacks``.
public final class StandardStack: Sendable {
  /// Names the destination, in errors, events and metrics.
  public let name: String

  /// The destination's breaker.
  public let circuitBreaker: CircuitBreaker

  /// The destination's retry budget.
  public let budget: RetryBudget

  /// The destination's limit. Calls ask it while the policy has a ``StandardStackPolicy/rateLimit``.
  public let rateLimiter: TokenBucket

  /// The destination's bulkhead. Calls enter it while the policy has a ``StandardStackPolicy/bulkhead``.
  public let bulkhead: Bulkhead

  let deadline: LivePolicy<TimeLimit>
  let timeout: LivePolicy<TimeLimit>
  let retry: LivePolicy<RetryPolicy>
  @usableFromInline let admission: Atomic<AdmissionLayers>
  private let current: Lock<StandardStackPolicy>

  /// Creates a stack whose breaker is closed and whose budget is full.
  ///
  /// - Parameters:
  ///   - name: Names the destination, in errors, events and metrics.
  ///   - policy: What it does. Default: good for a call that a person waits for.
  ///   - budget: The destination's budget, shared with what else repeats calls to it. Default: one of its
  ///     own, 10 % of the calls.
  public init(
    _ name: String, policy: StandardStackPolicy = StandardStackPolicy(), budget: RetryBudget? = nil
  ) {
    self.name = name
    self.budget = budget ?? RetryBudget(name)
    circuitBreaker = CircuitBreaker(name, policy: policy.circuitBreaker)
    rateLimiter = TokenBucket(name, limit: policy.rateLimit ?? .unlimited)
    bulkhead = Bulkhead(name, policy: policy.bulkhead ?? Self.open)
    deadline = LivePolicy(policy.deadline)
    timeout = LivePolicy(policy.timeout)
    retry = LivePolicy(policy.retry)
    admission = Atomic(AdmissionLayers(policy))
    current = Lock(policy)
  }

  // A bulkhead that nobody is to wait at.
  private static let open = BulkheadPolicy(limit: .fixed(1_000_000_000))

  /// What it does at present.
  public var policy: StandardStackPolicy { current.withLock { $0 } }

  /// Has another policy hold from now on.
  ///
  /// What is counted stays: the breaker's results and state, what the rate limit is owed, who is inside the
  /// bulkhead or waits for it, the budget. A call that has begun keeps its deadline; its next attempt goes by
  /// the new policy. The layers change one after another, each at once: a call that begins meanwhile may see
  /// some of them changed and others not.
  ///
  /// A document that is wrong throws while it is read, and changes nothing.
  public func update(_ policy: StandardStackPolicy) {
    current.withLock { $0 = policy }
    // Whoever updates at the same time may get ahead of this one at some of the layers: in the end all of
    // them have what was said last.
    var applied: StandardStackPolicy
    repeat {
      applied = self.policy
      apply(applied)
    } while applied != self.policy
  }

  private func apply(_ policy: StandardStackPolicy) {
    circuitBreaker.update(policy.circuitBreaker)
    if let limit = policy.rateLimit, limit != rateLimiter.limit { rateLimiter.update(limit) }
    // Before calls find it; and when it is given up, those that wait at it go in.
    let entry = policy.bulkhead ?? Self.open
    if entry != bulkhead.policy { bulkhead.update(entry) }
    deadline.update(policy.deadline)
    timeout.update(policy.timeout)
    retry.update(policy.retry)
    admission.store(AdmissionLayers(policy), ordering: .releasing)
  }
}

extension StandardStack: MetricSource {
  /// The metrics of breaker and budget, and of limit and bulkhead while the policy has them.
  public var metrics: [Metric] {
    let layers = admission.load(ordering: .relaxed)
    return circuitBreaker.snapshot().metrics + budget.snapshot().metrics
      + (layers.contains(.rateLimit) ? rateLimiter.snapshot().metrics : [])
      + (layers.contains(.bulkhead) ? bulkhead.snapshot().metrics : [])
  }
}
