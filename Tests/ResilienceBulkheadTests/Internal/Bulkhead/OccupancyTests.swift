import Testing

@testable import ResilienceBulkhead

@Suite struct OccupancyTests {
  @Test func anOpenOneLetsInUpToTheLimit() {
    let occupancy = Occupancy(guarded: false)
    let entered = [3, 2, 1, 0, 1].map { occupancy.tryEnter($0, limit: 4) }
    #expect(entered == [true, false, true, true, false])
    let (hasLeft, hasRoom) = (occupancy.tryLeave(3), occupancy.tryEnter(2, limit: 4))
    #expect(hasLeft && hasRoom)
    let inside = occupancy.take()
    #expect(inside == 3)
  }

  @Test(arguments: [-1, .min, 5, .max])
  func whatIsAboveTheLimitOrNegativeNeverEnters(weight: Int) {
    let occupancy = Occupancy(guarded: false)
    let hasEntered = occupancy.tryEnter(weight, limit: 4)
    let inside = occupancy.take()
    #expect(!hasEntered && inside == 0)
  }

  @Test func whileItIsGuardedNobodyEntersOrLeavesByIt() {
    let occupancy = Occupancy(guarded: false)
    _ = occupancy.tryEnter(2, limit: 1_000_000_000)
    let inside = occupancy.take()
    #expect(inside == 2)
    let (isGuarded, enters, leaves) = (
      occupancy.isGuarded, occupancy.tryEnter(0, limit: 1_000_000_000), occupancy.tryLeave(1)
    )
    #expect(isGuarded && !enters && !leaves)
    occupancy.release(3, guarded: true)
    let (isStillGuarded, stillInside) = (occupancy.isGuarded, occupancy.take())
    #expect(isStillGuarded && stillInside == 3)
    occupancy.release(1, guarded: false)
    let (isOpen, leavesNow) = (!occupancy.isGuarded, occupancy.tryLeave(1))
    #expect(isOpen && leavesNow)
  }
}
