internal import ResilienceCore

extension EventBrokerContract {
  static var groups: [Case] {
    [
      Case(name: "eachGroupGetsWhatItsFilterLetsPass") { trial in
        let (a, b, all) = (
          try await trial.join("a", type: "a"), try await trial.join("b", type: "b"),
          try await trial.join("all")
        )
        try await trial.publish([1], type: "a")
        try await trial.publish([2], type: "b")
        try await trial.publish([3], type: "ab")
        try await trial.expect([1], from: a, "of one type")
        try await trial.expect([2], from: b, "of another type")
        let numbers = try await trial.receive(3, from: all).map(\.number).sorted()
        try trial.require(numbers == [1, 2, 3], "of all types \(numbers) came")
        try await trial.expectNothing(from: a, "of other types")
      },
      Case(name: "aGroupBeginsNow") { trial in
        let keeper = try await trial.join("keeper")
        try await trial.publish([1], of: "key")
        let late = try await trial.join("late")
        try await trial.publish([2], of: "key")
        try await trial.expect([2], from: late, "of what was published later")
        try await trial.expect([1, 2], from: keeper, "in a group that was there")
      },
      Case(name: "aGroupBeginsWithTheOldest") { trial in
        _ = try await trial.join("keeper")
        try await trial.publish([1], of: "key")
        let late = try await trial.join("late", start: .oldest)
        try await trial.publish([2], of: "key")
        try await trial.expect([1, 2], from: late, "of all that was there")
      },
      Case(name: "aGroupIsThereWithoutConsumers") { trial in
        try await trial.join().leave()
        try await trial.publish([1, 2], of: "key")
        try await trial.expect([1, 2], from: try await trial.join(), "of what nobody was there for")
      },
      Case(name: "aGroupOfAnotherFilterIsAConflict") { trial in
        _ = try await trial.join("a", type: "a")
        do {
          _ = try await trial.join("a", type: "b")
          throw trial.violation("it was joined")
        } catch let error as BrokerGroupConflict {
          try trial.require(error.present == trial.group(type: "a").filter, "it tells of \(error.present)")
        }
      },
      Case(name: "aRemovedGroupIsGone") { trial in
        let consumer = try await trial.join()
        let waiting = try await trial.join()
        try await trial.publish([1, 2], of: "key")
        let deliveries = Array(try await trial.share(2, among: [consumer, waiting]).joined())
        try trial.require(deliveries.count == 2, "\(deliveries.count) events came, not 2")
        let task = Task.immediate(executorPreference: CallContext.current.executor) {
          try await waiting.receive(limit: 1)
        }
        try await CallContext.current.clock.sleep(for: .milliseconds(50))
        try trial.require(try await trial.broker.removeGroup(trial.group().name), "it was not there")
        try trial.require(
          try await trial.broker.removeGroup(trial.group().name) == false, "it was there twice")
        do {
          _ = try await task.value
          throw trial.violation("a consumer of a removed group received")
        } catch is BrokerSessionEnded {}
        let stale = try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
        try trial.require(stale.count == 2, "\(stale.count) of 2 receipts are stale")
        let fresh = try await trial.join()
        try await trial.expectNothing(from: fresh, "of what was there before the group was removed")
        try await trial.publish([3], of: "key")
        try await trial.expect([3], from: fresh, "in a new group of the same name")
      },
    ]
  }
}
