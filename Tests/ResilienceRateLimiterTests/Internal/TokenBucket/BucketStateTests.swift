import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct BucketStateTests {
  /// Between the two, its permits would count twice: as taken, and as waited for.
  @Test func whoTakesItsPermitsHasLeftTheLine() {
    var state = BucketState(.perSecond(10, burst: 2), maxWaiting: 2)
    #expect(state.take(2, at: .s(0)) == .acquired)
    let admissions = [1, 1].map { state.enqueue($0, deadline: .never, at: .s(0)) }
    guard case .queued(let first, due: .s(0.1)) = admissions[0], case .queued(_, due: .s(0.2)) = admissions[1]
    else {
      Issue.record("\(admissions)")
      return
    }
    guard case .taken(let next) = state.turn(of: first, at: .s(0.1)) else {
      Issue.record("its permit is there")
      return
    }
    #expect(next != nil)
    #expect(state.queue.amount == 1)
    #expect(state.hasRoom(for: 1, at: .s(0.1)))
    #expect(state.earliest(1, at: .s(0.1)) == .s(0.3))
  }
}
