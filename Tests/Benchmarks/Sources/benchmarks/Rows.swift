import Resilience

/// One stack, and how to call it many times.
struct Row: Sendable {
  var name: String
  var run: @Sendable (Int) async throws -> Int

  init<Stack: Handler<Int, Int>>(_ name: String, _ stack: Stack) {
    self.name = name
    run = { count in try await loop(stack, count) }
  }
}

@inline(never)
private func loop<Stack: Handler<Int, Int>>(_ stack: Stack, _ count: Int) async throws -> Int {
  var sum = 0
  for input in 0..<count { sum &+= try await stack(input) }
  return sum
}

/// The stacks, from the call alone to all of it.
func makeRows() -> [Row] {
  // The closure captures something, as a user's does, so that it stays opaque.
  let offset = CommandLine.arguments.count
  let call = ServiceCall("call") { (input: Int) in input &+ offset }
  let breaker = CircuitBreaker("benchmark")
  let bucket = TokenBucket("benchmark", limit: .perSecond(1_000_000_000, burst: 1_000_000_000))
  let registry = ServiceRegistry()
  for index in 0..<10 {
    _ = registry.register(
      ServiceInstance(id: "instance-\(index)", service: "benchmark"), ttl: .seconds(86_400))
  }
  let balanced = registry.service("benchmark").balanced(.powerOfTwoChoices) { instance in
    call.circuitBreaker(CircuitBreaker(instance.id))
  }
  let unsampled = Tracer("benchmark", sampler: .never)
  let sampled = Tracer("benchmark", sampler: .always)
  let full = call.circuitBreaker(breaker).retry().rateLimit(bucket)
  return [
    Row("call", call),
    Row("retry", call.retry()),
    Row("breaker", call.circuitBreaker(breaker)),
    Row("breaker, retry", call.circuitBreaker(breaker).retry()),
    Row("breaker, retry, limiter", full),
    Row("balanced over 10, each with its breaker; retry, limiter", balanced.retry().rateLimit(bucket)),
    Row("breaker, retry, limiter, deadline", full.deadline(.seconds(60))),
    Row("breaker, retry, limiter, deadline, trace unsampled", full.deadline(.seconds(60)).trace(unsampled)),
    Row("breaker, retry, limiter, deadline, trace sampled", full.deadline(.seconds(60)).trace(sampled)),
    Row("breaker, retry, limiter, trace sampled", full.trace(sampled)),
    Row("breaker, retry, limiter, erased", AnyHandler(full)),
    Row("timeout", call.timeout(.seconds(60))),
  ]
}
