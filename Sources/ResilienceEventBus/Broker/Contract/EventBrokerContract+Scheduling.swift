internal import ResilienceCore

extension EventBrokerContract {
  static var scheduling: [Case] {
    [
      Case(name: "whatIsForLaterComesThen") { trial in
        let consumer = try await trial.join()
        let due = try await trial.publish(1, of: "key", after: .seconds(1))
        try await trial.publish([2], of: "key")
        let first = try await trial.expect([2], from: consumer, "before its time")
        try await trial.settle(first, by: consumer)
        let second = try await trial.expect([1], from: consumer, "when its time had come")
        let now = CallContext.current.clock.unixTime
        try trial.require(now >= due, "it came at \(now), and was due at \(due)")
        try trial.require(second[0].event.notBefore == nil, "it has its time still")
        try await trial.settle(second, by: consumer)
        try await trial.expectNothing(from: consumer, "once more")
      },
      Case(name: "whatIsForLaterComesInTheOrderOfItsTimes") { trial in
        let consumer = try await trial.join()
        let now = CallContext.current.clock.unixTime
        try await trial.broker.publish(
          [3, 1, 2].map { number in
            var event = try trial.event(number, of: "key")
            event.notBefore = now.advanced(by: .milliseconds(400 * number))
            return event
          })
        let deliveries = try await trial.expect([1, 2, 3], from: consumer, "after their times")
        try await trial.settle(deliveries, by: consumer)
      },
      Case(name: "whatIsPastItsTimeComesAtOnce") { trial in
        let consumer = try await trial.join()
        try await trial.publish(1, of: "key", after: .seconds(-5))
        try await trial.publish([2], of: "key")
        let deliveries = try await trial.expect([1, 2], from: consumer, "at once")
        try trial.require(deliveries[0].event.notBefore == nil, "it has its time still")
      },
      Case(name: "aGroupThatBeginsBeforeItsTimeGetsWhatIsForLater") { trial in
        let consumer = try await trial.join()
        try await trial.publish(1, of: "key", after: .seconds(1))
        let late = try await trial.join("late")
        try await trial.expect([1], from: consumer, "in the group that was there")
        try await trial.expect([1], from: late, "in the group that began later")
      },
      Case(name: "aHandlerPublishesForLater") { trial in
        let consumer = try await trial.join()
        try await trial.publish([1], of: "key")
        let deliveries = try await trial.expect([1], from: consumer, "at first")
        var event = try trial.event(2, of: "key")
        let due = CallContext.current.clock.unixTime.advanced(by: .milliseconds(200))
        event.notBefore = due
        try await trial.settle(deliveries, .handled(publishing: [event]), by: consumer)
        try await trial.expect([2], from: consumer, "of what a handler has published")
        let now = CallContext.current.clock.unixTime
        try trial.require(now >= due, "it came at \(now), and was due at \(due)")
      },
      Case(name: "whatIsForLaterSurvivesACrash") { trial in
        guard let reopen = trial.reopen else { return }
        var trial = trial
        try await trial.join().leave()
        let due = try await trial.publish(100, of: "key", after: .seconds(3))
        // So many others that the broker may tidy up.
        let other = try await trial.join()
        for begin in stride(from: 0, to: 60, by: 20) {
          try await trial.publish(Array(begin..<begin + 20), of: "key")
          let deliveries = try await trial.expect(
            Array(begin..<begin + 20), from: other, "before its time")
          try await trial.settle(deliveries, by: other)
        }
        trial.broker = try await reopen()
        let left = due.nanoseconds.subtractingSaturating(CallContext.current.clock.unixTime.nanoseconds)
        try await CallContext.current.clock.sleep(for: .nanoseconds(max(0, left)))
        let consumer = try await trial.join()
        try await trial.settle(
          try await trial.expect([100], from: consumer, "after a crash"), by: consumer)
        trial.broker = try await reopen()
        try await trial.expectNothing(from: try await trial.join(), "after it was handled")
      },
    ]
  }
}

extension BrokerTrial {
  /// - Returns: When it is due.
  @discardableResult
  fileprivate func publish(_ number: Int, of key: String, after delay: Duration) async throws -> UnixTime {
    let due = CallContext.current.clock.unixTime.advanced(by: delay)
    var event = try event(number, of: key)
    event.notBefore = due
    try await broker.publish([event])
    return due
  }
}
