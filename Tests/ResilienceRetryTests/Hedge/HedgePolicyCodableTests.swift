import Foundation
import ResilienceCore
import ResilienceRetry
import Testing

@Suite struct HedgePolicyCodableTests {
  private func decode(_ text: String) throws -> HedgePolicy {
    try JSONDecoder().decode(HedgePolicy.self, from: Data(text.utf8))
  }

  @Test(arguments: [
    HedgePolicy(), HedgePolicy(maxAttempts: 3, delay: .fixed(.zero), hedgesNonIdempotent: true),
    HedgePolicy(
      delay: .learned(percentile: 99.9, minimumSamples: 1, atLeast: .zero, atMost: .milliseconds(7))),
  ])
  func whatIsWrittenIsRead(policy: HedgePolicy) throws {
    #expect(try JSONDecoder().decode(HedgePolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test func whatIsLeftOutIsTheDefault() throws {
    #expect(try decode("{}") == HedgePolicy())
    #expect(try decode(#"{"delay": "50ms"}"#) == HedgePolicy(delay: .fixed(.milliseconds(50))))
    #expect(try decode(#"{"delay": {}}"#) == HedgePolicy(delay: .learned()))
    #expect(try decode(#"{"delay": {"percentile": 90}}"#) == HedgePolicy(delay: .learned(percentile: 90)))
  }

  @Test(arguments: [
    (#"{"maxAttempts": 1}"#, "maxAttempts must be in 2 ... 10, was 1"),
    (#"{"delay": {"percentile": 100}}"#, "delay.percentile must be in 50.0 ... 99.9, was 100"),
    (
      #"{"delay": {"atLeast": "2s", "atMost": "1s"}}"#,
      #"delay.atMost must be as much as atLeast or more, was "1s""#
    ),
    (#"{"hedgesNonIdempotent": 1}"#, "hedgesNonIdempotent must be true or false, was 1"),
  ])
  func anImpossibleValueIsNamed(text: String, message: String) {
    let error = #expect(throws: InvalidSetting.self) { try decode(text) }
    #expect(error?.description == message)
  }
}
