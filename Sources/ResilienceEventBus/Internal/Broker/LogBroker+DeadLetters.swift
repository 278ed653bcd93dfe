internal import ResilienceCore

extension LogBroker {
  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
    let after = id.flatMap { Int64($0) } ?? -1
    let index = state.withLock { $0.letters }
    var letters: [BrokerDeadLetter] = []
    for slot in index.present where slot.number > after && letters.count < max(1, limit) {
      // One that is gone meanwhile is no error.
      guard let letter = try await letter(slot) else { continue }
      guard group.map({ $0.isIdentical(to: letter.group) }) ?? true else { continue }
      letters.append(
        BrokerDeadLetter(
          id: "\(slot.number)", group: letter.group, event: letter.event, death: letter.death,
          history: letter.history))
    }
    return letters
  }

  func removeDeadLetter(_ id: String) async throws -> Bool {
    try await changing {
      guard let number = Int64(id), state.withLock({ $0.letters.offset(of: number) }) != nil else {
        return false
      }
      try await append([.letterRemoved(number)])
      return true
    }
  }

  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    let isDone = try await changing {
      guard let number = Int64(id), let offset = state.withLock({ $0.letters.offset(of: number) }),
        let letter = try await letter(DeadLetterIndex.Slot(number: number, offset: offset))
      else { return false }
      guard state.withLock({ $0.groups[Identifier(letter.group)] != nil }) else {
        throw BrokerGroupMissing(group: letter.group)
      }
      let history = (letter.history + [letter.death]).suffix(DeadLetter.rememberedDeaths)
      let stored = BrokerRecord.StoredEvent(
        event: event ?? letter.event, target: letter.group, history: Array(history))
      try await append([.event(stored), .letterRemoved(number)])
      return true
    }
    if isDone { wakeAll() }
    return isDone
  }

  func letter(_ slot: DeadLetterIndex.Slot) async throws -> BrokerRecord.Letter? {
    guard let offset = slot.offset else { return nil }
    return try await log.letter(at: offset)
  }
}
