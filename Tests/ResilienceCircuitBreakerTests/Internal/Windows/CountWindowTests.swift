import ResilienceCore
import Testing

@testable import ResilienceCircuitBreaker

@Suite struct CountWindowTests {
  @Test(arguments: [1, 2, 63, 64, 65, 100, 128, 300])
  func countsExactlyTheLatestResults(capacity: Int) {
    var window = CountWindow(capacity: capacity, tracksSlow: true)
    var tally = CallTally()
    var reference: [CallResult] = []
    var isExact = true
    let random = SeededRandomSource(seed: UInt64(capacity))
    for _ in 0..<(capacity * 5) {
      let result = CallResult(failed: random.next(below: 3) == 0, slow: random.next(below: 4) == 0)
      window.append(result, to: &tally)
      reference = (reference + [result]).suffix(capacity)
      isExact = isExact && tally.calls == reference.count
      isExact = isExact && tally.failures == reference.count(where: \.failed)
      isExact = isExact && tally.slow == reference.count(where: \.slow)
    }
    #expect(isExact)
    window.removeAll()
    tally = CallTally()
    window.append(CallResult(failed: true, slow: false), to: &tally)
    #expect(tally == CallTally(calls: 1, failures: 1, slow: 0))
  }

  @Test(arguments: [1, 63, 64, 65, 130, 300])
  func manySuccessesAtOnceAreAsManyOneByOne(capacity: Int) {
    var window = CountWindow(capacity: capacity, tracksSlow: true)
    var single = CountWindow(capacity: capacity, tracksSlow: true)
    var (tally, singleTally) = (CallTally(), CallTally())
    let random = SeededRandomSource(seed: UInt64(capacity))
    var isExact = true
    for _ in 0..<100 {
      let result = CallResult(failed: random.next(below: 2) == 0, slow: random.next(below: 2) == 0)
      for _ in 0..<(1 + random.next(below: 40)) {
        window.append(result, to: &tally)
        single.append(result, to: &singleTally)
      }
      let successes = random.next(below: [10, 70, 2 * capacity + 1][random.next(below: 3)])
      window.append(successes: successes, to: &tally)
      for _ in 0..<successes { single.append(CallResult(failed: false, slow: false), to: &singleTally) }
      isExact = isExact && tally == singleTally
    }
    #expect(isExact)
  }

  @Test(arguments: [(from: 7, to: 3), (from: 3, to: 7), (from: 100, to: 65)])
  func aWindowOfAnotherSizeTakesTheLatestThatFit(from: Int, to: Int) {
    var old = CountWindow(capacity: from, tracksSlow: true)
    var tally = CallTally()
    let results = (0..<(from + 2)).map { CallResult(failed: $0 % 3 == 0, slow: $0 % 2 == 0) }
    for result in results { old.append(result, to: &tally) }
    var new = CountWindow(capacity: to, tracksSlow: true)
    var taken = CallTally()
    new.append(latest: min(from, to), of: old, to: &taken)
    let kept = results.suffix(min(from, to))
    #expect(
      taken
        == CallTally(
          calls: kept.count, failures: kept.count(where: \.failed), slow: kept.count(where: \.slow)))
  }
}
