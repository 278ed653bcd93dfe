import Resilience

/// A call that adds a number: what the layers of all other rows are put around.
///
/// The closure captures something, as a user's does, so that it stays opaque.
func makeCall() -> ServiceCall<Int, Int> {
  let offset = CommandLine.arguments.count
  return ServiceCall("call") { (input: Int) in input &+ offset }
}

/// A bucket that never runs dry.
func makeFullBucket() -> TokenBucket {
  TokenBucket("benchmark", limit: .perSecond(1_000_000_000, burst: 1_000_000_000))
}

/// The stacks, from the call alone to all of it.
func callRows() -> [Row] {
  [
    .call("call") { makeCall() }
      .from(.off, .actor, .main)
      .floor("floor: await of a closure")
      .target("opaque user op boundary", instructions: 470, allocations: 0)
      .because(
        "the boundary itself is the floor's 366; the rest reads the ambient context (80), and hands it down"),
    .call("call: a layer without work") { makeCall().idempotent() }
      .floor("call")
      .target("decorator layer, no work, specialised", instructions: 10, allocations: 0, over: "call"),
    .call("call: a decorator of one's own") { CountedHandler(base: makeCall(), counts: CallCounts()) }
      .floor("call")
      .target("decorator of another package", allocations: 0),
    .call("call: a decorator of one's own, retry") {
      CountedHandler(base: makeCall(), counts: CallCounts()).retry()
    }
    .floor("retry: success")
    .target("decorator of another package", allocations: 0)
    // One cast in each call: what its look-up costs is up to where the linker has put the types.
    .tolerating(0.1),
    .call("call: erased") { AnyHandler(makeCall()) }
      .floor("call"),
    .call("stack: breaker, retry") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).retry()
    }
    .from(.off, .actor, .main)
    .floor("call"),
    .call("stack: breaker, limiter, retry") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry()
    }
    .from(.off, .actor, .main)
    .floor("call")
    .target("retry>breaker>limiter over the op", instructions: 250, allocations: 0, over: "call"),
    .call("stack: breaker, limiter, bulkhead, retry") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket())
        .bulkhead(Bulkhead("benchmark", limit: 100)).retry()
    }
    .floor("call")
    .beat(
      "stack: retry + breaker + limiter + bulkhead",
      "resilience4j 132 ns / 144 B, tower 112 (no breaker, with timeout)"),
    .call("stack: breaker with slow calls, limiter, bulkhead, retry") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark", policy: slowCalls)).rateLimit(makeFullBucket())
        .bulkhead(Bulkhead("benchmark", limit: 100)).retry()
    }
    .floor("stack: breaker, limiter, bulkhead, retry")
    .beat("stack: retry + breaker with slow calls + limiter + bulkhead", "resilience4j 116 ns / 144 B"),
    .call("stack: breaker, limiter, retry, trace unsampled") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry()
        .trace(CallTracer("benchmark", sampler: .never))
    }
    .from(.off, .actor, .main)
    .floor("call")
    .target("full stack trace>retry>breaker>limiter incl. op", instructions: 2350, allocations: 0),
    .call("stack: breaker, limiter, retry, trace sampled") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry()
        .trace(CallTracer("benchmark", sampler: .always))
    }
    .floor("call"),
    .call("stack: breaker, limiter, retry, deadline") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry()
        .deadline(.seconds(60))
    }
    .floor("call"),
    .call("stack: breaker, limiter, retry, deadline, trace unsampled") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry()
        .deadline(.seconds(60)).trace(CallTracer("benchmark", sampler: .never))
    }
    .floor("call"),
    .call("stack: timeout, breaker, retry, deadline") {
      makeCall().timeout(.seconds(1)).circuitBreaker(CircuitBreaker("benchmark"))
        .retry(budget: RetryBudget("benchmark")).deadline(.seconds(3))
    }
    .floor("call"),
    .call("stack: standard") { makeCall().standardStack(StandardStack("benchmark")) }
      .floor("stack: timeout, breaker, retry, deadline"),
    .call("stack: standard, with limit and bulkhead") {
      makeCall().standardStack(
        StandardStack(
          "benchmark",
          policy: StandardStackPolicy(
            rateLimit: .perSecond(1_000_000_000), bulkhead: BulkheadPolicy(limit: .fixed(100)))))
    }
    .floor("stack: timeout, breaker, retry, deadline"),
    .call("stack: breaker, limiter, retry, erased") {
      AnyHandler(
        makeCall().circuitBreaker(CircuitBreaker("benchmark")).rateLimit(makeFullBucket()).retry())
    }
    .floor("call"),
    .call("stack: balanced over 10, each with its breaker; limiter, retry") {
      makeRegistry(instances: 10).service("benchmark").balanced(.powerOfTwoChoices) { instance in
        makeCall().circuitBreaker(CircuitBreaker(instance.id))
      }
      .rateLimit(makeFullBucket()).retry()
    }
    .floor("call"),
  ]
}
