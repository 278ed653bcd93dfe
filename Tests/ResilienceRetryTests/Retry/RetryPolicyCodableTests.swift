import Foundation
import ResilienceCore
import ResilienceRetry
import Testing

@Suite struct RetryPolicyCodableTests {
  private func decode(_ text: String) throws -> RetryPolicy {
    try JSONDecoder().decode(RetryPolicy.self, from: Data(text.utf8))
  }

  @Test(arguments: [
    RetryPolicy(), RetryPolicy(maxAttempts: 1, backoff: .none, maxRetryAfter: .zero),
    RetryPolicy(maxAttempts: 10_000, backoff: .decorrelated(), maxRetryAfter: .milliseconds(1_500)),
    RetryPolicy(maxAttempts: .max),
  ])
  func whatIsWrittenIsRead(policy: RetryPolicy) throws {
    #expect(try JSONDecoder().decode(RetryPolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test func whatIsLeftOutIsTheDefault() throws {
    #expect(try decode("{}") == RetryPolicy())
    #expect(try decode(#"{"maxAttempts": 5}"#) == RetryPolicy(maxAttempts: 5))
    #expect(
      try decode(#"{"backoff": {"kind": "exponential", "base": "20ms"}, "maxRetryAfter": "1min"}"#)
        == RetryPolicy(backoff: .exponential(base: .milliseconds(20)), maxRetryAfter: .seconds(60)))
  }

  @Test(arguments: [
    (#"{"maxAttempts": 0}"#, #"maxAttempts must be in 1 ... 10000, or "unlimited", was 0"#),
    (#"{"maxAttempts": "3"}"#, #"maxAttempts must be in 1 ... 10000, or "unlimited", was "3""#),
    (
      #"{"maxAttempt": 3}"#,
      "maxAttempt must be left out, or spelt as one of maxAttempts, backoff, maxRetryAfter, was 3"
    ),
    (
      #"{"backoff": {"kind": "exponential", "bsae": "1s"}}"#,
      #"backoff.bsae must be left out, or spelt as one of kind, base, cap, multiplier, increment, delays, jitter, was "1s""#
    ),
    (#"{"maxAttempts": 70000}"#, #"maxAttempts must be in 1 ... 10000, or "unlimited", was 70000"#),
    (
      #"{"maxRetryAfter": "soon"}"#,
      #"maxRetryAfter must be a whole number and a unit of ns, us, ms, s, min or h, such as "50ms", was "soon""#
    ),
    (
      #"{"backoff": {"kind": "exponential", "multiplier": 0}}"#,
      "backoff.multiplier must be 1 or more, was 0"
    ),
    (
      #"{"backoff": {"kind": "constant", "base": "1s", "jitter": -1}}"#,
      "backoff.jitter must be none, full, equal or a share of 0 to 1, was -1"
    ),
  ])
  func anImpossibleValueIsNamed(text: String, message: String) {
    let error = #expect(throws: InvalidSetting.self) { try decode(text) }
    #expect(error?.description == message)
  }
}
