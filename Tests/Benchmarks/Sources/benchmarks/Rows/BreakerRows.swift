import Resilience

/// A breaker that opened at `now`, for an hour.
func makeOpenBreaker(at now: Instant) -> CircuitBreaker {
  let policy = CircuitBreakerPolicy(window: .count(1), minimumThroughput: 1, openTime: .seconds(3600))
  let breaker = CircuitBreaker("benchmark", policy: policy)
  if case .admitted(let permit) = breaker.admit(at: now) { permit.finish(.failure, at: now) }
  return breaker
}

private let timeWindow = CircuitBreakerPolicy(window: .time(.seconds(30)))
let slowCalls = CircuitBreakerPolicy(slowCalls: .init(threshold: .seconds(1)))

/// Permits that are taken and given back, and how many there were.
@inline(__always)
func admitAndRecord(_ breaker: CircuitBreaker, _ count: Int, at now: Instant) -> Int {
  var admitted = 0
  for _ in 0..<count {
    switch breaker.admit(at: now) {
    case .admitted(let permit):
      permit.finish(.success, at: now)
      admitted &+= 1
    case .rejected: break
    }
  }
  return admitted
}

func breakerRows() -> [Row] {
  [
    .sync("breaker: permit and record, closed") {
      let breaker = CircuitBreaker("benchmark")
      let now = SystemClock.read()
      return { count in admitAndRecord(breaker, count, at: now) }
    }
    .floor("floor: lock pair")
    .target("breaker permit+record (count window)", instructions: 65, allocations: 0)
    .because("three of them are the row's own loop")
    .beat("breaker, closed, success", "failsafe-go 26 ns without a clock"),
    .sync("breaker: permit and record, closed, with two clock reads") {
      let breaker = CircuitBreaker("benchmark")
      return { count in
        var admitted = 0
        for _ in 0..<count {
          switch breaker.admit(at: SystemClock.read()) {
          case .admitted(let permit):
            permit.finish(.success, at: SystemClock.read())
            admitted &+= 1
          case .rejected: break
          }
        }
        return admitted
      }
    }
    .floor("floor: clock read")
    .beat(
      "breaker, closed, success", "resilience4j 71 ns / 24 B (two clock reads); failsafe-rs 94; gobreaker 212"
    ),
    .call("breaker: call, closed") { makeCall().circuitBreaker(CircuitBreaker("benchmark")) }
      .from(.off, .actor, .main)
      .floor("call")
      .target("breaker permit+record (count window)", instructions: 65, allocations: 0, over: "call")
      .beat("breaker, closed, success", "best Swift 173 ns; Polly 138 (published)"),
    .sync("breaker: permit and record, time window, now given") {
      let breaker = CircuitBreaker("benchmark", policy: timeWindow)
      let now = SystemClock.read()
      return { count in admitAndRecord(breaker, count, at: now) }
    }
    .floor("floor: lock pair"),
    .sync("breaker: permit and record, slow calls, now given") {
      let breaker = CircuitBreaker("benchmark", policy: slowCalls)
      let now = SystemClock.read()
      return { count in admitAndRecord(breaker, count, at: now) }
    }
    .floor("floor: lock pair"),
    .sync("breaker: permit and record, slow calls, with two clock reads") {
      let breaker = CircuitBreaker("benchmark", policy: slowCalls)
      return { count in
        var admitted = 0
        for _ in 0..<count {
          switch breaker.admit(at: SystemClock.read()) {
          case .admitted(let permit):
            permit.finish(.success, at: SystemClock.read())
            admitted &+= 1
          case .rejected: break
          }
        }
        return admitted
      }
    }
    .floor("floor: clock read")
    .beat("breaker, closed, success", "resilience4j 71 ns / 24 B (window 100, slow calls, two clock reads)"),
    .call("breaker: call, time window") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark", policy: timeWindow))
    }
    .floor("call"),
    .call("breaker: call, slow calls") {
      makeCall().circuitBreaker(CircuitBreaker("benchmark", policy: slowCalls))
    }
    .floor("call"),
    .call("breaker: call, closed, one of 1 000 keys") {
      let breakers = CircuitBreakers<Int>("benchmark")
      for key in 0..<1000 { _ = breakers[key] }
      return makeCall().circuitBreaker(breakers) { input in input % 1000 }
    }
    .floor("call"),
    .async("breaker: run, closed") {
      let breaker = CircuitBreaker("benchmark")
      let offset = CommandLine.arguments.count
      return { count in
        var sum = 0
        for input in 0..<count { sum &+= try await breaker.run { input &+ offset } }
        return sum
      }
    }
    .from(.off, .actor, .main)
    .floor("floor: lock pair")
    .tolerating(0.09),
    .sync("breaker: rejection, open") {
      let now = SystemClock.read()
      let breaker = makeOpenBreaker(at: now)
      return { count in
        var rejected = 0
        for _ in 0..<count {
          if case .rejected = breaker.admit(at: now) { rejected &+= 1 }
        }
        return rejected
      }
    }
    .floor("floor: atomic add")
    .target("limiter/breaker refusal, primitive", instructions: 30, allocations: 0)
    .beat("breaker, open, rejection", "failsafe-rs 39 ns; resilience4j 61 (no throw); gobreaker 66"),
    .async("breaker: rejection, open, thrown through three layers") {
      let breaker = makeOpenBreaker(at: SystemClock.read())
      let call = makeCall().circuitBreaker(breaker).rateLimit(makeFullBucket()).retry()
      return { count in try await failing(count, call) }
    }
    .floor("floor: throw and catch")
    .target("rejection, thrown through 3 layers", instructions: 390, allocations: 0)
    // Six casts of an error. One and the same program took 3 166, 3 202, 3 328 and 3 526, as types and
    // protocols happened to lie in memory.
    .tolerating(0.12)
    .because("each layer classifies the error, and the retry casts it, to know whether and when to come back")
    .beat("breaker, open, rejection", "resilience4j 243 ns thrown; Polly 5 151 thrown (published)"),
  ]
}
