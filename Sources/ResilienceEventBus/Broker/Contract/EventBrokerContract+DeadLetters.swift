internal import ResilienceCore

extension EventBrokerContract {
  static var letters: [Case] {
    [
      Case(name: "aDeadLetterIsKeptWithItsReason") { trial in
        let consumer = try await trial.join()
        try await trial.publish([1, 2], of: "key")
        let deliveries = try await trial.expect([1, 2], from: consumer, "at first")
        let death = trial.death("it broke", deliveries: 3)
        try await trial.settle([deliveries[0]], .deadLettered(death, history: []), by: consumer)
        let letters = try await trial.letters()
        try trial.require(letters.count == 1, "\(letters.count) letters are there, not 1")
        let letter = letters[0]
        try trial.require(letter.death == death, "its death is \(letter.death), not \(death)")
        try trial.require(letter.group == trial.group().name, "its group is \(letter.group)")
        try trial.require(
          letter.event.json() == deliveries[0].event.json(),
          "its event is \(letter.event), not that of before")
        try trial.require(letter.history.isEmpty, "it has died before")
        try await consumer.leave()
        let again = try await trial.expect([2], from: try await trial.join(), "behind a dead letter")
        try trial.require(again[0].deliveries == 1, "it counts \(again[0].deliveries)")
      },
      Case(name: "deadLettersAreReadPageByPage") { trial in
        let consumer = try await trial.join()
        let other = try await trial.join("other")
        try await trial.publish(Array(0..<10), of: "key")
        let (mine, others) = (
          try await trial.receive(10, from: consumer), try await trial.receive(10, from: other)
        )
        for (one, another) in zip(mine, others) {
          try await trial.settle([one], .deadLettered(trial.death(), history: []), by: consumer)
          try await trial.settle([another], .deadLettered(trial.death(), history: []), by: other)
        }
        var (numbers, last): ([Int], String?) = ([], nil)
        for page in 0..<5 {
          let letters = try await trial.broker.deadLetters(of: trial.group().name, after: last, limit: 3)
          numbers += letters.compactMap { Int($0.event.id) }
          last = letters.last?.id ?? last
          // The letter after which the next page begins may be gone.
          if let last, page == 0 { try await trial.broker.removeDeadLetter(last) }
        }
        try trial.require(numbers == Array(0..<10), "the pages had \(numbers)")
        let rest = try await trial.letters().count
        try trial.require(rest == 9, "\(rest) letters of 10 are there after one was removed")
        let all = try await trial.broker.deadLetters(of: nil, after: nil, limit: 1000)
        let ours = all.filter { $0.event.type.hasPrefix(trial.prefix) }
        try trial.require(ours.count == 19, "\(ours.count) letters are there of both groups, not 19")
      },
      Case(name: "aDeadLetterIsRemovedOnce") { trial in
        let letter = try await trial.makeLetter(1)
        try trial.require(try await trial.broker.removeDeadLetter(letter.id), "it was not there")
        try trial.require(try await trial.broker.removeDeadLetter(letter.id) == false, "it was there twice")
        try trial.require(try await trial.broker.redrive(letter.id) == false, "it was redriven")
        try trial.require(try await trial.letters().isEmpty, "it is listed")
      },
      Case(name: "aRedrivenEventComesToItsGroupAlone") { trial in
        let other = try await trial.join("other")
        let letter = try await trial.makeLetter(1, "first")
        _ = try await trial.expect([1], from: other, "at first")
        try trial.require(try await trial.broker.redrive(letter.id), "it was not there")
        try trial.require(try await trial.broker.redrive(letter.id) == false, "it was redriven twice")
        let consumer = try await trial.join()
        let again = try await trial.expect([1], from: consumer, "after it was redriven")
        try trial.require(again[0].deliveries == 0, "it counts \(again[0].deliveries), not 0")
        try trial.require(again[0].history == [letter.death], "its history is \(again[0].history)")
        try await trial.expectNothing(from: other, "in another group")
        try trial.require(try await trial.letters().isEmpty, "its letter is still there")
        let death = trial.death("second")
        try await trial.settle(again, .deadLettered(death, history: again[0].history), by: consumer)
        let second = try await trial.letters()
        try trial.require(
          second.map(\.history) == [[letter.death]] && second.map(\.death) == [death], "it died as \(second)")
      },
      Case(name: "anEventIsRedrivenRepaired") { trial in
        let letter = try await trial.makeLetter(1)
        try trial.require(
          try await trial.broker.redrive(letter.id, as: try trial.event(2, of: "key")), "it was not there")
        try await trial.expect([2], from: try await trial.join(), "after it was repaired")
      },
      Case(name: "aLetterStaysWhenItsGroupIsGone") { trial in
        let letter = try await trial.makeLetter(1)
        try await trial.broker.removeGroup(trial.group().name)
        do {
          _ = try await trial.broker.redrive(letter.id)
          throw trial.violation("it was redriven for a group that is gone")
        } catch is BrokerGroupMissing {}
        try trial.require(try await trial.letters().map(\.id) == [letter.id], "it is gone")
      },
    ]
  }
}

extension BrokerTrial {
  func letters() async throws -> [BrokerDeadLetter] {
    try await broker.deadLetters(of: group().name, limit: 100)
  }

  /// Publishes an event, and gives it up; nobody is in the group then.
  func makeLetter(_ number: Int, _ error: String? = nil) async throws -> BrokerDeadLetter {
    let consumer = try await join()
    try await publish([number], of: "key")
    let deliveries = try await expect([number], from: consumer, "before it is given up")
    try await settle(deliveries, .deadLettered(death(error), history: []), by: consumer)
    try await consumer.leave()
    guard let letter = try await letters().first else { throw violation("it is no dead letter") }
    return letter
  }
}
