internal import ResilienceCore

extension EventBrokerContract {
  static var settling: [Case] {
    [
      Case(name: "whatWasHandledDoesNotComeAgain") { trial in
        let first = try await trial.join()
        try await trial.publish(Array(0..<20), of: "key")
        let deliveries = try await trial.expect(Array(0..<20), from: first, "at first")
        for delivery in deliveries.reversed() { try await trial.settle([delivery], by: first) }
        try await first.leave()
        try await trial.expectNothing(from: try await trial.join(), "although all was handled")
      },
      Case(name: "whatIsGivenBackComesAgainWithItsCount") { trial in
        let consumer = try await trial.join()
        try await trial.publish([1, 2], of: "key")
        let deliveries = try await trial.expect([1, 2], from: consumer, "at first")
        try await trial.settle(deliveries, .returned(deliveries: 0), by: consumer)
        let second = try await trial.expect([1, 2], from: consumer, "after both were given back")
        try trial.require(second.map(\.deliveries) == [0, 0], "they count \(second.map(\.deliveries))")
        try trial.require(
          second.map(\.receipt) != deliveries.map(\.receipt), "a receipt is that of two deliveries")
        try await trial.settle([second[1]], .returned(deliveries: 7), by: consumer)
        let third = try await trial.expect([2], from: consumer, "after one was given back")
        try trial.require(third[0].deliveries == 7, "it counts \(third[0].deliveries), not 7")
      },
      Case(name: "aReceiptIsUsedOnce") { trial in
        let consumer = try await trial.join()
        try await trial.publish([1])
        let delivery = try await trial.expect([1], from: consumer, "at first")[0]
        let handled = BrokerSettlement(delivery.receipt, .handled(publishing: [try trial.event(2)]))
        let none = try await consumer.settle([handled])
        try trial.require(none.isEmpty, "the first settlement is stale")
        let stale = try await consumer.settle([handled])
        try trial.require(stale == [delivery.receipt], "the second settlement was told \(stale)")
        try await trial.expect([2], from: consumer, "of what was published once")
        try await trial.expectNothing(from: consumer, "of what a stale receipt published")
      },
      Case(name: "whatIsPublishedWithASettlementComes") { trial in
        let consumer = try await trial.join(type: "event")
        let other = try await trial.join("other", type: "made")
        try await trial.publish([1, 2], of: "key")
        let deliveries = try await trial.expect([1, 2], from: consumer, "at first")
        let made = try [3, 4, 5].map { try trial.event($0, of: "key", type: "made") }
        try await consumer.settle([
          BrokerSettlement(deliveries[0].receipt, .handled(publishing: Array(made[..<2]))),
          BrokerSettlement(deliveries[1].receipt, .handled(publishing: [made[2]])),
        ])
        try await trial.expect([3, 4, 5], from: other, "of what was published by two handlers")
      },
      Case(name: "aCancelledTaskSettlesAllTheSame") { trial in
        let consumer = try await trial.join()
        try await trial.publish([1], of: "key")
        let deliveries = try await trial.expect([1], from: consumer, "at first")
        let task = Task.immediate(executorPreference: CallContext.current.executor) {
          try? await CallContext.current.clock.sleep(for: .seconds(60))
          try await trial.settle(deliveries, by: consumer)
        }
        task.cancel()
        try await task.value
        try await consumer.leave()
        try await trial.expectNothing(from: try await trial.join(), "although it was handled")
      },
      Case(name: "receivingMayBeCancelledAtAnyMoment") { trial in
        let consumer = try await trial.join()
        var seen: [Int] = []
        for number in 0..<30 {
          let task = Task.immediate(executorPreference: CallContext.current.executor) {
            try await consumer.receive(limit: 5)
          }
          let publisher = Task.immediate(executorPreference: CallContext.current.executor) {
            try await trial.publish([number], of: "key")
          }
          try await CallContext.current.clock.sleep(
            for: .microseconds(Int64(CallContext.current.random() % 2000)))
          task.cancel()
          try await publisher.value
          if let deliveries = try? await task.value {
            seen += deliveries.map(\.number)
            try await trial.settle(deliveries, by: consumer)
          }
        }
        let rest = try await trial.receive(30 - seen.count, from: consumer)
        seen += rest.map(\.number)
        try trial.require(seen == Array(0..<30), "\(seen) came")
        try trial.require(
          rest.allSatisfy { $0.deliveries <= 1 }, "a cancelled call hands out again and again")
      },
    ]
  }
}
