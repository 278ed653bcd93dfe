import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct InboxStateMachineTests {
  private static func machine(
    window: Int64 = 60, lease: Int64 = 10, capacity: Int = 100
  ) -> InboxStateMachine {
    InboxStateMachine(
      InboxPolicy(window: .seconds(window), lease: .seconds(lease), capacity: capacity))
  }

  private static func key(_ id: String) -> InboxKey { InboxKey(group: "g", source: "s", id: id) }

  private static func reserved(
    _ machine: inout InboxStateMachine, _ id: String, at now: Instant
  ) throws -> InboxReservation {
    guard case .reserved(let reservation) = machine.reserve(key(id), at: now) else {
      throw Broken()
    }
    return reservation
  }

  @Test func aReservedEventIsBusyUntilItsLeaseEnds() throws {
    var machine = Self.machine()
    let first = try Self.reserved(&machine, "a", at: .s(0))
    #expect(first.expiresAt == .s(10))
    #expect(machine.reserve(Self.key("a"), at: .ns(9_999_999_999)) == .busy(until: .s(10)))
    let second = try Self.reserved(&machine, "a", at: .s(10))
    #expect(second != first)
    #expect((machine.reserved, machine.committed) == (1, 0))
  }

  @Test func aCommittedEventIsADuplicateForTheWindow() throws {
    var machine = Self.machine()
    let reservation = try Self.reserved(&machine, "a", at: .s(0))
    #expect(machine.commit(reservation, at: .s(5)) == true)
    #expect(machine.reserve(Self.key("a"), at: .ns(64_999_999_999)) == .duplicate)
    #expect((machine.reserved, machine.committed) == (0, 1))
    _ = try Self.reserved(&machine, "a", at: .s(65))
    #expect((machine.reserved, machine.committed) == (1, 0))
  }

  @Test func row53_aReleasedEventMayBeHandledAgainAtOnce() throws {
    var machine = Self.machine()
    #expect(machine.release(try Self.reserved(&machine, "a", at: .s(0))) == true)
    _ = try Self.reserved(&machine, "a", at: .s(0))
  }

  @Test func groupsAndSourcesAndIDsTellEventsApart() throws {
    var machine = Self.machine()
    let keys = [
      InboxKey(group: "g", source: "s", id: "i"), InboxKey(group: "h", source: "s", id: "i"),
      InboxKey(group: "g", source: "t", id: "i"), InboxKey(group: "g", source: "s", id: "j"),
    ]
    for key in keys {
      guard case .reserved = machine.reserve(key, at: .s(0)) else { throw Broken() }
    }
  }

  @Test func row85_aLateCommitCountsAlsoWhenSomebodyElseHasTakenOver() throws {
    var machine = Self.machine()
    let first = try Self.reserved(&machine, "a", at: .s(0))
    #expect(machine.reserve(Self.key("x"), at: .s(20)) != .duplicate)
    #expect(machine.commit(first, at: .s(21)) == true)
    #expect(machine.reserve(Self.key("a"), at: .s(22)) == .duplicate)

    let old = try Self.reserved(&machine, "b", at: .s(30))
    let new = try Self.reserved(&machine, "b", at: .s(45))
    #expect(machine.release(old) == false)
    #expect(machine.reserve(Self.key("b"), at: .s(46)) == .busy(until: .s(55)))
    #expect(machine.commit(old, at: .s(46)) == true)
    #expect(machine.reserve(Self.key("b"), at: .s(46)) == .duplicate)
    #expect((machine.reserved, machine.committed) == (0, 2))
    #expect(machine.commit(new, at: .s(47)) == false)
    #expect(machine.commit(old, at: .s(47)) == false)
    #expect(machine.release(new) == false)
    #expect(machine.reserve(Self.key("b"), at: .s(48)) == .duplicate)
  }

  @Test func theOldestHandledEventIsForgottenForANewOneButNoReservationIs() throws {
    var machine = Self.machine(capacity: 2)
    let a = try Self.reserved(&machine, "a", at: .s(0))
    #expect(machine.commit(a, at: .s(1)) == true)
    let b = try Self.reserved(&machine, "b", at: .s(2))
    let c = try Self.reserved(&machine, "c", at: .s(3))
    #expect((machine.reserved, machine.committed) == (2, 0))
    #expect(machine.reserve(Self.key("d"), at: .s(4)) == .busy(until: .s(12)))
    #expect(machine.release(b) == true)
    #expect(machine.reserve(Self.key("a"), at: .s(5)) != .duplicate)
    #expect(machine.commit(c, at: .s(5)) == true)
    #expect((machine.reserved, machine.committed) == (1, 1))
  }

  @Test func oneSlowHandlerDoesNotMakeItKeepTheLeasesOfAllOthers() throws {
    var machine = Self.machine(window: 1_000, lease: 1_000, capacity: 10)
    let slow = try Self.reserved(&machine, "slow", at: .s(0))
    for number in 1...10_000 {
      let reservation = try Self.reserved(&machine, "\(number)", at: .ns(Int64(number)))
      let isHeld =
        number.isMultiple(of: 2) ? machine.commit(reservation, at: .s(0)) : machine.release(reservation)
      #expect(isHeld)
      #expect(machine.leases.count < 100)
    }
    #expect(machine.reserve(Self.key("slow"), at: .s(1)) == .busy(until: .s(1_000)))
    #expect(machine.commit(slow, at: .s(2)) == true)
  }

  /// The model: what is known of a key, without queues.
  private struct Model {
    enum Entry {
      case reserved(InboxReservation)
      case committed(at: Int64, order: Int)
    }
    var entries: [InboxKey: Entry] = [:]
    var commits = 0
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func doesWhatADictionaryDoes(seed: UInt64) throws {
    let (window, lease, capacity) = (Int64(40), Int64(15), 6)
    let dice = SeededRandomSource(seed: seed)
    var machine = InboxStateMachine(
      InboxPolicy(window: .nanoseconds(window), lease: .nanoseconds(lease), capacity: capacity))
    var model = Model()
    var held: [InboxReservation] = []
    var now: Int64 = 0
    for _ in 0..<3_000 {
      now += Int64(dice.next(below: 4))
      let oldest: () -> InboxKey? = {
        model.entries.compactMap { key, entry in
          if case .committed(_, let order) = entry { (key, order) } else { nil }
        }.min { $0.1 < $1.1 }?.0
      }
      switch dice.next(below: 4) {
      case 0...1:
        for (key, entry) in model.entries {
          switch entry {
          case .reserved(let reservation) where reservation.expiresAt <= .ns(now): model.entries[key] = nil
          case .committed(let at, _) where at + window <= now: model.entries[key] = nil
          default: break
          }
        }
        let key = Self.key("\(dice.next(below: 9))")
        let admission = machine.reserve(key, at: .ns(now))
        switch model.entries[key] {
        case .committed: #expect(admission == .duplicate)
        case .reserved(let reservation): #expect(admission == .busy(until: reservation.expiresAt))
        case nil:
          if model.entries.count == capacity, let oldest = oldest() { model.entries[oldest] = nil }
          if model.entries.count == capacity {
            guard case .busy(let until) = admission else { throw Broken() }
            #expect(until > .ns(now))
          } else {
            guard case .reserved(let reservation) = admission else { throw Broken() }
            #expect(reservation.expiresAt == .ns(now + lease))
            model.entries[key] = .reserved(reservation)
            held.append(reservation)
          }
        }
      case 2:
        guard !held.isEmpty else { continue }
        let reservation = held.remove(at: dice.next(below: held.count))
        var isHeld = false
        switch model.entries[reservation.key] {
        case .reserved: isHeld = true
        case .committed: break
        case nil:
          if model.entries.count == capacity, let oldest = oldest() { model.entries[oldest] = nil }
          isHeld = model.entries.count < capacity
        }
        if isHeld {
          model.commits += 1
          model.entries[reservation.key] = .committed(at: now, order: model.commits)
        }
        #expect(machine.commit(reservation, at: .ns(now)) == isHeld)
      default:
        guard !held.isEmpty else { continue }
        let reservation = held.remove(at: dice.next(below: held.count))
        var isHeld = false
        if case .reserved(reservation) = model.entries[reservation.key] { isHeld = true }
        if isHeld { model.entries[reservation.key] = nil }
        #expect(machine.release(reservation) == isHeld)
      }
      #expect(machine.reserved + machine.committed == model.entries.count)
      #expect(machine.reserved + machine.committed <= capacity)
    }
  }
}
