internal import ResilienceCore

extension LogConsumer {
  private enum Step {
    case ended
    case taken([BrokerGroupState.Taken])
    case read(from: Int64)
    case releaseScheduled
    case wait(Waiter, until: Instant?)
  }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    while true {
      try Task.checkCancellation()
      switch nextStep(max(1, limit)) {
      case .ended: throw ended
      case .taken(let taken): return try await handOut(taken)
      case .read(let offset): try await read(from: offset)
      case .releaseScheduled: try await broker.releaseScheduled()
      case .wait(let waiter, let instant):
        let resolution = await waiter.wait(until: instant, on: CallContext.current.clock)
        stopWaiting(waiter)
        if resolution == .cancelled { throw CancellationError() }
      }
    }
  }

  private func nextStep(_ limit: Int) -> Step {
    let waiter = Waiter("BrokerConsumer.receive")
    let now = CallContext.current.readClock()
    let time = CallContext.current.clock.unixTime
    let (step, woken): (Step, [Waiter]) = broker.state.withLock { state in
      let nextScheduled = state.scheduled.earliest
      if let nextScheduled, nextScheduled <= time { return (.releaseScheduled, []) }
      guard var group = state.groups.removeValue(forKey: self.group) else { return (.ended, []) }
      defer { state.groups[self.group] = group }
      guard group.number == groupNumber else { return (.ended, []) }
      let woken = group.expire(at: now)
      guard let index = group.index(of: member) else { return (.ended, woken) }
      group.members[index].expiresAt = now.advanced(by: broker.policy.session)
      let taken = group.take(limit, for: index) { state.nextReceipt() }
      if !taken.isEmpty { return (.taken(taken), woken) }
      if group.wantsMore(before: broker.log.endOffset) {
        group.isFetching = true
        return (.read(from: group.cursor), woken)
      }
      group.members[index].waiters.append(waiter)
      group.members[index].waiting += 1
      let expiry = group.earliestExpiry(
        beside: member, whereWaitingEnd: group.members[index].expiresAt)
      let due = nextScheduled.map {
        now.advanced(byNanoseconds: $0.nanoseconds.subtractingSaturating(time.nanoseconds))
      }
      return (.wait(waiter, until: [expiry, due].compactMap { $0 }.min()), woken)
    }
    woken.forEach { $0.grant() }
    return step
  }

  private func stopWaiting(_ waiter: Waiter) {
    let (_, woken) = visit { group, index in
      group.members[index].waiters.removeAll { $0 === waiter }
      group.members[index].waiting -= 1
    }
    woken.forEach { $0.grant() }
  }

  // MARK: - Reading

  private func read(from offset: Int64) async throws {
    do {
      let page = try await broker.log.read(from: offset)
      finishReading { $0.add(page) }
    } catch {
      finishReading { _ in }
      throw error
    }
  }

  private func finishReading(_ change: (inout BrokerGroupState) -> Void) {
    let woken: [Waiter] = broker.state.withLock { state in
      guard state.groups[group]?.number == groupNumber,
        var changed = state.groups.removeValue(forKey: group)
      else { return [] }
      defer { state.groups[group] = changed }
      change(&changed)
      changed.isFetching = false
      return changed.takeWaiters()
    }
    woken.forEach { $0.grant() }
  }

  // MARK: - Handing out

  /// The count is on the disk before anybody has the event: what ends the process is counted.
  private func handOut(_ taken: [BrokerGroupState.Taken]) async throws -> [BrokerDelivery] {
    let counts = taken.map {
      BrokerRecord.Count(offset: $0.offset, deliveries: $0.delivery.deliveries + 1)
    }
    do {
      try await broker.append([.counted(group: group.text, counts)])
    } catch {
      giveBack(taken)
      throw error
    }
    let deliveries = taken.map(\.delivery)
    let (isHeld, woken) = visit { group, _ in deliveries.allSatisfy { group.holder(of: $0.receipt) != nil } }
    woken.forEach { $0.grant() }
    guard isHeld == true else { throw ended }
    return deliveries
  }

  private func giveBack(_ taken: [BrokerGroupState.Taken]) {
    let woken: [Waiter] = broker.state.withLock { state in
      guard state.groups[group]?.number == groupNumber else { return [] }
      for one in taken where state.groups[group]?.holder(of: one.delivery.receipt) != nil {
        state.groups[group]?.giveBack(one.offset)
      }
      return state.groups[group]?.takeWaiters() ?? []
    }
    woken.forEach { $0.grant() }
  }
}
