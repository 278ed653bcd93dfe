import Foundation
import ResilienceCircuitBreaker
import Testing

@Suite struct CircuitBreakerPolicyTests {
  private func read(_ json: String) throws -> CircuitBreakerPolicy {
    try JSONDecoder().decode(CircuitBreakerPolicy.self, from: Data(json.utf8))
  }

  @Test func whatADocumentLeavesOutIsTheDefault() throws {
    #expect(try read("{}") == CircuitBreakerPolicy())
    #expect(try read(#"{"window":{"count":5}}"#) == CircuitBreakerPolicy(window: .count(5)))
    #expect(try read(#"{"openTimeSeconds":90}"#) == CircuitBreakerPolicy(openTime: .seconds(90)))
    #expect(
      try read(#"{"failureRate":null,"consecutiveFailures":5}"#)
        == CircuitBreakerPolicy(failureRate: nil, consecutiveFailures: 5))
  }

  @Test func readsWhatTheDocumentationShows() throws {
    let policy = try read(
      """
      { "window": { "seconds": 30 }, "failureRate": 0.25, "slowCalls": { "thresholdSeconds": 1, "rate": 0.8 },
        "openTimeSeconds": 2, "rampTimeSeconds": 60 }
      """)
    #expect(
      policy
        == CircuitBreakerPolicy(
          window: .time(.seconds(30)), failureRate: 0.25, slowCalls: .init(threshold: .seconds(1), rate: 0.8),
          openTime: .seconds(2), rampTime: .seconds(60)))
  }

  @Test(arguments: [
    CircuitBreakerPolicy(),
    CircuitBreakerPolicy(
      window: .time(.milliseconds(1500), slices: 3), failureRate: nil, consecutiveFailures: 2),
    CircuitBreakerPolicy(
      window: .count(7), slowCalls: .init(threshold: .milliseconds(250)), minimumThroughput: 3,
      openTime: .milliseconds(10), maxOpenTime: .seconds(1), openTimeJitter: 0, maxRetryAfter: .zero,
      halfOpenPermits: 9, probeLease: .seconds(1), rampTime: .seconds(2)),
  ])
  func comesBackAsItWasWritten(policy: CircuitBreakerPolicy) throws {
    let data = try JSONEncoder().encode(policy)
    #expect(try JSONDecoder().decode(CircuitBreakerPolicy.self, from: data) == policy)
  }

  @Test(arguments: [
    (#"{"window":{"count":0}}"#, "a breaker's window must be a count in 1 ... 65536, was 0"),
    (#"{"window":{"seconds":1,"slices":0}}"#, "a breaker's window must be of 1 ... 1000 slices, was 0"),
    (
      #"{"window":{"seconds":-1}}"#,
      "a breaker's window must be at least 1 ns for each slice, was -1.0 seconds"
    ),
    (#"{"window":{}}"#, "a breaker's window must be a count or seconds, was neither"),
    (#"{"failureRate":1.5}"#, "a breaker's failureRate must be in 0 < rate <= 1, was 1.5"),
    (
      #"{"failureRate":null}"#,
      "a breaker's failureRate must be set where slowCalls and consecutiveFailures are not: it would never open, was nil"
    ),
    (
      #"{"slowCalls":{"rate":1}}"#,
      "a breaker's slowCalls.thresholdSeconds must be a time in seconds, was missing"
    ),
    (
      #"{"slowCalls":{"thresholdSeconds":0}}"#,
      "a breaker's slowCalls.threshold must be at least 1 ns, was 0.0 seconds"
    ),
    (#"{"consecutiveFailures":0}"#, "a breaker's consecutiveFailures must be in 1 ... 2147483647, was 0"),
    (
      #"{"minimumThroughput":200}"#,
      "a breaker's minimumThroughput must be in 1 ... 100 (its window), was 200"
    ),
    (#"{"openTimeSeconds":0}"#, "a breaker's openTime must be at least 1 ns, was 0.0 seconds"),
    (
      #"{"openTimeSeconds":9,"maxOpenTimeSeconds":8}"#,
      "a breaker's maxOpenTime must be at least openTime (9.0 seconds), was 8.0 seconds"
    ),
    (#"{"openTimeJitter":2}"#, "a breaker's openTimeJitter must be in 0 ... 1, was 2.0"),
    (#"{"maxRetryAfterSeconds":-2}"#, "a breaker's maxRetryAfter must be zero or more, was -2.0 seconds"),
    (#"{"halfOpenPermits":1025}"#, "a breaker's halfOpenPermits must be in 1 ... 1024, was 1025"),
    (#"{"probeLeaseSeconds":0}"#, "a breaker's probeLease must be at least 1 ns, was 0.0 seconds"),
    (#"{"rampTimeSeconds":-1}"#, "a breaker's rampTime must be zero or more, was -1.0 seconds"),
    (
      #"{"rampTimeSeconds":1e300}"#,
      "a breaker's rampTimeSeconds must be at most 292 years in seconds, was 1e+300"
    ),
  ])
  func aDocumentThatNoBreakerCanFollowIsRefusedByFieldAndValue(json: String, message: String) {
    let error = #expect(throws: InvalidCircuitBreakerPolicy.self) { try read(json) }
    #expect(error?.description == message)
  }

  @Test func aMisspeltFieldIsNotTakenForADefault() {
    let error = #expect(throws: InvalidCircuitBreakerPolicy.self) { try read(#"{"openTime":5}"#) }
    #expect(error?.value == "openTime")
    #expect(error?.requirement.contains("openTimeSeconds") == true)
  }
}
