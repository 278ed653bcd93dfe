internal import ResilienceCore

/// A broker over a log: the groups are what its records say.
final class LogBroker: Sendable {
  let name: String
  let policy: BrokerPolicy
  let log: any BrokerLog
  let state: Lock<BrokerState>
  /// Groups and dead letters are made, moved and removed by one after the other.
  let changes = MaintenanceTurn()

  init(_ name: String, _ policy: BrokerPolicy, _ log: any BrokerLog, _ state: BrokerState) {
    self.name = name
    self.policy = policy
    self.log = log
    self.state = Lock(state)
  }

  func publish(_ events: [EncodedEvent]) async throws {
    try Task.checkCancellation()
    guard !events.isEmpty else { return }
    if !log.hasRoom(for: events.count) {
      await maintain()
      guard log.hasRoom(for: events.count) else { throw BrokerFull(capacity: log.capacity) }
    }
    try await append(stored(events)) { state, _ in
      state.published += events.count
    }
    wakeAll()
    await maintainIfDue()
  }

  /// Appends records, and applies them in the step in which they count as applied.
  @discardableResult
  func append(
    _ records: [BrokerRecord], then change: (inout BrokerState, Range<Int64>) -> Void = { _, _ in }
  ) async throws -> Range<Int64> {
    let number = state.withLock { $0.beginAppend(at: log.endOffset) }
    do {
      let offsets = try await log.append(records)
      state.withLock { state in
        for (offset, record) in zip(offsets, records) { state.apply(record, at: offset) }
        change(&state, offsets)
        state.endAppend(number)
      }
      return offsets
    } catch {
      state.withLock { $0.endAppend(number) }
      throw error
    }
  }

  /// Events as they are stored: those whose time has come are as any other.
  func stored(_ events: [EncodedEvent]) -> [BrokerRecord] {
    let clock = CallContext.current.clock
    return events.map { .event(BrokerRecord.StoredEvent(event: $0.released(at: clock.unixTime))) }
  }

  /// Events were stored: somebody of each group reads them.
  func wakeAll() {
    let waiters: [(group: Int, waiters: [Waiter])] = state.withLock { state in
      var waiters: [(group: Int, waiters: [Waiter])] = []
      for key in state.groups.keys {
        guard let group = state.groups[key] else { continue }
        waiters.append((group.number, state.groups[key]?.takeWaiters() ?? []))
      }
      return waiters
    }
    for group in waiters.sorted(by: { $0.group < $1.group }) { group.waiters.forEach { $0.grant() } }
  }

  // MARK: - Groups

  func join(_ group: BrokerGroup) async throws -> LogConsumer {
    let key = Identifier(group.name)
    if state.withLock({ $0.groups[key] == nil }) {
      try await changing {
        guard state.withLock({ $0.groups[key] == nil }) else { return }
        let start = group.start == .oldest ? log.firstOffset : nil
        try await append([.groupCreated(name: group.name, filter: group.filter, start: start)])
      }
    }
    let expiresAt = CallContext.current.readClock().advanced(by: policy.session)
    let joined: (consumer: LogConsumer, woken: [Waiter])? = try state.withLock { state in
      guard let present = state.groups[key] else { return nil }
      guard present.filter == group.filter else {
        throw BrokerGroupConflict(group: group.name, present: present.filter, requested: group.filter)
      }
      let member = state.nextNumber()
      state.groups[key]?.members.append(BrokerGroupState.Member(id: member, expiresAt: expiresAt))
      let consumer = LogConsumer(broker: self, group: key, groupNumber: present.number, member: member)
      return (consumer, state.groups[key]?.takeWaiters() ?? [])
    }
    guard let joined else { throw BrokerGroupMissing(group: group.name) }
    joined.woken.forEach { $0.grant() }
    return joined.consumer
  }

  func removeGroup(_ name: String) async throws -> Bool {
    try await changing {
      let key = Identifier(name)
      guard state.withLock({ $0.groups[key] != nil }) else { return false }
      try await append([.groupRemoved(name)])
      let woken: [Waiter] = state.withLock { state in
        defer { state.orphans = [] }
        return state.orphans
      }
      woken.forEach { $0.grant() }
      return true
    }
  }

  func changing<Value>(_ body: nonisolated(nonsending) () async throws -> Value) async throws -> Value {
    try await changes.take()
    defer { changes.give() }
    return try await body()
  }

  func snapshot() -> BrokerSnapshot {
    let (groups, end, published, scheduled, letters, discarded) = state.withLock {
      ($0.groups, $0.eventsEnd, $0.published, $0.scheduled.count, $0.letters.count, $0.discardedLetters)
    }
    return BrokerSnapshot(
      name: name,
      groups: groups.values.map { group in
        BrokerSnapshot.Group(
          name: group.name, consumers: group.members.count, inFlight: group.inFlight,
          lag: Int(max(0, end - group.position)), redeliveries: group.redeliveries)
      }.sorted { $0.name.isOrdered(before: $1.name) },
      published: published, scheduled: scheduled, deadLetters: letters, discardedDeadLetters: discarded)
  }
}
