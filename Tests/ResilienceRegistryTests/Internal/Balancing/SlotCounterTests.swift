import Synchronization
import Testing

@testable import ResilienceRegistry

@Suite struct SlotCounterTests {
  @Test func onlyAnOpenSlotIsPinned() {
    let counter = SlotCounter(slot: 7)
    counter.assign(to: 3)
    #expect(counter.pin() == false)
    #expect(counter.release() == false)
    counter.open()
    #expect(counter.pin() == true)
    #expect(counter.pin() == true)
    #expect(counter.inFlight == 2)
    counter.close()
    #expect(counter.pin() == false)
    #expect(counter.release() == false)
    #expect(counter.inFlight == 2)
    #expect(counter.picks.load(ordering: .relaxed) == 2)
    counter.open()
    #expect(counter.release() == true)
    #expect(counter.release() == true)
    #expect(counter.inFlight == 0)
  }

  @Test func aRetiredSlotIsVacatedOnceAndOnlyWhenNoCallIsLeft() {
    let counter = SlotCounter(slot: 0)
    counter.open()
    _ = counter.pin()
    counter.retire()
    #expect(counter.isAbandoned == false)
    #expect(counter.vacate() == false)
    #expect(counter.release() == false)
    #expect(counter.isAbandoned == true)
    #expect(counter.vacate() == true)
    #expect(counter.vacate() == false)
    #expect(counter.isAbandoned == false)
  }

  /// A pin that was aimed at a slot before it was retired holds it until it is taken back.
  @Test func aPinThatIsTakenBackLateLeavesTheVacatingToWhoeverComesLast() {
    let counter = SlotCounter(slot: 0)
    counter.open()
    counter.close()
    #expect(counter.pin() == false)
    counter.retire()
    #expect(counter.vacate() == false)
    #expect(counter.release() == false)
    #expect(counter.isAbandoned == true)
    #expect(counter.vacate() == true)
  }

  /// Vacated and given to another registration while a pin is on its way: its call is taken back all the
  /// same.
  @Test func aPinThatIsTakenBackAfterTheNextOpeningLeavesNothing() {
    let counter = SlotCounter(slot: 0)
    #expect(counter.pin() == false)
    counter.open()
    #expect(counter.inFlight == 1)
    #expect(counter.release() == true)
    #expect(counter.inFlight == 0)
    #expect(counter.pin() == true)
  }

  @Test func whatIsNotOpenComparesAsBusierThanAnyThatIs() {
    let open = SlotCounter(slot: 0)
    let closed = SlotCounter(slot: 1)
    let retired = SlotCounter(slot: 2)
    open.open()
    for _ in 0..<1_000_000 { _ = open.pin() }
    retired.retire()
    #expect(open.load < closed.load)
    #expect(open.load < retired.load)
  }

  @Test func oneReleaseTooManyIsSeenInEachState() {
    let open = SlotCounter(slot: 0)
    let closed = SlotCounter(slot: 1)
    let retired = SlotCounter(slot: 2)
    open.open()
    retired.retire()
    let isOpen = [open.release(), closed.release(), retired.release()]
    #expect(isOpen == [false, false, false])
    #expect(open.isOverdrawn == true)
    #expect(closed.isOverdrawn == true)
    #expect(retired.isOverdrawn == true)
  }
}
