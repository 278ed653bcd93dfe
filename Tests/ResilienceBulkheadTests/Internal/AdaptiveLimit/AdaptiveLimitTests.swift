import ResilienceCore
import Testing

@testable import ResilienceBulkhead

@Suite struct AdaptiveLimitTests {
  private func limit(initial: Int = 20, minimum: Int = 1, maximum: Int = 1000) -> AdaptiveLimit {
    AdaptiveLimit(AdaptiveLimitPolicy(initial: initial, minimum: minimum, maximum: maximum))
  }

  /// After it has found its level.
  private func settled(_ destination: inout Destination, calls: Int = 10_000) -> AdaptiveLimit {
    var limit = limit()
    _ = destination.run(calls, through: &limit)
    return limit
  }

  // MARK: Saturated

  @Test(arguments: [(Destination.Service.constant, 64, UInt64(1)), (.exponential, 16, 7)])
  func staysBelowTwiceTheCapacityForAMillionCalls(
    service: Destination.Service, places: Int, seed: UInt64
  ) {
    var destination = Destination(service, places: places, seed: seed)
    var limit = settled(&destination)
    let figures = destination.run(1_000_000, through: &limit)
    #expect(figures.most <= 2 * places)
    #expect(figures.share > (service == .constant ? 0.9999 : 0.94))
    #expect(figures.enough > 999_000)
  }

  @Test(arguments: [Destination.Service.constant, .exponential], [1, 2, 4, 16, 64, 256])
  func findsTheCapacityWhereverItIs(service: Destination.Service, places: Int) {
    var destination = Destination(service, places: places)
    var limit = settled(&destination)
    let figures = destination.run(30_000, through: &limit)
    #expect(figures.most <= 2 * places)
    #expect(figures.share > (service == .constant ? 0.9999 : 0.8))
  }

  /// Calls until the limit is within one and 1.3 times the new capacity; see the article for all figures.
  @Test(arguments: [(4, 8), (8, 4), (16, 32), (32, 16)])
  func convergesAgainWithin500CallsWhenTheCapacityDoublesOrHalves(from: Int, to: Int) {
    var destination = Destination(.constant, places: from)
    var limit = settled(&destination)
    destination.places = to
    let figures = destination.run(1500, through: &limit)
    #expect((0...500).contains(figures.firstInBand))
    let later = destination.run(5000, through: &limit)
    #expect(later.inBand == later.calls)
  }

  /// From outside it looks the same as half the capacity, until it is probed.
  @Test(arguments: [Destination.Service.constant, .exponential], [0.5, 2])
  func aSlowerOrFasterServiceIsNoOtherCapacity(service: Destination.Service, factor: Double) {
    var destination = Destination(service, places: 32)
    var limit = settled(&destination)
    destination.meanServiceTime *= factor
    _ = destination.run(5000, through: &limit)
    let figures = destination.run(20_000, through: &limit)
    #expect(figures.share > 0.85)
  }

  @Test func aCapacityOfOneIsSharedByNeverMoreThanTwo() {
    var destination = Destination(.constant, places: 1)
    var limit = settled(&destination)
    let figures = destination.run(20_000, through: &limit)
    #expect(figures.least == 1)
    #expect(figures.most <= 2)
  }

  @Test func aFarTooHighBeginningIsPutRight() {
    var destination = Destination(.exponential, places: 4)
    var limit = limit(initial: 1000)
    _ = destination.run(20_000, through: &limit)
    #expect(limit.fullLimit <= 8)
  }

  // MARK: Not saturated

  @Test(arguments: [Destination.Service.constant, .exponential])
  func aLimitThatHoldsNobodyBackStaysAsItIs(service: Destination.Service) {
    var destination = Destination(service, places: 64)
    destination.callers = 12
    var limit = limit()
    let figures = destination.run(50_000, through: &limit)
    #expect(figures.most == 20)
    #expect(figures.least == 20)
    #expect(!limit.isProbing)
  }

  @Test func growsUntilItHoldsNobodyBackAndNoFurther() {
    var destination = Destination(.exponential, places: 256)
    destination.callers = 50
    var limit = limit()
    _ = destination.run(20_000, through: &limit)
    let figures = destination.run(100_000, through: &limit)
    #expect(figures.least >= 50)
    #expect(figures.most <= 75)
  }

  @Test(arguments: [Destination.Service.constant, .exponential])
  func burstsDoNotDriveItAway(service: Destination.Service) {
    var destination = Destination(service, places: 16)
    var limit = settled(&destination)
    for _ in 0..<200 {
      destination.callers = 3
      let quiet = destination.run(150, through: &limit)
      destination.callers = 100
      let burst = destination.run(150, through: &limit)
      #expect(min(quiet.least, burst.least) >= 12)
      #expect(max(quiet.most, burst.most) <= 32)
    }
  }

  // MARK: Outcomes

  @Test func pushbackReducesItAndItsEndLetsItGrowAgain() {
    var destination = Destination(.constant, places: 32)
    var limit = settled(&destination)
    #expect(limit.fullLimit > 32)
    destination.outcome = { $0 > 20 ? .failure(.overloaded) : .success }
    let strained = destination.run(20_000, through: &limit)
    #expect(strained.least >= 10)
    #expect(limit.fullLimit <= 28)
    destination.outcome = nil
    _ = destination.run(20_000, through: &limit)
    #expect((32...42).contains(limit.fullLimit))
  }

  @Test func pushbackAloneNeverClosesIt() {
    var destination = Destination(.constant, places: 32)
    destination.outcome = { _ in .failure(.overloaded) }
    var limit = limit()
    let figures = destination.run(20_000, through: &limit)
    #expect(figures.least == 1)
    #expect(limit.limit == 1)
  }

  @Test func failuresAtOnceTellNothing() {
    var limit = limit(initial: 4)
    for call in 0..<10_000 {
      let now = Instant(nanoseconds: Int64(call) * 1000)
      limit.enter(inUse: 3, at: now)
      limit.leave(
        AdaptiveLimit.Call(weight: 1, inUse: 4, nanoseconds: 1000), .failure, inUse: 4, at: now)
    }
    #expect(limit.limit == 4)
  }

  @Test func timeoutsTellThatItIsSlow() {
    var destination = Destination(.constant, places: 32)
    var limit = settled(&destination)
    destination.places = 4
    // Nothing comes back in time any more.
    destination.outcome = { _ in .failure }
    _ = destination.run(5000, through: &limit)
    #expect(limit.fullLimit <= 8)
  }

  @Test func aClockThatStandsStillOrJumpsBackIsHarmless() {
    var limit = limit(initial: 8)
    for call in 0..<20_000 {
      let now = Instant(nanoseconds: call.isMultiple(of: 3) ? 0 : 5)
      limit.enter(inUse: 7, at: now)
      limit.leave(AdaptiveLimit.Call(weight: 1, inUse: 8, nanoseconds: 0), .success, inUse: 8, at: now)
      #expect(limit.limit >= 1)
    }
    #expect(limit.limit <= 1000)
  }

  @Test func staysWithinItsBounds() {
    var small = Destination(.constant, places: 2)
    var limit = limit(initial: 10, minimum: 8, maximum: 12)
    #expect(small.run(20_000, through: &limit).least >= 8)
    var large = Destination(.constant, places: 200)
    #expect(large.run(20_000, through: &limit).most <= 12)
  }

  @Test func heavyCallsCountAsMany() {
    // Two places inside, each call takes both: 8 places are 4 calls.
    var limit = limit(initial: 20)
    var free: [Double] = Array(repeating: 0, count: 4)
    var inside: [(entered: Double, done: Double, inUse: Int)] = []
    var now = 0.0
    for _ in 0..<20_000 {
      while (inside.count + 1) * 2 <= limit.limit || inside.isEmpty {
        limit.enter(inUse: inside.count * 2, at: Instant(nanoseconds: Int64(now)))
        let place = free.indices.min { free[$0] < free[$1] } ?? 0
        free[place] = max(now, free[place]) + 1_000_000
        inside.append((now, free[place], inside.count * 2 + 2))
      }
      let first = inside.removeFirst()
      now = first.done
      limit.leave(
        AdaptiveLimit.Call(weight: 2, inUse: first.inUse, nanoseconds: Int64(now - first.entered)),
        .success, inUse: inside.count * 2 + 2, at: Instant(nanoseconds: Int64(now)))
    }
    #expect((8...11).contains(limit.fullLimit))
  }

  // MARK: Held back

  @Test func whatAProbeHoldsBackIsNotWhatTheLimitHoldsBack() {
    var destination = Destination(.constant, places: 16)
    var limit = limit()
    var (probing, measuring) = (0, 0)
    for _ in 0..<20_000 {
      _ = destination.run(1, through: &limit)
      let before = limit.window.heldBack
      limit.noteHeldBack(weight: 1)
      if limit.isProbing {
        probing += 1
        #expect(limit.window.heldBack == 0)
      } else if limit.window.heldBack > before {
        measuring += 1
      }
    }
    #expect(probing > 100)
    #expect(measuring > 1000)
  }
}
