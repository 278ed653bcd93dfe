import Foundation
import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct BalancingPolicyTests {
  private func read<Policy: Decodable>(_ document: String, _: Policy.Type = Policy.self) throws -> Policy {
    try JSONDecoder().decode(Policy.self, from: Data(document.utf8))
  }

  @Test func anEmptyDocumentIsTheDefault() throws {
    #expect(try read("{}") == BalancingPolicy())
    #expect(try read("{}") == OutlierPolicy())
    #expect(try read("{}") == SlowStartPolicy())
    #expect(try read(#"{"name": "eu"}"#) == ZonePreference("eu"))
  }

  @Test func theDocumentedExamplesAreRead() throws {
    #expect(
      try read(
        #"{"strategy": "peakEWMA", "outliers": {}, "slowStart": {"window": "1min"}, "panicThreshold": 0.5, "zone": {"name": "eu-1"}}"#
      )
        == BalancingPolicy(
          .peakEWMA, outliers: OutlierPolicy(), slowStart: SlowStartPolicy(window: .seconds(60)),
          panicThreshold: 0.5, zone: ZonePreference("eu-1")))
    #expect(
      try read(#"{"kind": "peakEWMA", "decay": "5s"}"#) == BalancingStrategy.peakEWMA(decay: .seconds(5)))
    #expect(
      try read(#"{"kind": "consistentHash", "loadFactor": 2}"#)
        == BalancingStrategy.consistentHash(loadFactor: 2))
    #expect(
      try read(
        #"{"interval": "10s", "maxEjectedShare": 0.2, "consecutiveFailures": "off", "successRate": {"deviations": 1.9}}"#
      )
        == OutlierPolicy(maxEjectedShare: 0.2, consecutiveFailures: nil))
  }

  @Test(arguments: [
    (#"{"strategy": "random"}"#, "strategy must be one of roundRobin"),
    (#"{"strategy": {"kind": "roundRobin", "decay": "1s"}}"#, "strategy.decay must be left out"),
    (
      #"{"strategy": {"kind": "peakEWMA", "decay": "0s"}}"#, "strategy.decay must be more than 0s, was \"0s\""
    ),
    (#"{"outliers": {"maxEjectedShare": 2}}"#, "outliers.maxEjectedShare must be in 0.0 ... 1.0, was 2"),
    (
      #"{"outliers": {"successRate": {"minimumCalls": 0}}}"#,
      "outliers.successRate.minimumCalls must be 1 or more"
    ),
    (#"{"outliers": {"consecutiveFailures": 0}}"#, "outliers.consecutiveFailures must be 1 or more, was 0"),
    (#"{"slowStart": {"aggression": 0}}"#, "slowStart.aggression must be in"),
    (#"{"zone": {}}"#, "zone.name must be the name of a zone, was missing"),
    (#"{"subsetSize": 0}"#, "subsetSize must be 1 or more, was 0"),
    (#"{"panicTreshold": 0.5}"#, "panicTreshold must be left out, or spelt as one of strategy"),
  ])
  func whatIsWrongIsNamed(document: String, text: String) {
    let error = #expect(throws: InvalidSetting.self) { try read(document, BalancingPolicy.self) }
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
  }

  @Test func aLongFirstEjectionIsTheLongest() {
    #expect(OutlierPolicy(baseEjectionTime: .seconds(600)).maxEjectionTime == .seconds(600))
    #expect(OutlierPolicy().maxEjectionTime == .seconds(300))
  }
}
