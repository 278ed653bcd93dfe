import Foundation
import ResilienceRateLimiter
import Testing

@Suite struct PolicyDocumentTests {
  private func decode<Value: Decodable>(_ text: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  @Test func aPolicyIsWhatItWasWhenReadAgain() throws {
    let policies = [
      AdaptiveThrottlePolicy(),
      AdaptiveThrottlePolicy(multiplier: 1.1, window: .milliseconds(1500), probes: 0, refusals: .overloads),
    ]
    #expect(
      try JSONDecoder().decode([AdaptiveThrottlePolicy].self, from: JSONEncoder().encode(policies))
        == policies)
    let quotas = [Quota.perSecond(10), .perDay(0), Quota(7, per: .milliseconds(250))]
    #expect(try JSONDecoder().decode([Quota].self, from: JSONEncoder().encode(quotas)) == quotas)
  }

  @Test func whatIsLeftOutIsTheDefault() throws {
    #expect(try decode("{}", as: AdaptiveThrottlePolicy.self) == AdaptiveThrottlePolicy())
    #expect(
      try decode(#"{"windowSeconds": 30, "refusals": "overloads"}"#, as: AdaptiveThrottlePolicy.self)
        == AdaptiveThrottlePolicy(window: .seconds(30), refusals: .overloads))
    #expect(try decode(#"{"permits": 200, "periodSeconds": 60}"#, as: Quota.self) == .perMinute(200))
  }

  private static let policies: [(document: String, field: String, value: String)] = [
    (#"{"multiplier": 0.5}"#, "multiplier", "0.5"), (#"{"probes": -1}"#, "probes", "-1"),
    (#"{"windowSeconds": 0}"#, "windowSeconds", "0.0"),
    (#"{"windowSeconds": -1}"#, "windowSeconds", "-1.0"),
  ]

  @Test(arguments: policies)
  func aValueOutOfItsRangeIsAnErrorThatNamesIt(document: String, field: String, value: String) {
    let error = #expect(throws: InvalidRateLimitValue.self) {
      try decode(document, as: AdaptiveThrottlePolicy.self)
    }
    #expect(error?.field == field)
    #expect(error?.value == value)
  }

  @Test func aQuotaOutOfItsRangeIsAnErrorThatNamesTheField() {
    let error = #expect(throws: InvalidRateLimitValue.self) {
      try decode(#"{"permits": -5, "periodSeconds": 60}"#, as: Quota.self)
    }
    #expect(error?.description == "permits must be 0 ... 1000000000, was -5")
    #expect(throws: InvalidRateLimitValue.self) {
      try decode(#"{"permits": 5, "periodSeconds": -1}"#, as: Quota.self)
    }
  }
}
