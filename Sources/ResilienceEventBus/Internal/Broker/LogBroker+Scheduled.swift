internal import ResilienceCore

// Events for later: they lie in the log, and are stored again for the groups when their time has come.

extension LogBroker {
  private static let batch = 64

  /// Publishes what is due. Whoever receives does it: where nobody does, nobody waits for it.
  func releaseScheduled() async throws {
    try await changing {
      while true {
        let now = CallContext.current.clock.unixTime
        let due = state.withLock { $0.scheduled.takeDue(at: now, limit: Self.batch) }
        if due.isEmpty { return }
        do {
          try await release(due)
        } catch {
          state.withLock { state in
            for slot in due { state.scheduled.insert(slot.offset, due: slot.due) }
          }
          throw error
        }
        wakeAll()
      }
    }
  }

  /// In as many writes as they need, usually one.
  private func release(_ due: [ScheduledEventIndex.Slot]) async throws {
    var records: [BrokerRecord] = []
    for slot in due {
      if let stored = try await log.scheduled(at: slot.offset) {
        records.append(.event(BrokerRecord.StoredEvent(event: stored.event.withoutNotBefore)))
      }
      records.append(.released(slot.offset))
    }
    do {
      try await append(records)
    } catch is JournalAppendTooLarge where due.count > 1 {
      try await release(Array(due.prefix(due.count / 2)))
      try await release(Array(due.dropFirst(due.count / 2)))
    }
  }

  /// Events for later that stand in the way of what can be removed are written again behind it.
  func carryScheduled(before floor: Int64) async throws {
    for slot in state.withLock({ $0.scheduled.all }) where slot.offset < floor {
      guard let stored = try await log.scheduled(at: slot.offset) else { continue }
      try await append([.event(stored), .released(slot.offset)])
    }
  }
}
