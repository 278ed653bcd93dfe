import Testing

@testable import ResilienceCore

@Suite struct RandomSourceTests {
  /// The first outputs of the reference implementation (Vigna, splitmix64.c) for seed 1234567.
  @Test func agreesWithTheReference() {
    let source = SeededRandomSource(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in source.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test func boundedDrawsCoverTheirRangeAndNothingElse() {
    let source = SeededRandomSource(seed: 4)
    var seen = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { seen[source.next(below: 7)] += 1 }
    #expect(seen.allSatisfy { 850 < $0 && $0 < 1150 })
    #expect(source.next(below: 1) == 0)
  }

  @Test func theSystemSourceDoesNotRepeatItself() {
    let draws = Set((0..<1000).map { _ in SystemRandomSource().next() })
    #expect(draws.count == 1000)
  }
}
