import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct LaneQueueTests {
  @Test func aLaneHasOneEventInFlight() throws {
    var queue = LaneQueue()
    for number in 1...2 { queue.append(try message(number, subject: "a")) }
    let first = try queue.taken()
    #expect(first.number == 1)
    #expect(queue.take() == nil)
    #expect((queue.count, queue.inFlight, queue.queued, queue.waiting) == (2, 1, 1, 0))
    queue.remove(first.lane)
    #expect(queue.take()?.number == 2)
  }

  @Test func lanesTakeTurns() throws {
    var queue = LaneQueue()
    for number in [10, 11, 12] { queue.append(try message(number, subject: "a")) }
    for number in [20, 21] { queue.append(try message(number, subject: "b")) }
    queue.append(try message(30))
    var order: [Int] = []
    while let ticket = queue.take() {
      order.append(ticket.number)
      queue.remove(ticket.lane)
    }
    #expect(order == [10, 20, 30, 11, 21, 12])
  }

  @Test func eventsWithoutASubjectDoNotWaitForEachOther() throws {
    var queue = LaneQueue()
    for number in 1...3 { queue.append(try message(number)) }
    #expect([queue.take()?.number, queue.take()?.number, queue.take()?.number] == [1, 2, 3])
  }

  @Test func aLaneThatWaitsHoldsBackItsLaterEventsOnly() throws {
    var queue = LaneQueue()
    queue.append(try message(1, subject: "a"))
    queue.append(try message(2, subject: "a"))
    queue.append(try message(3, subject: "b"))
    let first = try queue.taken()
    queue.redeliver(first.lane, at: .s(5))
    #expect((queue.waiting, queue.queued, queue.inFlight, queue.nextDue) == (1, 2, 0, .s(5)))
    #expect(queue.take()?.number == 3)
    queue.releaseDue(at: .ns(4_999_999_999))
    #expect(queue.take() == nil)
    queue.releaseDue(at: .s(5))
    let again = try queue.taken()
    #expect((again.number, again.attempt) == (1, 2))
  }

  @Test func whatIsGivenBackComesFirstAndCountsAsNotDelivered() throws {
    var queue = LaneQueue()
    queue.append(try message(1, subject: "a"))
    queue.append(try message(2, subject: "b"))
    let first = try queue.taken()
    #expect(first.attempt == 1)
    queue.giveBack(first.lane)
    let again = try queue.taken()
    #expect((again.number, again.attempt) == (1, 1))
  }

  @Test(arguments: [(0, 1), (4, 5), (-3, 1), (.max, .max)])
  func anEventGoesOnCountingWhereItWas(attempt: Int, expected: Int) throws {
    var queue = LaneQueue()
    queue.append(try message(1, attempt: attempt))
    #expect(queue.take()?.attempt == expected)
  }

  @Test func removingAllLeavesWhatIsInFlight() throws {
    var queue = LaneQueue()
    for number in 1...3 { queue.append(try message(number, subject: "a")) }
    queue.append(try message(4, subject: "b"))
    queue.append(try message(5, subject: "c"))
    queue.append(try message(6, subject: "b"))
    let flying = try queue.taken()
    let waiting = try queue.taken()
    queue.redeliver(waiting.lane, at: .s(9))
    let removed = queue.removeAll()
    #expect(removed.map(\.number) == [2, 3, 4, 5, 6])
    #expect(removed.map(\.attempt) == [0, 0, 1, 0, 0])
    #expect((queue.count, queue.inFlight, queue.queued, queue.waiting) == (1, 1, 0, 0))
    #expect(queue.nextDue == nil)
    queue.remove(flying.lane)
    #expect(queue.count == 0)
    queue.append(try message(7, subject: "a"))
    #expect(queue.take()?.number == 7)
  }

  @Test func whatIsNotInFlightCannotBeSettled() async {
    await #expect(processExitsWith: .failure) {
      var queue = LaneQueue()
      queue.append(try message(1, subject: "a"))
      guard let ticket = queue.take() else { return }
      queue.remove(ticket.lane)
      queue.remove(ticket.lane)
    }
  }

  /// The model: a list of events for each subject, of which the first may be in flight or waiting.
  private struct Model {
    enum Phase { case idle, inFlight, waiting(Int64) }
    struct Item {
      let number: Int
      var attempt = 0
      var phase = Phase.idle
    }
    var lists: [String: [Item]] = [:]

    var count: Int { lists.values.reduce(0) { $0 + $1.count } }
    func heads(_ isIncluded: (Phase) -> Bool) -> [String] {
      lists.keys.sorted().filter { subject in lists[subject]?.first.map { isIncluded($0.phase) } ?? false }
    }
    var ready: [String] { heads { if case .idle = $0 { true } else { false } } }
    var inFlight: [String] { heads { if case .inFlight = $0 { true } else { false } } }
    var waiting: [String] { heads { if case .waiting = $0 { true } else { false } } }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func doesWhatListsDo(seed: UInt64) throws {
    let dice = SeededRandomSource(seed: seed)
    var queue = LaneQueue()
    var model = Model()
    var flying: [String: LaneQueue.Ticket] = [:]
    for step in 0..<2_000 {
      let now = Int64(step)
      switch dice.next(below: 10) {
      case 0...3:
        let subject = dice.next(below: 4) == 0 ? nil : "s\(dice.next(below: 6))"
        queue.append(try message(step, subject: subject))
        model.lists[subject ?? "#\(step)", default: []].append(Model.Item(number: step))
      case 4...6:
        let ticket = queue.take()
        #expect((ticket == nil) == model.ready.isEmpty)
        guard let ticket else { break }
        let subject = ticket.message.envelope.subject ?? "#\(ticket.number)"
        #expect(model.ready.contains(subject))
        model.lists[subject]?[0].phase = .inFlight
        model.lists[subject]?[0].attempt += 1
        #expect(model.lists[subject]?[0].number == ticket.number)
        #expect(model.lists[subject]?[0].attempt == ticket.attempt)
        flying[subject] = ticket
      case 7...8:
        guard let subject = flying.keys.sorted().randomElement(dice) else { break }
        guard let ticket = flying.removeValue(forKey: subject) else { break }
        switch dice.next(below: 4) {
        case 0:
          let due = now + Int64(dice.next(below: 50))
          queue.redeliver(ticket.lane, at: .ns(due))
          model.lists[subject]?[0].phase = .waiting(due)
        case 1:
          queue.giveBack(ticket.lane)
          model.lists[subject]?[0].phase = .idle
          model.lists[subject]?[0].attempt -= 1
        default:
          queue.remove(ticket.lane)
          model.lists[subject]?.removeFirst()
          if model.lists[subject]?.isEmpty == true { model.lists[subject] = nil }
        }
      default:
        queue.releaseDue(at: .ns(now))
        for subject in model.waiting {
          if case .waiting(let due)? = model.lists[subject]?.first?.phase, due <= now {
            model.lists[subject]?[0].phase = .idle
          }
        }
      }
      #expect(queue.count == model.count)
      #expect(queue.inFlight == model.inFlight.count)
      #expect(queue.waiting == model.waiting.count)
      #expect(queue.readyLanes == model.ready.count)
    }
  }
}

extension Array {
  fileprivate func randomElement(_ dice: SeededRandomSource) -> Element? {
    isEmpty ? nil : self[dice.next(below: count)]
  }
}
