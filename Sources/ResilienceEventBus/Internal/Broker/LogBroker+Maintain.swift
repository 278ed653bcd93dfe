internal import ResilienceCore

extension LogBroker {
  func maintainIfDue() async {
    let end = log.endOffset
    let isDue = state.withLock { state in
      guard !state.isMaintaining, end - state.checkpointedAt >= Int64(policy.checkpointInterval) else {
        return false
      }
      state.isMaintaining = true
      return true
    }
    guard isDue else { return }
    await maintain()
    state.withLock { $0.isMaintaining = false }
  }

  /// Writes down where the groups are, and removes what nobody needs. What fails is tried again after as many
  /// records: nothing is lost for it.
  func maintain() async {
    do {
      try await changing {
        try await dropOldestLetters()
        if !log.keepsLetters { try await carryWhatIsOld() }
        try await checkpoint()
      }
    } catch {}
    let end = log.endOffset
    state.withLock { $0.checkpointedAt = max($0.checkpointedAt, end) }
  }

  private func dropOldestLetters() async throws {
    let letters = state.withLock { $0.letters }
    let surplus = letters.count - policy.deadLetterCapacity
    guard surplus > 0 else { return }
    for slot in letters.present.prefix(surplus) {
      try await append([.letterRemoved(slot.number)]) { state, _ in state.discardedLetters += 1 }
    }
  }

  /// Dead letters and events for later that stand in the way of what can be removed are written again behind
  /// it, once at least twice as many records can go.
  private func carryWhatIsOld() async throws {
    let end = log.endOffset
    let (floor, letters, scheduled) = state.withLock { state in
      (state.groups.values.map(\.position).min() ?? end, state.letters, state.scheduled)
    }
    let old = letters.present.filter { ($0.offset ?? floor) < floor }
    let count = old.count + scheduled.all.count { $0.offset < floor }
    guard count > 0, floor - log.firstOffset >= Int64(2 * count + policy.checkpointInterval / 2) else {
      return
    }
    try await carryScheduled(before: floor)
    for slot in old {
      guard var letter = try await letter(slot) else { continue }
      letter.number = slot.number
      try await append([.letter(letter)])
    }
  }

  func checkpoint() async throws {
    let (end, groups, letters, scheduled) = state.withLock { $0.checkpoint(end: log.endOffset) }
    let checkpoint = BrokerCheckpoint(
      end: end, groups: groups.map(\.saved), letters: letters.present, scheduled: scheduled.all)
    try await log.save(checkpoint)
    let carried =
      log.keepsLetters ? [] : checkpoint.letters.compactMap(\.offset) + checkpoint.scheduled.map(\.offset)
    let needed = [end] + checkpoint.groups.map(\.position) + carried
    try await log.discard(before: needed.min() ?? end)
  }
}
