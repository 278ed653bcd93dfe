import Resilience

/// The dead letters of a bus, counted by the type of the event and the reason.
enum DeadLetterCount {
  static func byReason(_ bus: EventBus) -> [String: Int] {
    var counts: [String: Int] = [:]
    for letter in bus.deadLetters.letters {
      counts["\(letter.event.type): \(letter.reason)", default: 0] += 1
    }
    return counts
  }
}
