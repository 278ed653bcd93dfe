import Resilience
import ResilienceTestKit

/// Every layer that the package has for a call, with limits that nothing reaches.
enum OutsideLayer: CaseIterable, Sendable {
  case none, retry, hedge, timeout, abandoning, deadline, breaker, keyedBreaker, rateLimit, waitingRateLimit
  case keyedRateLimit, quota, throttle, bulkhead, fallback, coalesce, balanced, trace, classify, idempotent,
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
    case .none: base.eraseToAnyHandler()
    case .retry:
      base.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil).eraseToAnyHandler()
    case .hedge:
      base.hedge(HedgePolicy(delay: .fixed(.seconds(10))), budget: nil).eraseToAnyHandler()
    case .timeout: base.timeout(Self.limit).eraseToAnyHandler()
    case .abandoning: base.timeout(Self.limit, abandoning: AbandonedWork("stock")).eraseToAnyHandler()
    case .deadline: base.deadline(Self.limit).eraseToAnyHandler()
    case .breaker: base.circuitBreaker(CircuitBreaker("stock")).eraseToAnyHandler()
    case .keyedBreaker:
      base.circuitBreaker(CircuitBreakers<Int>("stock"), by: { $0 }).eraseToAnyHandler()
    case .rateLimit:
      base.rateLimit(TokenBucket("stock", limit: .perSecond(100))).eraseToAnyHandler()
    case .waitingRateLimit:
      base.rateLimit(TokenBucket("stock", limit: .perSecond(100)), mode: .wait).eraseToAnyHandler()
    case .keyedRateLimit:
      base.rateLimit(KeyedRateLimiter<Int>("stock", limit: .perSecond(100)), by: { $0 }).eraseToAnyHandler()
    case .quota: base.rateLimit(QuotaLimiter("stock", quotas: [.perSecond(100)])).eraseToAnyHandler()
    case .throttle: base.throttle(AdaptiveThrottle("stock")).eraseToAnyHandler()
    case .bulkhead: base.bulkhead(Bulkhead("stock")).eraseToAnyHandler()
    case .fallback: base.fallback(Reply(status: 203)).eraseToAnyHandler()
    case .coalesce: base.coalesce(by: { $0 }).eraseToAnyHandler()
    case .balanced: Self.balanced(base).eraseToAnyHandler()
    case .trace: base.trace(CallTracer("inner", store: traces)).eraseToAnyHandler()
    case .classify: base.classify { _ in nil }.eraseToAnyHandler()
    case .idempotent: base.idempotent().eraseToAnyHandler()
    case .named: base.named("stock").eraseToAnyHandler()
    case .erased: base.eraseToAnyHandler().named("erased").eraseToAnyHandler()
    case .faults: base.faults(FaultInjector("chaos", [])).eraseToAnyHandler()
    case .behaviour: base.faults(Self.switchedOn(.behaviour { _ in })).eraseToAnyHandler()
    case .outcome: base.faults(Self.switchedOn(.outcome { try $0.get() })).eraseToAnyHandler()
    case .link: base.link(SimulatedNetwork(), from: "shop", to: "stock").eraseToAnyHandler()
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
