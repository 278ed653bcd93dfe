import Foundation
import ResilienceCore
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
      try decode(#"{"window": "30s", "refusals": "overloads"}"#, as: AdaptiveThrottlePolicy.self)
        == AdaptiveThrottlePolicy(window: .seconds(30), refusals: .overloads))
    #expect(try decode(#"{"permits": 200, "period": "1min"}"#, as: Quota.self) == .perMinute(200))
  }

  private static let policies: [(document: String, field: String, value: String)] = [
    (#"{"multiplier": 0.5}"#, "multiplier", "0.5"), (#"{"probes": -1}"#, "probes", "-1"),
    (#"{"window": "0s"}"#, "window", "\"0s\""),
    (#"{"windowSeconds": 30}"#, "windowSeconds", "30"), (#"{"refusals": "some"}"#, "refusals", "\"some\""),
  ]

  @Test(arguments: policies)
  func aValueOutOfItsRangeIsAnErrorThatNamesIt(document: String, field: String, value: String) {
    let error = #expect(throws: InvalidSetting.self) {
      try decode(document, as: AdaptiveThrottlePolicy.self)
    }
    #expect(error?.field == field)
    #expect(error?.value == value)
  }

  @Test func aQuotaOutOfItsRangeIsAnErrorThatNamesTheField() {
    let error = #expect(throws: InvalidSetting.self) {
      try decode(#"{"permits": -5, "period": "1min"}"#, as: Quota.self)
    }
    #expect(error?.description == "permits must be in 0 ... 1000000000, was -5")
    #expect(throws: InvalidSetting.self) {
      try decode(#"{"permits": 5, "period": "-1s"}"#, as: Quota.self)
    }
  }

  @Test func valuesFromOutsideAreRefusedAsADocuments() throws {
    #expect(try RateLimit.validated(7, per: .seconds(1)) == RateLimit(7, per: .seconds(1)))
    #expect(try RateLimit.validated(7, per: .seconds(1), burst: 2) == .perSecond(7, burst: 2))
    #expect(throws: InvalidSetting(field: "permits", value: "-7", requirement: "in 0 ... 1000000000")) {
      try RateLimit.validated(-7, per: .seconds(1))
    }
    #expect(throws: InvalidSetting(field: "burst", value: "0", requirement: "1 or more")) {
      try RateLimit.validated(7, per: .seconds(1), burst: 0)
    }
    #expect(throws: InvalidSetting(field: "period", value: "0s", requirement: "1ns or more")) {
      try RateLimit.validated(7, per: .zero)
    }
    #expect(try Quota.validated(7, per: .seconds(60)) == .perMinute(7))
    #expect(try Quota.validated(7, each: .day) == Quota(7, each: .day))
    #expect(throws: InvalidSetting.self) { try Quota.validated(-1, per: .seconds(60)) }
    #expect(throws: InvalidSetting.self) { try Quota.validated(1, per: .zero) }
    #expect(throws: InvalidSetting.self) { try Quota.validated(-1, each: .hour) }
    #expect(try AdaptiveThrottlePolicy.validated() == AdaptiveThrottlePolicy())
    let fault = #expect(throws: InvalidSetting.self) {
      try AdaptiveThrottlePolicy.validated(multiplier: .nan)
    }
    #expect(fault?.field == "multiplier")
  }
}
