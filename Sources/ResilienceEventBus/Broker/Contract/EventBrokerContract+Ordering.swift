internal import ResilienceCore

extension EventBrokerContract {
  static var ordering: [Case] {
    [
      Case(name: "anEventComesAsItWasPublished") { trial in
        let consumer = try await trial.join()
        var event = try EncodedEvent(
          id: "7", source: "/contract", type: "\(trial.prefix).event", subject: "cafe\u{301}",
          time: UnixTime(nanoseconds: 1_700_000_000_123_456_789), contentType: "text/plain",
          dataSchema: "/schema",
          extensions: ["a": "text", "b": 5, "c": true], data: [0, 255, 10])
        try await trial.broker.publish([event])
        let received = try await trial.expect([7], from: consumer, "of one event")[0].event
        try trial.require(received.json() == event.json(), "\(received.json()) came, not \(event.json())")
        event = try EncodedEvent(id: "8", source: "/contract", type: "\(trial.prefix).event")
        try await trial.broker.publish([event])
        let empty = try await trial.expect([8], from: consumer, "of an event without data")[0].event
        try trial.require(empty.data == nil && empty.subject == nil, "what an event had not, it has")
      },
      Case(name: "eventsOfAKeyComeInTheirOrder") { trial in
        let consumer = try await trial.join()
        for number in 0..<40 { try await trial.publish([number], of: "key \(number % 4)") }
        try await trial.publish(Array(40..<60), of: "key 0")
        let deliveries = try await trial.receive(60, from: consumer, atOnce: 7)
        try trial.require(deliveries.count == 60, "\(deliveries.count) events came, not 60")
        for key in 0..<4 {
          let numbers = deliveries.filter { $0.event.subject == "key \(key)" }.map(\.number)
          try trial.require(numbers == numbers.sorted(), "those of one key came as \(numbers)")
        }
        try trial.require(deliveries.allSatisfy { $0.deliveries == 0 }, "the first delivery counts others")
      },
      Case(name: "aPartitionKeyComesBeforeTheSubject") { trial in
        let first = try await trial.join()
        let second = try await trial.join()
        for number in 0..<20 {
          var event = try trial.event(number, of: "subject \(number)")
          try event.setExtension("partitionkey", to: "one")
          try await trial.broker.publish([event])
        }
        let both = try await trial.share(20, among: [first, second])
        try trial.require(
          both.map(\.count).sorted() == [0, 20], "two consumers got \(both.map(\.count)) of one key's 20")
      },
      Case(name: "whatWasNotSettledComesAgainBeforeWhatFollows") { trial in
        let first = try await trial.join()
        try await trial.publish([1, 2, 3, 4], of: "key")
        let deliveries = try await trial.expect([1, 2, 3, 4], from: first, "at first")
        try await trial.settle([deliveries[1]], by: first)
        try await trial.publish([5], of: "key")
        try await first.leave()
        let second = try await trial.join()
        let again = try await trial.expect([1, 3, 4, 5], from: second, "after the first consumer has left")
        try trial.require(again.map(\.deliveries) == [1, 1, 1, 0], "they count \(again.map(\.deliveries))")
      },
      Case(name: "otherKeysGoOnWhileOneIsNotSettled") { trial in
        let consumer = try await trial.join()
        try await trial.publish([0], of: "slow")
        _ = try await trial.expect([0], from: consumer, "of the slow key")
        for number in 1...100 {
          try await trial.publish([number], of: "key \(number)")
          let next = try await trial.expect([number], from: consumer, "beside an event that is not settled")
          try await trial.settle(next, by: consumer)
        }
      },
    ]
  }
}
