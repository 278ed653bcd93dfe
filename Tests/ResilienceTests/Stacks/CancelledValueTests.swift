import Resilience
import ResilienceTestKit
import Testing

/// A client may answer its caller's cancellation with a value, as a proxy does with 499. It says nothing
/// about the destination.
@Suite struct CancelledValueTests {
  enum Layer: String, CaseIterable, Sendable {
    case breaker, breakerInPlace, throttle, throttleInPlace, hedge, abandoningHedge, retry, retryInPlace,
      trace,
      traceInPlace, ejection, ejectionInPlace
  }

  /// The caller cancels at 0.5 s, or does not and the same value comes then: neutral, or a failure.
  @Test(arguments: Layer.allCases, [true, false])
  func row66_aFailingValueAfterTheCallersCancellationIsNeutral(layer: Layer, isCancelled: Bool) throws {
    let breaker = CircuitBreaker("bank")
    let throttle = AdaptiveThrottle("bank")
    let budget = RetryBudget.throttle(maxTokens: 10)
    let tracer = CallTracer("shop")
    // The first failure ejects.
    let registry = ServiceRegistry()
    for id in ["a", "b"] {
      registry.register(ServiceInstance(id: id, service: "bank"), ttl: .seconds(1_000_000))
    }
    let ejecting = BalancingPolicy(
      outliers: OutlierPolicy(maxEjectedShare: 0.5, consecutiveFailures: 1, successRate: nil))
    let ejected = Log<String>()
    let note: @Sendable (BalancerEvent) -> Void = { if case .ejected = $0 { ejected.append("\($0)") } }
    let balancer = registry.service("bank").balancer(ejecting, onEvent: note)
    let counted = try Simulation(seed: 1).run { sim in
      let leaf = ServiceCall("pay") { (_: Int) in
        try? await sim.sleep(for: .milliseconds(isCancelled ? 60_000 : 500))
        return Answer(status: 503)
      }
      let call: AnyHandler<Int, Answer> =
        switch layer {
        case .breaker: AnyHandler(leaf.circuitBreaker(breaker))
        case .breakerInPlace:
          AnyHandler(ServiceCall { number in try await breaker.run { try await leaf(number) } })
        case .throttle: AnyHandler(leaf.throttle(throttle))
        case .throttleInPlace:
          AnyHandler(ServiceCall { number in try await throttle.run { try await leaf(number) } })
        case .hedge: AnyHandler(leaf.hedge(HedgePolicy(delay: .fixed(.seconds(3600))), budget: budget))
        case .abandoningHedge:
          AnyHandler(
            leaf.hedge(
              HedgePolicy(delay: .fixed(.seconds(3600))), budget: budget, abandoning: AbandonedWork("bank")))
        case .retry: AnyHandler(leaf.retry(RetryPolicy(maxAttempts: 1), budget: budget))
        case .retryInPlace:
          AnyHandler(
            ServiceCall { number in
              try await RetryPolicy(maxAttempts: 1).run(budget: budget) { _ in try await leaf(number) }
            })
        case .trace: AnyHandler(leaf.trace(tracer))
        case .traceInPlace:
          AnyHandler(ServiceCall { number in try await tracer.span("pay") { try await leaf(number) } })
        case .ejection: AnyHandler(registry.service("bank").balanced(ejecting, onEvent: note) { _ in leaf })
        case .ejectionInPlace:
          AnyHandler(ServiceCall { number in try await balancer.run { _ in try await leaf(number) } })
        }
      let task = Task.immediate(executorPreference: CallContext.current.executor) { try await call(1) }
      try await sim.sleep(for: .milliseconds(500))
      if isCancelled { task.cancel() }
      let status = try await task.value.status
      #expect(status == 503, "the caller gets the value")
      return switch layer {
      case .breaker, .breakerInPlace: Int(breaker.snapshot().failures)
      case .throttle, .throttleInPlace: throttle.snapshot().attempts
      // More than half of the tokens must be left: four failures more are forgiven than are missing.
      case .hedge, .abandoningHedge, .retry, .retryInPlace: 5 - budget.available
      case .ejection, .ejectionInPlace: ejected.entries.count
      case .trace, .traceInPlace: tracer.store.allSpans.count { $0.verdict == .failure }
      }
    }
    let paying: Set<Layer> = [.hedge, .abandoningHedge, .retry, .retryInPlace]
    let untouched = paying.contains(layer) ? 5 - RetryBudget.throttle(maxTokens: 10).available : 0
    #expect((counted > untouched) != isCancelled, "\(counted)")
  }
}

private struct Answer: Sendable, PushbackProviding {
  let status: Int
  var pushback: Pushback { .none }
  var verdict: Verdict { status < 500 ? .success : .failure }
}
