internal import ResilienceCore

/// All that a broker knows beside its log. Pure.
struct BrokerState: Sendable {
  let policy: BrokerPolicy
  var groups: [Identifier: BrokerGroupState] = [:]
  var letters = DeadLetterIndex()
  var scheduled = ScheduledEventIndex()
  var published = 0
  var discardedLetters = 0
  /// Those that waited in a group that was removed, to be told outside the lock.
  var orphans: [Waiter] = []
  private var lastNumber = 0
  private var lastReceipt: UInt64 = 0

  /// Where the log ended when appends began whose records are not applied yet, by number.
  private var appends: [Int: Int64] = [:]

  var checkpointedAt: Int64 = 0
  var isMaintaining = false

  init(_ policy: BrokerPolicy) {
    self.policy = policy
  }

  mutating func nextNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  mutating func nextReceipt() -> UInt64 {
    lastReceipt += 1
    return lastReceipt
  }

  // MARK: - Appends

  mutating func beginAppend(at end: Int64) -> Int {
    let number = nextNumber()
    appends[number] = end
    return number
  }

  mutating func endAppend(_ number: Int) { appends[number] = nil }

  /// Every record before it is applied.
  func appliedEnd(of end: Int64) -> Int64 { min(appends.values.min() ?? end, end) }

  // MARK: - Applying

  /// Behind the last record that is an event.
  private(set) var eventsEnd: Int64 = 0

  /// - Parameter end: Where the log ends; before the checkpoint's end when a power cut took what was written
  ///   and not synced.
  mutating func restore(_ checkpoint: BrokerCheckpoint, logEnd end: Int64) {
    for group in checkpoint.groups {
      let kept = BrokerCheckpoint.Group(
        name: group.name, filter: group.filter, position: min(group.position, end),
        settledAhead: group.settledAhead.filter { $0 < end }, counts: group.counts.filter { $0.key < end })
      groups[Identifier(group.name)] = BrokerGroupState(kept, number: nextNumber(), policy)
    }
    for letter in checkpoint.letters {
      if let offset = letter.offset, offset < end { letters.set(letter.number, at: offset) }
    }
    for slot in checkpoint.scheduled where slot.offset < end {
      scheduled.insert(slot.offset, due: slot.due)
    }
    checkpointedAt = min(checkpoint.end, end)
    // Of what came before it nothing is known: it is read.
    eventsEnd = checkpointedAt
  }

  mutating func apply(_ record: BrokerRecord, at offset: Int64) {
    switch record {
    case .event(let stored):
      if let due = stored.due {
        scheduled.insert(offset, due: due)
      } else {
        eventsEnd = max(eventsEnd, offset + 1)
      }
    case .groupCreated(let name, let filter, let start):
      guard groups[Identifier(name)] == nil else { return }
      let group = BrokerCheckpoint.Group(
        name: name, filter: filter, position: start ?? offset + 1, settledAhead: [], counts: [:])
      groups[Identifier(name)] = BrokerGroupState(group, number: nextNumber(), policy)
    case .groupRemoved(let name):
      orphans += groups[Identifier(name)]?.takeWaiters() ?? []
      groups[Identifier(name)] = nil
    case .counted(let name, let counts):
      for count in counts { groups[Identifier(name)]?.count(count) }
    case .settled(let name, let offsets):
      for offset in offsets { groups[Identifier(name)]?.settle(offset) }
    case .letter(let letter):
      groups[Identifier(letter.group)]?.settle(letter.source)
      letters.set(letter.number ?? offset, at: offset)
    case .letterRemoved(let number): letters.remove(number)
    case .released(let offset): scheduled.remove(offset)
    }
  }

  /// What a later process needs, and that costs no more to copy than its outer tables.
  func checkpoint(
    end: Int64
  ) -> (end: Int64, groups: [BrokerGroupState], letters: DeadLetterIndex, scheduled: ScheduledEventIndex) {
    (appliedEnd(of: end), Array(groups.values), letters, scheduled)
  }
}
