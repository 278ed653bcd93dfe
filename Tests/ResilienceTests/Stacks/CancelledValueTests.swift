import Resilience
import ResilienceTestKit
import Testing

/// A client may answer its caller's cancellation with a value, as a proxy does with 499. It says nothing
/// about the destination.
@Suite struct CancelledValueTests {
  enum Layer: String, CaseIterable, Sendable {
    case breaker, breakerInPlace, throttle, throttleInPlace, hedge, retry, trace
  }

  /// The caller cancels at 0.5 s, or does not and the same value comes then: neutral, or a failure.
  @Test(arguments: Layer.allCases, [true, false])
  func row66_aFailingValueAfterTheCallersCancellationIsNeutral(layer: Layer, isCancelled: Bool) throws {
    let breaker = CircuitBreaker("bank")
    let throttle = AdaptiveThrottle("bank")
    let budget = RetryBudget.throttle(maxTokens: 10)
    let tracer = CallTracer("shop")
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
        case .retry: AnyHandler(leaf.retry(RetryPolicy(maxAttempts: 1), budget: budget))
        case .trace: AnyHandler(leaf.trace(tracer))
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
      case .hedge, .retry: 5 - budget.available
      case .trace: tracer.store.allSpans.count { $0.verdict == .failure }
      }
    }
    let untouched = layer == .hedge || layer == .retry ? 5 - RetryBudget.throttle(maxTokens: 10).available : 0
    #expect((counted > untouched) != isCancelled, "\(counted)")
  }
}

private struct Answer: Sendable, PushbackProviding {
  let status: Int
  var pushback: Pushback { .none }
  var verdict: Verdict { status < 500 ? .success : .failure }
}
