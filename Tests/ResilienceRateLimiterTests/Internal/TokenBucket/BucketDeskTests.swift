import ResilienceCore
import Testing

@testable import ResilienceRateLimiter

@Suite struct BucketDeskTests {
  /// Between the two, its permits would count twice: as taken, and as waited for.
  @Test func whoTakesItsPermitsHasLeftTheLine() {
    var desk = BucketDesk(.perSecond(10, burst: 2))
    #expect(desk.take(2, at: .s(0)) == .acquired)
    let admissions = [1, 1].map { desk.lineUp($0, maxWaiting: 2, deadline: .never, at: .s(0)) }
    guard case .queued(let first, due: .s(0.1)) = admissions[0], case .queued(_, due: .s(0.2)) = admissions[1]
    else {
      Issue.record("\(admissions)")
      return
    }
    guard case .taken(let next) = desk.turn(of: first, at: .s(0.1)) else {
      Issue.record("its permit is there")
      return
    }
    #expect(next != nil)
    #expect(desk.line.permits == 1)
    #expect(desk.hasRoom(for: 1, maxWaiting: 2, at: .s(0.1)))
    #expect(desk.earliest(1, at: .s(0.1)) == .s(0.3))
  }
}
