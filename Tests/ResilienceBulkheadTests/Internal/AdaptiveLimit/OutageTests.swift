import ResilienceCore
import Testing

@testable import ResilienceBulkhead

/// How many calls an adaptive limit needs after an outage until it fits again.
@Suite struct OutageTests {
  enum Outage: CaseIterable {
    case failsAtOnce, timesOut, isOverloaded
  }

  /// The outage lasts for so many calls as 37 s hold.
  private func callsUntilInBand(_ outage: Outage, _ service: Destination.Service, places: Int, seed: UInt64)
    -> Int
  {
    var destination = Destination(service, places: places, seed: seed)
    var limit = AdaptiveLimit(AdaptiveLimitPolicy())
    _ = destination.run(20_000, through: &limit)
    // With exponential service times it is outside for one call in twenty, outage or not.
    while destination.run(1, through: &limit).inBand == 0 {}
    switch outage {
    case .failsAtOnce:
      destination.meanServiceTime /= 100
      destination.outcome = { _ in .failure }
      _ = destination.run(10_000, through: &limit)
    case .timesOut:
      destination.meanServiceTime *= 100
      destination.outcome = { _ in .failure }
      _ = destination.run(37 * places, through: &limit)
    case .isOverloaded:
      destination.outcome = { _ in .failure(.overloaded) }
      _ = destination.run(3700, through: &limit)
    }
    destination.meanServiceTime = Destination.meanServiceTime
    destination.outcome = nil
    return destination.run(5000, through: &limit).firstInBand
  }

  @Test(arguments: Outage.allCases, [4, 8, 32, 100])
  func isBackInItsBandWithin500Calls(outage: Outage, places: Int) {
    for service in [Destination.Service.constant, .exponential] {
      let calls = (1...20).map { callsUntilInBand(outage, service, places: places, seed: UInt64($0)) }
      let inTime = calls.count { (0...500).contains($0) }
      #expect(inTime >= (service == .constant ? 20 : 19), "\(service): \(calls)")
    }
  }

  /// The destination comes back with a quarter of its places: it is not driven to what it was.
  @Test(arguments: Outage.allCases)
  func aDestinationThatIsSmallerAfterwardsIsNotDrivenToWhatItWas(outage: Outage) {
    var destination = Destination(.constant, places: 64)
    var limit = AdaptiveLimit(AdaptiveLimitPolicy())
    _ = destination.run(20_000, through: &limit)
    destination.outcome = { _ in outage == .isOverloaded ? .failure(.overloaded) : .failure }
    destination.meanServiceTime *= outage == .timesOut ? 100 : 1
    _ = destination.run(3700, through: &limit)
    destination.outcome = nil
    destination.meanServiceTime = Destination.meanServiceTime
    destination.places = 16
    _ = destination.run(2000, through: &limit)
    let figures = destination.run(5000, through: &limit)
    #expect(figures.most <= 32)
    #expect(Double(figures.inBand) > 0.99 * Double(figures.calls))
  }
}
