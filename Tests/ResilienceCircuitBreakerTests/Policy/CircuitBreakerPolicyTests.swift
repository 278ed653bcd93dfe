import Foundation
import ResilienceCircuitBreaker
import ResilienceCore
import Testing

@Suite struct CircuitBreakerPolicyTests {
  private func read(_ json: String) throws -> CircuitBreakerPolicy {
    try JSONDecoder().decode(CircuitBreakerPolicy.self, from: Data(json.utf8))
  }

  @Test func whatADocumentLeavesOutIsTheDefault() throws {
    #expect(try read("{}") == CircuitBreakerPolicy())
    #expect(try read(#"{"window":{"count":5}}"#) == CircuitBreakerPolicy(window: .count(5)))
    #expect(
      try read(#"{"window":{"count":5,"maxAge":"2h"}}"#)
        == CircuitBreakerPolicy(window: .count(5, maxAge: .seconds(7200))))
    #expect(
      try read(#"{"window":{"count":5,"maxAge":null}}"#)
        == CircuitBreakerPolicy(window: .count(5, maxAge: nil)))
    #expect(CircuitBreakerPolicy(window: .count(5)).window == .count(5, maxAge: .seconds(600)))
    #expect(try read(#"{"openTime":"90s"}"#) == CircuitBreakerPolicy(openTime: .seconds(90)))
    #expect(
      try read(#"{"failureRate":null,"consecutiveFailures":5}"#)
        == CircuitBreakerPolicy(failureRate: nil, consecutiveFailures: 5))
  }

  @Test func readsWhatTheDocumentationShows() throws {
    let policy = try read(
      """
      { "window": { "time": "30s" }, "failureRate": 0.25, "slowCalls": { "threshold": "1s", "rate": 0.8 },
        "openTime": "2s", "rampTime": "1min" }
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
    CircuitBreakerPolicy(window: .count(7, maxAge: nil)), CircuitBreakerPolicy(window: .count(7)),
    CircuitBreakerPolicy(
      window: .count(7, maxAge: .milliseconds(9)), slowCalls: .init(threshold: .milliseconds(250)),
      minimumThroughput: 3,
      openTime: .milliseconds(10), maxOpenTime: .seconds(1), openTimeJitter: 0, maxRetryAfter: .zero,
      halfOpenPermits: 9, probeLease: .seconds(1), rampTime: .seconds(2)),
  ])
  func comesBackAsItWasWritten(policy: CircuitBreakerPolicy) throws {
    let data = try JSONEncoder().encode(policy)
    #expect(try JSONDecoder().decode(CircuitBreakerPolicy.self, from: data) == policy)
  }

  @Test(arguments: [
    (#"{"window":{"count":0}}"#, "window.count must be in 1 ... 65536, was 0"),
    (#"{"window":{"time":"1s","slices":0}}"#, "window.slices must be in 1 ... 1000, was 0"),
    (#"{"window":{"time":"5ns"}}"#, #"window.time must be at least 1ns for each slice, was "5ns""#),
    (#"{"window":{"count":5,"maxAge":"7ns"}}"#, #"window.maxAge must be 8ns or more, was "7ns""#),
    (
      #"{"window":{"time":"5s","maxAge":"7s"}}"#,
      #"window.maxAge must be left out of a window that is a time, was "7s""#
    ),
    (#"{"window":{}}"#, "window must be either a count or a time, was {}"),
    (
      #"{"window":{"count":1,"slices":2}}"#,
      "window.slices must be left out of a window that is a count, was 2"
    ),
    (#"{"failureRate":1.5}"#, "failureRate must be above 0, at most 1, was 1.5"),
    (
      #"{"failureRate":null}"#,
      "failureRate must be set where slowCalls and consecutiveFailures are not: it would never open, was null"
    ),
    (
      #"{"slowCalls":{"rate":1}}"#,
      #"slowCalls.threshold must be a whole number and a unit of ns, us, ms, s, min or h, such as "50ms", was missing"#
    ),
    (#"{"slowCalls":{"threshold":"0s"}}"#, #"slowCalls.threshold must be 1ns or more, was "0s""#),
    (#"{"slowCalls":{"threshold":"1s","rate":2}}"#, "slowCalls.rate must be above 0, at most 1, was 2"),
    (#"{"consecutiveFailures":0}"#, "consecutiveFailures must be in 1 ... 2147483647, was 0"),
    (#"{"minimumThroughput":200}"#, "minimumThroughput must be in 1 ... 100, its window, was 200"),
    (#"{"openTime":"0s"}"#, #"openTime must be 1ns or more, was "0s""#),
    (#"{"openTime":"9s","maxOpenTime":"8s"}"#, #"maxOpenTime must be as much as openTime or more, was "8s""#),
    (#"{"openTimeJitter":2}"#, "openTimeJitter must be in 0.0 ... 1.0, was 2"),
    (#"{"halfOpenPermits":1025}"#, "halfOpenPermits must be in 1 ... 1024, was 1025"),
    (#"{"probeLease":"0s"}"#, #"probeLease must be 1ns or more, was "0s""#),
    (
      #"{"rampTime":"-1s"}"#,
      #"rampTime must be a whole number and a unit of ns, us, ms, s, min or h, such as "50ms", was "-1s""#
    ),
  ])
  func aDocumentThatNoBreakerCanFollowIsRefusedByFieldAndValue(json: String, message: String) {
    let error = #expect(throws: InvalidSetting.self) { try read(json) }
    #expect(error?.description == message)
  }

  @Test func aMisspeltFieldIsNotTakenForADefault() {
    let error = #expect(throws: InvalidSetting.self) { try read(#"{"openTimeSeconds":5}"#) }
    #expect(error?.field == "openTimeSeconds")
    #expect(error?.value == "5")
    #expect(error?.requirement.contains("openTime,") == true)
  }
}
