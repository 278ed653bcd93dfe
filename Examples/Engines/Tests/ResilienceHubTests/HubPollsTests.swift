import Testing

@testable import ResilienceHub

@Suite struct HubPollsTests {
  @Test func aRequestThatIsOvertakenByALaterOneIsRefused() {
    var polls = HubPolls<String>()
    #expect(polls.begin(1, attempt: 2) { _ in "later" })
    #expect(!polls.begin(1, attempt: 1) { _ in "earlier" })
    #expect(!polls.begin(1, attempt: 2) { _ in "the same" })
    #expect(polls.begin(1, attempt: 3) { "\($0 ?? "none") and latest" })
    #expect(polls.takeAll() == ["later and latest"])
  }

  @Test func aCallWhoseAnswerWasHeardIsOver() {
    var polls = HubPolls<Int>()
    for poll: UInt64 in [2, 1, 3] {
      #expect(polls.begin(poll, attempt: 1) { _ in 0 })
      polls.end(poll)
      #expect(!polls.begin(poll, attempt: 9) { _ in 0 })
    }
    #expect(polls.begin(4, attempt: 1) { _ in 4 })
    #expect(polls.takeAll() == [4])
  }

  @Test func whatIsFarAheadIsRefusedAndUnknownEndsAreNothing() {
    var polls = HubPolls<Int>()
    polls.end(.max)
    polls.end(0)
    #expect(!polls.begin(0, attempt: 1) { _ in 0 })
    #expect(!polls.begin(.max, attempt: .max) { _ in 0 })
    #expect(!polls.begin(129, attempt: 1) { _ in 0 })
    for poll: UInt64 in 1...1000 {
      #expect(polls.begin(poll, attempt: 1) { _ in 0 })
      polls.end(poll)
    }
  }
}
