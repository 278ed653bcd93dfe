import Resilience
import ResilienceTestKit

/// Every layer that the package has for a call, with limits that nothing reaches.
enum OutsideLayer: CaseIterable, Sendable {
  case none, retry, hedge, timeout, abandoning, deadline, breaker, keyedBreaker, rateLimit, waitingRateLimit
  case keyedRateLimit, quota, keyedQuota, throttle, keyedThrottle, bulkhead, keyedBulkhead, fallback,
    coalesce, balanced, trace, classify, idempotent,
    named
  case erased, faults, behaviour, outcome, link

  /// Long enough for everything.
  static let limit = Duration.seconds(30)

  /// One call, and no layer between `base` and the one that is meant.
  ///
  /// - Parameter traces: Where spans go: the outer tracer's store, which else would hear nothing from within
  ///   another's span.
  func around<Base: Handler>(_ base: Base, traces: TraceStore = TraceStore()) -> AnyHandler<Int, Reply>
  where Base.Input == Int, Base.Output == Reply {
    switch self {
    case .none: base.erased()
    case .retry:
      base.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil).erased()
    case .hedge:
      base.hedge(HedgePolicy(delay: .fixed(.seconds(10))), budget: nil).erased()
    case .timeout: base.timeout(Self.limit).erased()
    case .abandoning: base.timeout(Self.limit, abandoning: AbandonedWork("stock")).erased()
    case .deadline: base.deadline(Self.limit).erased()
    case .breaker: base.circuitBreaker(CircuitBreaker("stock")).erased()
    case .keyedBreaker:
      base.circuitBreaker(CircuitBreakers<Int>("stock"), by: { $0 }).erased()
    case .rateLimit:
      base.rateLimit(TokenBucket("stock", limit: .perSecond(100))).erased()
    case .waitingRateLimit:
      base.rateLimit(TokenBucket("stock", limit: .perSecond(100)), mode: .wait).erased()
    case .keyedRateLimit:
      base.rateLimit(KeyedRateLimiter<Int>("stock", limit: .perSecond(100)), by: { $0 }).erased()
    case .quota: base.rateLimit(QuotaLimiter("stock", quotas: [.perSecond(100)])).erased()
    case .keyedQuota:
      base.rateLimit(KeyedQuotaLimiter<Int>("stock", quotas: [.perSecond(100)]), by: { $0 }).erased()
    case .throttle: base.throttle(AdaptiveThrottle("stock")).erased()
    case .keyedThrottle: base.throttle(AdaptiveThrottles<Int>("stock"), by: { $0 }).erased()
    case .bulkhead: base.bulkhead(Bulkhead("stock")).erased()
    case .keyedBulkhead: base.bulkhead(Bulkheads<Int>("stock"), by: { $0 }).erased()
    case .fallback: base.fallback(Reply(status: 203)).erased()
    case .coalesce: base.coalesce(by: { $0 }).erased()
    case .balanced: Self.balanced(base).erased()
    case .trace: base.trace(CallTracer("inner", store: traces)).erased()
    case .classify: base.classify { _ in nil }.erased()
    case .idempotent: base.idempotent().erased()
    case .named: base.named("stock").erased()
    case .erased: base.erased().named("erased").erased()
    case .faults: base.faults(FaultInjector("chaos", [])).erased()
    case .behaviour: base.faults(Self.switchedOn(.behaviour { _ in })).erased()
    case .outcome: base.faults(Self.switchedOn(.outcome { try $0.get() })).erased()
    case .link: base.link(SimulatedNetwork(), from: "shop", to: "stock").erased()
    }
  }

  private static func balanced<Base: Handler>(_ base: Base) -> BalancedHandler<Base> {
    let registry = ServiceRegistry()
    registry.register(ServiceInstance(id: "a", service: "stock"), ttl: .seconds(1_000_000))
    return registry.service("stock").balanced { _ in base }
  }

  private static func switchedOn(_ fault: Fault<Reply>) -> FaultInjector<Reply> {
    let injector = FaultInjector("chaos", [fault])
    injector.switchOn()
    return injector
  }
}

// What a call sees below the layer, if that is something else than without it.
extension OutsideLayer {
  /// The most attempts below an outer retry of three.
  var maxAttempts: UInt16 {
    switch self {
    case .retry, .hedge: 6
    default: 3
    }
  }

  /// Whether it answers itself when the call fails.
  var replacesFailures: Bool { self == .fallback }

  /// The deadline inside, of a call that begins at `now` and has one of its own.
  func deadline(at now: Instant, _ deadline: Deadline) -> Deadline {
    switch self {
    case .timeout, .abandoning, .deadline: Deadline(at: now.advanced(by: Self.limit)).earlier(deadline)
    // Several callers may wait for it: none cuts it short for the others.
    case .coalesce: .never
    default: deadline
    }
  }
}
