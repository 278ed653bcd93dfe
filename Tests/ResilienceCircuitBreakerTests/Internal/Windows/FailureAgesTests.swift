import ResilienceCore
import Testing

@testable import ResilienceCircuitBreaker

@Suite struct FailureAgesTests {
  /// Against a list of all numbers and times.
  @Test(arguments: 1...20)
  func agreesWithAListOfAllResults(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let maxAge: Int64 = [8, 1000, 1_000_007, .max, 1][Int(seed) % 5]
    let slice = max(1, maxAge / 8)
    var ages = FailureAges(maxAge: maxAge)
    var kept: [(number: Int, slice: Int64)] = []
    var (now, latest, isExact) = (Int64(-3000), Int64.min, true)
    for number in 1...2000 {
      now = now.addingSaturating(Int64(random.next(below: Int(clamping: slice.multiplyingSaturating(3)))))
      latest = now.flooredDivision(by: slice).quotient
      let passed = ages.pass(to: Instant(nanoseconds: now))
      let old = kept.filter { $0.slice <= latest.subtractingSaturating(8) }
      isExact = isExact && passed == old.last?.number
      kept.removeFirst(old.count)
      if random.next(below: 3) == 0 {
        ages.note(number, at: Instant(nanoseconds: now))
        kept.append((number, latest))
      }
    }
    #expect(isExact)
  }

  @Test func withoutAnAgeNothingPasses() {
    var ages = FailureAges(maxAge: nil)
    ages.note(1, at: Instant(nanoseconds: .min))
    ages.note(2, at: Instant(nanoseconds: 0))
    #expect(ages.pass(to: Instant(nanoseconds: .max)) == nil)
  }
}
