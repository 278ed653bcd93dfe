import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// Against a plain list of events, with everything that may happen to one.
@Suite struct LaneQueueModelTests {
  private enum Phase: Equatable {
    case idle
    case inFlight(leaseEnd: Int64?)
    case waiting(until: Int64)
  }

  private struct Item {
    let number: Int
    let lane: String
    let deadline: Int64?
    var attempt = 0
    var phase = Phase.idle
  }

  private struct Run {
    let dice: SeededRandomSource
    var queue = LaneQueue()
    /// In the order they came.
    var items: [Item] = []
    var flying: [Int: LaneQueue.Ticket] = [:]
    var stale: [LaneQueue.Ticket] = []
    var now: Int64 = 0
    var next = 0

    func index(_ number: Int) throws -> Int {
      guard let index = items.firstIndex(where: { $0.number == number }) else { throw Broken() }
      return index
    }

    func isHead(_ item: Item) -> Bool { items.first { $0.lane == item.lane }?.number == item.number }

    var nextDue: Int64? {
      items.flatMap { item -> [Int64] in
        switch item.phase {
        case .idle: [item.deadline].compactMap { $0 }
        case .inFlight(let end): [end].compactMap { $0 }
        case .waiting(let due): [due, item.deadline].compactMap { $0 }
        }
      }.min()
    }

    mutating func append() throws {
      let subject = dice.next(below: 4) == 0 ? nil : "s\(dice.next(below: 5))"
      let deadline = dice.next(below: 3) == 0 ? now + Int64(dice.next(below: 60)) : nil
      var event = try Event(
        id: "e", source: "s", type: Topic.number, subject: subject, data: next,
        deadline: deadline.map { Deadline(at: .ns($0)) } ?? .never)
      event.envelope.attempt = 0
      queue.append(TypedMessage(event))
      items.append(Item(number: next, lane: subject ?? "#\(next)", deadline: deadline))
      next += 1
    }

    mutating func take() throws {
      let end = dice.next(below: 2) == 0 ? now + Int64(dice.next(below: 40)) : nil
      let isReady = items.contains { $0.phase == .idle && isHead($0) }
      guard let ticket = queue.take(by: next, leaseEnd: end.map { .ns($0) }) else {
        #expect(!isReady)
        return
      }
      let index = try index(ticket.number)
      #expect(items[index].phase == .idle && isHead(items[index]))
      items[index].phase = .inFlight(leaseEnd: end)
      items[index].attempt += 1
      #expect(ticket.attempt == items[index].attempt && queue.isCurrent(ticket))
      flying[ticket.number] = ticket
    }

    mutating func settle() throws {
      guard !flying.isEmpty else { return }
      let number = flying.keys.sorted()[dice.next(below: flying.count)]
      guard let ticket = flying.removeValue(forKey: number) else { return }
      let index = try index(number)
      switch dice.next(below: 4) {
      case 0:
        let due = now + Int64(dice.next(below: 50))
        queue.redeliver(ticket.lane, at: .ns(due))
        items[index].phase = .waiting(until: due)
      case 1:
        queue.giveBack(ticket.lane)
        items[index].phase = .idle
        items[index].attempt -= 1
      default:
        queue.remove(ticket.lane)
        items.remove(at: index)
      }
      stale.append(ticket)
    }

    mutating func extend() throws {
      guard !flying.isEmpty else { return }
      let number = flying.keys.sorted()[dice.next(below: flying.count)]
      guard let ticket = flying[number] else { return }
      let index = try index(number)
      let end = now + Int64(dice.next(below: 40))
      let hasLease = items[index].phase != .inFlight(leaseEnd: nil)
      #expect(queue.extendLease(ticket.lane, flight: ticket.flight, to: .ns(end)) == hasLease)
      if hasLease { items[index].phase = .inFlight(leaseEnd: end) }
    }

    mutating func takeOldest() throws {
      let expected = items.firstIndex { if case .inFlight = $0.phase { false } else { true } }
      let taken = queue.takeOldest()
      #expect(taken?.0.number == expected.map { items[$0].number })
      #expect(taken?.0.attempt == expected.map { items[$0].attempt })
      if let expected { items.remove(at: expected) }
    }

    mutating func passTime() throws {
      now += Int64(dice.next(below: 12))
      queue.releaseDue(at: .ns(now))
      for index in items.indices {
        if case .waiting(let due) = items[index].phase, due <= now { items[index].phase = .idle }
      }
      let expired = items.filter { item in
        if case .inFlight = item.phase { return false }
        return item.deadline.map { $0 <= now } ?? false
      }
      #expect(queue.takeExpired(at: .ns(now)).map(\.0.number).sorted() == expired.map(\.number))
      items.removeAll { item in expired.contains { $0.number == item.number } }
      for (ticket, _) in queue.takeLost(at: .ns(now)) {
        let index = try index(ticket.number)
        guard case .inFlight(let end?) = items[index].phase, end <= now else { throw Broken() }
        items[index].phase = .inFlight(leaseEnd: nil)
        if let old = flying.updateValue(ticket, forKey: ticket.number) { stale.append(old) }
      }
      let isOver = items.contains {
        if case .inFlight(let end?) = $0.phase { end <= now } else { false }
      }
      #expect(!isOver)
    }

    func check() {
      let flights = items.count { if case .inFlight = $0.phase { true } else { false } }
      let waits = items.count { if case .waiting = $0.phase { true } else { false } }
      #expect((queue.count, queue.inFlight, queue.waiting) == (items.count, flights, waits))
      #expect(queue.readyLanes == items.count { $0.phase == .idle && isHead($0) })
      #expect((queue.oldest as? TypedMessage<Int>)?.data == items.first?.number)
      #expect(queue.nextDue == nextDue.map { .ns($0) })
      #expect(stale.allSatisfy { !queue.isCurrent($0) })
      #expect(queue.arrivals.all.count == items.count)
      let entries = queue.lanes.reduce(0) { $0 + $1.entries.count }
      #expect(entries <= 2 * items.count + 70 * 6)
    }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func doesWhatAListDoes(seed: UInt64) throws {
    let dice = SeededRandomSource(seed: seed)
    // Different loads: empty most of the time, or with hundreds queued.
    let growth = 2 + dice.next(below: 6)
    var run = Run(dice: dice)
    for _ in 0..<300 {
      switch dice.next(below: 10 + growth) {
      case 0..<2: try run.take()
      case 2..<4: try run.settle()
      case 4: try run.extend()
      case 5: try run.takeOldest()
      case 6, 7: try run.passTime()
      default: try run.append()
      }
      if run.stale.count > 50 { run.stale.removeFirst(25) }
      run.check()
    }
  }

  /// An event that is never settled does not make those keep their memory that come and go behind it.
  @Test(arguments: [nil, "a"])
  func whatComesAndGoesBehindAStuckHandlerLeavesNothing(subject: String?) throws {
    var queue = LaneQueue()
    queue.append(try message(0, subject: "a"))
    let stuck = try queue.taken()
    for number in 1...10_000 {
      queue.append(try message(number, subject: subject))
      if number > 3 { #expect(queue.takeOldest()?.0.number == number - 3) }
      #expect(queue.arrivals.memory < 200)
      #expect(queue.lanes.reduce(0) { $0 + $1.entries.count } < 200)
    }
    #expect((queue.oldest as? TypedMessage<Int>)?.data == 0)
    queue.giveBack(stuck.lane)
    #expect(queue.takeOldest()?.0.number == 0)
    #expect(queue.takeOldest()?.0.number == 9_998)
    #expect(queue.count == 2)
    #expect(queue.lanes.count < 80)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func aDeadLetterStoreDoesWhatAListDoes(seed: UInt64) throws {
    let dice = SeededRandomSource(seed: seed)
    let store = DeadLetterStore(capacity: 1 + dice.next(below: 40))
    var model: [DeadLetter] = []
    var gone: [DeadLetter] = []
    var discarded = 0
    for number in 0..<800 {
      switch dice.next(below: 5) {
      case 0..<3:
        let message = try message(number)
        let oldest = store.append { next in
          #expect(next > (model.last?.number ?? 0))
          return DeadLetter(
            number: next, event: message.envelope, group: "g", reason: .poison, lastError: nil,
            time: UnixTime(nanoseconds: 0), filter: .all, message: message)
        }
        if model.count == store.capacity {
          #expect(oldest?.number == model[0].number)
          gone.append(model.removeFirst())
          discarded += 1
        } else {
          #expect(oldest == nil)
        }
        if let letter = store.letters.last { model.append(letter) }
      case 3:
        guard !model.isEmpty else { continue }
        let letter = model.remove(at: dice.next(below: model.count))
        #expect(store.remove(letter))
        gone.append(letter)
      default:
        guard !gone.isEmpty else { continue }
        #expect(!store.remove(gone[dice.next(below: gone.count)]))
      }
      #expect(store.letters.map(\.number) == model.map(\.number))
      #expect((store.count, store.discarded) == (model.count, discarded))
    }
  }
}
