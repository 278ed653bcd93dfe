internal import ResilienceCore

extension EventBrokerContract {
  static var sharing: [Case] {
    [
      Case(name: "consumersShareTheKeys") { trial in
        let consumers = [try await trial.join(), try await trial.join(), try await trial.join()]
        for number in 0..<90 { try await trial.publish([number], of: "key \(number % 30)") }
        let shares = try await trial.share(90, among: consumers)
        let keys = shares.map { Set($0.compactMap(\.event.subject)) }
        let numbers = shares.joined().map(\.number)
        try trial.require(numbers.sorted() == Array(0..<90), "\(numbers.count) deliveries of 90 events came")
        try trial.require(keys.allSatisfy { !$0.isEmpty }, "they have \(keys.map(\.count)) of 30 keys")
        try trial.require(
          keys.map(\.count).reduce(0, +) == 30, "a key is with two consumers: \(keys.map(\.count))")
      },
      Case(name: "aKeyMovesOnceNothingOfItIsUnsettled") { trial in
        let first = try await trial.join()
        for key in 0..<20 { try await trial.publish([key], of: "key \(key)") }
        let held = try await trial.receive(20, from: first)
        let second = try await trial.join()
        for key in 0..<20 { try await trial.publish([100 + key], of: "key \(key)") }
        let early = try await trial.receive(20, from: second, limit: .milliseconds(300))
        try trial.require(
          early.isEmpty, "\(early.map(\.number)) came while the first consumer has their keys")
        try await first.heartbeat()
        try await trial.settle(held, by: first)
        let shares = try await trial.share(20, among: [first, second])
        let both = shares.joined().map(\.number).sorted()
        try trial.require(both == Array(100..<120), "\(both) came then")
        try trial.require(!shares[1].isEmpty, "the second consumer got nothing")
      },
      Case(name: "whatADeadConsumerHeldIsTakenOver") { trial in
        let dead = try await trial.join()
        try await trial.publish([1, 2, 3], of: "key")
        let held = try await trial.expect([1, 2, 3], from: dead, "at first")
        try await trial.settle([held[0]], by: dead)
        let living = try await trial.join()
        try await trial.expectNothing(from: living, "while the first session lasts")
        async let waiting = trial.receive(2, from: living, limit: dead.heartbeatInterval * 8)
        try await trial.waitForTheEndOfASession(of: dead)
        let taken = try await waiting
        try trial.require(taken.map(\.number) == [2, 3], "\(taken.map(\.number)) were taken over")
        try trial.require(taken.map(\.deliveries) == [1, 1], "they count \(taken.map(\.deliveries))")
        let stale = try await dead.settle(held.map { BrokerSettlement($0.receipt, .handled()) })
        try trial.require(
          stale == held.map(\.receipt), "the dead consumer was told \(stale.count) of 3 stale")
        try await trial.settle(taken, by: living)
        do {
          try await dead.heartbeat()
          throw trial.violation("a session that has ended has a heartbeat")
        } catch is BrokerSessionEnded {}
        do {
          _ = try await dead.receive(limit: 1)
          throw trial.violation("a session that has ended receives")
        } catch is BrokerSessionEnded {}
      },
      Case(name: "aConsumerThatWaitsTakesOver") { trial in
        let consumers = [try await trial.join(), try await trial.join()]
        let seen = [SeenDeliveries(), SeenDeliveries()]
        let interval = consumers[0].heartbeatInterval
        try await withThrowingTaskGroup { tasks in
          defer { tasks.cancelAll() }
          for (consumer, own) in zip(consumers, seen) {
            // Each receives one delivery and does nothing any more.
            tasks.addTask { own.add(try await consumer.receive(limit: 1)) }
          }
          try await CallContext.current.clock.sleep(for: interval)
          try await trial.publish([1], of: "key")
          try await tasks.next()
          tasks.addTask { try await CallContext.current.clock.sleep(for: interval * 12) }
          try await tasks.next()
        }
        let deliveries = seen.map { $0.deliveries.map(\.deliveries) }.sorted { $0.first ?? 9 < $1.first ?? 9 }
        try trial.require(
          deliveries == [[0], [1]], "the two consumers have it with the counts \(deliveries)")
      },
      Case(name: "aHeartbeatKeepsWhatIsHeld") { trial in
        let slow = try await trial.join()
        try await trial.publish([1], of: "key")
        let held = try await trial.expect([1], from: slow, "at first")
        let other = try await trial.join()
        for _ in 0..<6 {
          try await CallContext.current.clock.sleep(for: slow.heartbeatInterval)
          try await slow.heartbeat()
          try await other.heartbeat()
        }
        try await trial.expectNothing(from: other, "of a consumer that is at work")
        try await trial.settle(held, by: slow)
      },
      Case(name: "aConsumerThatWaitsIsThere") { trial in
        let consumer = try await trial.join()
        let other = try await trial.join()
        async let waiting = trial.receive(1, from: consumer, limit: consumer.heartbeatInterval * 20)
        async let waitingToo = trial.receive(1, from: other, limit: consumer.heartbeatInterval * 8)
        for _ in 0..<2 { try await trial.waitForTheEndOfASession(of: consumer) }
        _ = try await waitingToo
        try await other.leave()
        try await trial.publish([1], of: "key")
        try trial.require(try await waiting.map(\.number) == [1], "it was given up")
      },
      Case(name: "leavingAndGivingBackDuringRedeliveryLosesNothing") { trial in
        try await comeAndGo(trial)
      },
    ]
  }

  /// Consumers come, go, die, give back and settle at random; each event is handled, in the order of its key.
  private static func comeAndGo(_ trial: BrokerTrial) async throws {
    let random = CallContext.current.random
    var consumers = [try await trial.join()]
    var held: [[BrokerDelivery]] = [[]]
    var handled: [Int] = []
    var next = 0
    for _ in 0..<200 {
      let index = Int(random() % UInt64(consumers.count))
      switch random() % 10 {
      case 0..<3:
        try await trial.publish([next], of: "key \(next % 5)")
        next += 1
      case 3..<5:
        let deliveries = try await trial.receive(
          1 + Int(random() % 4), from: consumers[index], limit: .milliseconds(5))
        held[index] += deliveries
      case 5..<7:
        // Only the first of a key is settled, as a consumer that keeps the order does.
        guard let first = held[index].first else { continue }
        held[index].removeFirst()
        try await trial.settle([first], by: consumers[index])
        handled.append(first.number)
      case 7:
        try await trial.settle(held[index], .returned(deliveries: 0), by: consumers[index])
        held[index] = []
      case 8 where consumers.count < 4:
        consumers.append(try await trial.join())
        held.append([])
      case 9 where consumers.count > 1:
        try await consumers[index].leave()
        consumers.remove(at: index)
        held.remove(at: index)
      default: break
      }
    }
    for consumer in consumers { try await consumer.leave() }
    let last = try await trial.join()
    let rest = try await trial.receive(next - handled.count, from: last)
    handled += rest.map(\.number)
    try trial.require(handled.sorted() == Array(0..<next), "of \(next) events \(handled) were handled")
    for key in 0..<5 {
      let numbers = handled.filter { $0 % 5 == key }
      try trial.require(numbers == numbers.sorted(), "those of one key were handled as \(numbers)")
    }
  }
}
