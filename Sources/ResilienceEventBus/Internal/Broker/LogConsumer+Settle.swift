internal import ResilienceCore

extension LogConsumer {
  /// A settlement that is being written.
  struct Claim: Sendable {
    let offset: Int64
    let event: EncodedEvent
    let settlement: BrokerSettlement
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    var claims: [Claim] = []
    var stale: [BrokerReceipt] = []
    let (_, woken) = visit { group, _ in
      for settlement in settlements {
        guard let held = group.holder(of: settlement.receipt), held.entry.holder?.isSettling == false,
          held.entry.holder?.consumer == member
        else { continue }
        group.setSettling(held.offset, to: true)
        claims.append(
          Claim(offset: held.offset, event: held.entry.stored.event, settlement: settlement))
      }
    }
    woken.forEach { $0.grant() }
    let claimed = Set(claims.map(\.settlement.receipt))
    stale = settlements.map(\.receipt).filter { !claimed.contains($0) }
    try await write(claims[...])
    await broker.maintainIfDue()
    return stale
  }

  /// In as many writes as they need, usually one.
  private func write(_ claims: ArraySlice<Claim>) async throws {
    guard !claims.isEmpty else { return }
    let records = claims.flatMap(records)
    do {
      let isPublishing = records.contains { if case .event = $0 { true } else { false } }
      let woken = Lock<[Waiter]>([])
      try await broker.append(records) { state, _ in
        let waiters = finish(claims, isWritten: true, &state)
        woken.withLock { $0 = waiters }
      }
      woken.withLock { $0 }.forEach { $0.grant() }
      if isPublishing { broker.wakeAll() }
    } catch is JournalAppendTooLarge where claims.count > 1 {
      let middle = claims.startIndex + claims.count / 2
      let rest = claims[middle...]
      do {
        try await write(claims[..<middle])
      } catch {
        takeBack(rest)
        throw error
      }
      try await write(rest)
    } catch {
      takeBack(claims)
      throw error
    }
  }

  private func takeBack(_ claims: ArraySlice<Claim>) {
    let woken = broker.state.withLock { finish(claims, isWritten: false, &$0) }
    woken.forEach { $0.grant() }
  }

  private func records(_ claim: Claim) -> [BrokerRecord] {
    switch claim.settlement.outcome {
    case .handled(let events):
      return [.settled(group: group.text, [claim.offset])]
        + broker.stored(events)
    case .returned(let deliveries):
      let count = BrokerRecord.Count(offset: claim.offset, deliveries: max(0, deliveries))
      return [.counted(group: group.text, [count])]
    case .deadLettered(let death, let history):
      return [
        .letter(
          BrokerRecord.Letter(
            group: group.text, source: claim.offset, event: claim.event, death: death, history: history))
      ]
    }
  }

  /// The records have been applied, or nothing was written.
  private func finish(
    _ claims: ArraySlice<Claim>, isWritten: Bool, _ state: inout BrokerState
  ) -> [Waiter] {
    guard state.groups[group]?.number == groupNumber else { return [] }
    let isHere = state.groups[group]?.index(of: member) != nil
    for claim in claims {
      if case .returned = claim.settlement.outcome, isWritten {
        state.groups[group]?.giveBack(claim.offset)
      } else if !isWritten, isHere {
        state.groups[group]?.setSettling(claim.offset, to: false)
      } else if !isWritten {
        state.groups[group]?.giveBack(claim.offset)
      }
    }
    return state.groups[group]?.takeWaiters() ?? []
  }
}
