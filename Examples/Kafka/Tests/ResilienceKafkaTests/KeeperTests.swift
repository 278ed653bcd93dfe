import Resilience
import Testing

@testable import ResilienceKafka

/// Each process by its own clock, which has begun when it likes.
struct KeeperTests {
  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  private func read(_ claim: StoredKeeper?, by state: inout KeeperState, at now: Instant) throws {
    let claim = try #require(claim)
    let isClaim = state.apply(claim, at: now)
    #expect(isClaim)
  }

  private func apply(_ claim: StoredKeeper?, to states: inout [KeeperState], at now: Instant) throws {
    for index in states.indices { try read(claim, by: &states[index], at: now) }
  }

  @Test func ofTwoThatClaimAtOnceTheFirstCounts() throws {
    var states = [KeeperState(id: "a"), KeeperState(id: "b")]
    let first = states[0].wanted(at: at(1))
    let second = states[1].wanted(at: at(1))
    try apply(first, to: &states, at: at(1.1))
    try apply(second, to: &states, at: at(1.1))
    #expect(states.map { $0.isOurs(at: at(1.2)) } == [true, false])
    let early = states[1].wanted(at: at(2.5))
    #expect(early == nil)
  }

  @Test func aClaimThatIsRenewedHolds() throws {
    var states = [KeeperState(id: "a"), KeeperState(id: "b")]
    var now = 1.0
    while now < 20 {
      if let claim = states[0].wanted(at: at(now)) { try apply(claim, to: &states, at: at(now + 0.1)) }
      now += 0.25
      #expect(states[0].isOurs(at: at(now)))
      let other = states[1].wanted(at: at(now))
      #expect(other == nil)
    }
  }

  /// An hour ahead, an hour behind, or of a machine that started long ago.
  @Test(arguments: [-3600.0, 0, 3600, 9e9])
  func oneThatDiesIsFollowedAfterItsTimeWhateverItsClock(ahead: Double) throws {
    var dead = KeeperState(id: "dead")
    let claim = dead.wanted(at: at(ahead))
    var living = KeeperState(id: "living")
    try read(claim, by: &living, at: at(10))
    let early = living.wanted(at: at(12.9))
    #expect(early == nil)
    let next = living.wanted(at: at(13))
    try read(next, by: &living, at: at(13.1))
    #expect(living.isOurs(at: at(13.1)))
    // It reads on: the other one is the keeper.
    try read(claim, by: &dead, at: at(ahead))
    #expect(dead.isOurs(at: at(ahead + 1)))
    try read(next, by: &dead, at: at(ahead + 1))
    #expect(!dead.isOurs(at: at(ahead + 1)))
  }

  @Test func theHolderStopsBeforeOthersBegin() throws {
    var states = [KeeperState(id: "a"), KeeperState(id: "b")]
    // It took a second until it was read.
    try apply(states[0].wanted(at: at(1)), to: &states, at: at(2))
    #expect(states[0].isOurs(at: at(3.9)))
    #expect(!states[0].isOurs(at: at(4)))
    let early = states[1].wanted(at: at(4.9))
    #expect(early == nil)
    // A renewal of what is over is one for the next term: another one may have been first.
    let second = states[1].wanted(at: at(5))
    let first = states[0].wanted(at: at(5))
    try apply(second, to: &states, at: at(5.1))
    try apply(first, to: &states, at: at(5.1))
    #expect(states.map { $0.isOurs(at: at(5.2)) } == [false, true])
  }

  @Test func whatIsGivenUpIsFreeAtOnce() throws {
    var states = [KeeperState(id: "a"), KeeperState(id: "b")]
    #expect(states[0].givenUp(at: at(1)) == nil)
    try apply(states[0].wanted(at: at(1)), to: &states, at: at(1))
    try apply(states[0].givenUp(at: at(2)), to: &states, at: at(2))
    #expect(!states[0].isOurs(at: at(2)))
    try apply(states[1].wanted(at: at(2)), to: &states, at: at(2))
    #expect(states[1].isOurs(at: at(2)))
  }

  /// Compaction has kept a claim that had come too late: this process takes another one for the keeper.
  @Test func oneThatHasNotSeenTheFirstClaimAgreesInTheEnd() throws {
    var (real, late, new) = (KeeperState(id: "real"), KeeperState(id: "late"), KeeperState(id: "new"))
    let (first, second) = (real.wanted(at: at(1)), late.wanted(at: at(1)))
    try read(first, by: &real, at: at(1))
    try read(second, by: &new, at: at(1))
    let renewal = real.wanted(at: at(2.9))
    try read(renewal, by: &new, at: at(2.9))
    #expect(new.claim?.holder == "late")
    let next = new.wanted(at: at(4))
    try read(next, by: &real, at: at(4))
    try read(next, by: &new, at: at(4))
    #expect([real, new].map { $0.claim?.holder } == ["new", "new"])
  }

  @Test(arguments: [Int64.min, -1, 1 << 62, .max])
  func aTermThatIsNoneIsRefused(term: Int64) {
    var state = KeeperState(id: "me")
    let isClaim = state.apply(
      StoredKeeper(holder: "x", term: term, written: 0, isGivenUp: false), at: at(1))
    #expect(!isClaim)
    let wanted = state.wanted(at: at(1))
    #expect(wanted?.term == 0)
  }

  @Test func noTimeThatIsWrittenKeepsAClaimForLong() throws {
    for written in [Int64.min, .max] {
      var state = KeeperState(id: "me")
      let claim = StoredKeeper(holder: "me", term: (1 << 62) - 1, written: written, isGivenUp: false)
      try read(claim, by: &state, at: at(1))
      #expect(!state.isOurs(at: at(4)))
      let next = state.wanted(at: at(4))
      #expect(next?.term == (1 << 62) - 1)
    }
  }
}
