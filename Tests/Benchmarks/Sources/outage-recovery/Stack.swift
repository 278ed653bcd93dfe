import Resilience
import ResilienceTestKit

/// What stands between the callers and the service.
struct Stack: Sendable {
  let name: String
  let make: @Sendable (SimulatedService<Int, Int>) -> AnyHandler<Int, Int>

  static let all = [ours, retryAlone, throttled, polly, resilience4j]

  /// Our defaults: 3 s for all of it, three attempts within a budget, a breaker, 1 s for an attempt.
  static let ours = Stack(name: "ours") { service in
    service.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("service"))
      .retry(budget: RetryBudget("service")).deadline(.seconds(3)).erased()
  }

  /// Retries and limits, with nothing that holds calls back.
  static let retryAlone = Stack(name: "retry alone") { service in
    service.timeout(.seconds(1)).retry(budget: RetryBudget("service")).deadline(.seconds(3)).erased()
  }

  /// A limit for a call, and nothing else.
  static let timeoutAlone = Stack(name: "timeout") { service in
    service.timeout(.seconds(1)).erased()
  }

  /// Three attempts without a budget, as a loop makes them.
  static let unboundedRetry = Stack(name: "timeout, retry without a budget") { service in
    service.timeout(.seconds(1)).retry(budget: nil).erased()
  }

  /// Our defaults behind a bulkhead of twice what the service can work on.
  static let bulkheaded = Stack(name: "ours, bulkhead of 8") { service in
    service.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("service"))
      .retry(budget: RetryBudget("service")).bulkhead(8).deadline(.seconds(3)).erased()
  }

  /// Our defaults behind a bulkhead that learns how much the service can work on.
  static let adaptive = Stack(name: "ours, bulkhead that learns, queue of 20") { service in
    service.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("service"))
      .retry(budget: RetryBudget("service")).bulkhead(.adaptive(), maxWaiting: 20).deadline(.seconds(3))
      .erased()
  }

  /// The adaptive throttle in the breaker's place.
  static let throttled = Stack(name: "throttle and retry") { service in
    service.timeout(.seconds(1)).throttle(AdaptiveThrottle("service"))
      .retry(budget: RetryBudget("service")).deadline(.seconds(3)).erased()
  }

  /// Microsoft.Extensions.Http.Resilience, the standard handler of Polly 8: 30 s for all of it, three
  /// retries after 2 s, 4 s and 8 s with jitter, a breaker that opens for 5 s at 10 % of 100 calls in 30 s
  /// and lets one probe through, 10 s for an attempt. No budget.
  static let polly = Stack(name: "Polly 8, standard handler") { service in
    let policy = CircuitBreakerPolicy(
      window: .time(.seconds(30)), failureRate: 0.1, minimumThroughput: 100, openTime: .seconds(5),
      maxOpenTime: .seconds(5), openTimeJitter: 0, halfOpenPermits: 1)
    let retry = RetryPolicy(
      maxAttempts: 4,
      backoff: .exponential(base: .seconds(2), cap: .seconds(30), jitter: .equal))
    return service.timeout(.seconds(10)).circuitBreaker(CircuitBreaker("service", policy: policy))
      .retry(retry, budget: nil).deadline(.seconds(30)).erased()
  }

  /// resilience4j with its defaults, in the order of its Spring starter: a retry of three attempts after
  /// 500 ms each around a breaker that opens for 60 s at 50 % of the latest 100 calls and lets 10 probes
  /// through, around a limit of 1 s. No budget.
  static let resilience4j = Stack(name: "resilience4j") { service in
    let policy = CircuitBreakerPolicy(
      window: .count(100, maxAge: nil), failureRate: 0.5, minimumThroughput: 100, openTime: .seconds(60),
      maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 10)
    let retry = RetryPolicy(maxAttempts: 3, backoff: .constant(.milliseconds(500), jitter: .none))
    return service.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("service", policy: policy))
      .retry(retry, budget: nil).erased()
  }
}
