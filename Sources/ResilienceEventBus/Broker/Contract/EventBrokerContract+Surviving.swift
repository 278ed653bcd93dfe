internal import ResilienceCore

extension EventBrokerContract {
  static var surviving: [Case] {
    [
      Case(name: "whatWasSettledStaysSettledAfterACrash") { trial in
        guard let reopen = trial.reopen else { return }
        let consumer = try await trial.join()
        try await trial.publish(Array(0..<20), of: "key")
        let deliveries = try await trial.expect(Array(0..<20), from: consumer, "at first")
        try await trial.settle(deliveries.filter { $0.number % 3 == 0 }, by: consumer)
        var trial = trial
        trial.broker = try await reopen()
        try await trial.publish([20], of: "key")
        let again = try await trial.expect(
          (0...20).filter { $0 == 20 || $0 % 3 != 0 }, from: try await trial.join(), "after a crash")
        try trial.require(
          again.map(\.deliveries) == again.map { $0.number == 20 ? 0 : 1 },
          "they count \(again.map(\.deliveries))")
      },
      Case(name: "whatEndsTheProcessIsCounted") { trial in
        guard let reopen = trial.reopen else { return }
        var trial = trial
        try await trial.join().leave()
        try await trial.publish([1], of: "key")
        for crashes in 0..<4 {
          let delivery = try await trial.expect(
            [1], from: try await trial.join(), "after \(crashes) crashes")[0]
          try trial.require(delivery.deliveries == crashes, "\(delivery.deliveries) of \(crashes) count")
          trial.broker = try await reopen()
        }
        let consumer = try await trial.join()
        let delivery = try await trial.expect([1], from: consumer, "after the last crash")[0]
        try await trial.settle([delivery], .returned(deliveries: 2), by: consumer)
        trial.broker = try await reopen()
        let last = try await trial.expect([1], from: try await trial.join(), "after it was given back")[0]
        try trial.require(last.deliveries == 2, "\(last.deliveries) count, not 2")
      },
      Case(name: "deadLettersSurviveACrash") { trial in
        guard let reopen = trial.reopen else { return }
        var trial = trial
        let first = try await trial.makeLetter(1, "it broke")
        trial.broker = try await reopen()
        let letters = try await trial.letters()
        try trial.require(
          letters.map(\.id) == [first.id] && letters.map(\.death) == [first.death], "there are \(letters)")
        try trial.require(try await trial.broker.redrive(first.id), "it was not there")
        trial.broker = try await reopen()
        try trial.require(try await trial.letters().isEmpty, "it came back")
        let again = try await trial.expect([1], from: try await trial.join(), "after it was redriven")
        try trial.require(again[0].history == [first.death], "its history is \(again[0].history)")
      },
      Case(name: "groupsSurviveACrash") { trial in
        guard let reopen = trial.reopen else { return }
        var trial = trial
        _ = try await trial.join("stays")
        _ = try await trial.join("goes")
        try await trial.publish([1], of: "key")
        try await trial.broker.removeGroup(trial.group("goes").name)
        trial.broker = try await reopen()
        try await trial.publish([2], of: "key")
        try await trial.expect([1, 2], from: try await trial.join("stays"), "in the group that stays")
        try await trial.expectNothing(
          from: try await trial.join("goes"), "in a group that was removed and made anew")
      },
    ]
  }
}
