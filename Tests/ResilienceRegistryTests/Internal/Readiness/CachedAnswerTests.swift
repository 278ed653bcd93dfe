import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct CachedAnswerTests {
  private func asked() -> CachedAnswer {
    var cached = CachedAnswer(maxAge: .seconds(5), timeout: .seconds(1))
    _ = cached.ask(at: seconds(0))
    return cached
  }

  @Test func anAnswerIsUsedAgainUntilItIsTooOld() {
    var cached = CachedAnswer(maxAge: .seconds(5), timeout: .seconds(1))
    let first = cached.ask(at: seconds(0))
    #expect(first == .ask(number: 1, until: seconds(1)))
    cached.finish(1, failure: nil, at: Instant(nanoseconds: 500))
    let second = cached.ask(at: seconds(5))
    #expect(second == .answer(CachedAnswer.Answer(failure: nil, at: Instant(nanoseconds: 500))))
    let third = cached.ask(at: Instant(nanoseconds: 5_000_000_500))
    #expect(third == .ask(number: 2, until: Instant(nanoseconds: 6_000_000_500)))
  }

  @Test func whoeverAsksMeanwhileWaits() {
    var cached = asked()
    let meanwhile = cached.ask(at: Instant(nanoseconds: 1))
    #expect(meanwhile == .wait(until: seconds(1)))
  }

  @Test func whatDoesNotEndHasFailedAndIsNotStartedAgain() {
    var cached = asked()
    let late = CachedAnswer.Decision.answer(
      CachedAnswer.Answer(failure: "no answer within 1000 ms", at: seconds(1)))
    let answers = [1, 10, 1000].map { cached.ask(at: seconds($0)) }
    #expect(answers == [late, late, late])
    // What it says in the end comes too late to be used.
    cached.finish(1, failure: nil, at: seconds(1001))
    let next = cached.ask(at: seconds(1001))
    #expect(next == .ask(number: 2, until: seconds(1002)))
  }

  @Test func anAnswerOfAnEarlierRunIsNone() {
    var cached = asked()
    cached.finish(1, failure: nil, at: seconds(0))
    _ = cached.ask(at: seconds(9))
    cached.finish(1, failure: "old", at: seconds(9))
    let meanwhile = cached.ask(at: seconds(9))
    #expect(meanwhile == .wait(until: seconds(10)))
  }
}
