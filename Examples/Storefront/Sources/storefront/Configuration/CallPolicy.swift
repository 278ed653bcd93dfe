import Configuration
import Resilience
import ResilienceConfiguration

/// What stands around the calls to a service.
struct CallPolicy: Hashable, Sendable {
  /// For all attempts together.
  var deadline = TimeLimit(.seconds(3))
  /// For an attempt; at most the deadline.
  var timeout = TimeLimit(.seconds(1))
  var retry = RetryPolicy()
  /// Of each instance.
  var circuitBreaker = CircuitBreakerPolicy()

  init() {}

  /// - Throws: `InvalidSetting` for the first value that is wrong.
  init(_ snapshot: ConfigSnapshotReader, below key: String) throws(InvalidSetting) {
    func read<Policy: Decodable>(_ field: String, _ other: Policy) throws(InvalidSetting) -> Policy {
      try snapshot.policy(Policy.self, forKey: ConfigKey("\(key).\(field)")) ?? other
    }
    deadline = try read("deadline", deadline)
    timeout = try read("timeout", timeout)
    retry = try read("retry", retry)
    circuitBreaker = try read("circuitBreaker", circuitBreaker)
    guard timeout.nanoseconds <= deadline.nanoseconds else {
      throw InvalidSetting(
        field: "\(key).timeout", value: "\(timeout)", requirement: "at most the deadline, \(deadline)")
    }
  }
}
