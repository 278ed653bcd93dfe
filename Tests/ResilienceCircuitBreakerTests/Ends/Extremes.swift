import ResilienceCircuitBreaker
import ResilienceCore

/// Draws values from both ends of their range, and from the middle.
struct Extremes {
  private let random: SeededRandomSource

  init(seed: UInt64) {
    random = SeededRandomSource(seed: seed)
  }

  func below(_ bound: Int) -> Int { random.next(below: bound) }

  func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }

  func instant() -> Instant {
    let (few, seconds) = (Int64(below(21)), Int64(below(1000)) * 1_000_000_000)
    let choices: [Int64] = [
      .min, .min + few, .min + seconds, -1, few, -seconds, seconds, .max / 2, .max - seconds, .max - few,
      .max - 1, .max,
    ]
    return Instant(nanoseconds: one(of: choices))
  }

  /// An instant after another one, most of the time.
  func instant(after now: Instant) -> Instant {
    below(8) == 0 ? instant() : now.advanced(by: duration())
  }

  /// More than zero.
  func duration() -> Duration {
    let few = Int64(below(21))
    let choices: [Duration] = [
      .nanoseconds(1), .nanoseconds(1 + few), .milliseconds(1 + below(1000)), .seconds(1 + below(100)),
      .nanoseconds(1 << 60), .nanoseconds(Int64.max - few), .nanoseconds(Int64.max), .seconds(Int64.max),
      Duration(attoseconds: .max),
    ]
    return one(of: choices)
  }

  /// A duration, zero or less than that.
  func anyDuration() -> Duration {
    let choices: [Duration] = [
      duration(), duration(), .zero, .nanoseconds(-1), .nanoseconds(Int64.min), .seconds(Int64.min),
      Duration(attoseconds: .min), Duration(attoseconds: 1), Duration(attoseconds: -1),
    ]
    return one(of: choices)
  }

  func pushback() -> Pushback {
    Pushback(retryAfter: below(3) == 0 ? nil : anyDuration(), doNotRetry: below(2) == 0)
  }

  func verdict() -> Verdict { one(of: [.success, .success, .failure, .failure, .neutral]) }

  func policy() -> CircuitBreakerPolicy {
    let window = window()
    let openTime = duration()
    return CircuitBreakerPolicy(
      window: window, failureRate: one(of: [.leastNonzeroMagnitude, 0.5, 1]),
      slowCalls: below(2) == 0
        ? nil : .init(threshold: duration(), rate: one(of: [.leastNonzeroMagnitude, 0.5, 1])),
      consecutiveFailures: one(of: [nil, 1, 3, Int(Int32.max)]), minimumThroughput: minimumThroughput(window),
      openTime: openTime, maxOpenTime: one(of: [openTime, max(openTime, duration())]),
      openTimeJitter: one(of: [0, 0.2, 1]), maxRetryAfter: max(.zero, anyDuration()),
      halfOpenPermits: one(of: [1, 1, 3, 1024]), probeLease: duration(), rampTime: max(.zero, anyDuration()))
  }

  private func window() -> CircuitBreakerPolicy.Window {
    guard below(2) == 0 else {
      let maxAge = below(4) == 0 ? nil : max(duration(), .nanoseconds(8))
      return .count(one(of: [1, 2, 5, 63, 64, 65, 65_536]), maxAge: maxAge)
    }
    let slices = one(of: [1, 2, 10, 1000])
    return .time(max(duration(), .nanoseconds(slices)), slices: slices)
  }

  private func minimumThroughput(_ window: CircuitBreakerPolicy.Window) -> Int {
    switch window {
    case .count(let count, _): min(count, one(of: [1, 2, count]))
    case .time: one(of: [1, 2, 5, .max])
    }
  }
}
