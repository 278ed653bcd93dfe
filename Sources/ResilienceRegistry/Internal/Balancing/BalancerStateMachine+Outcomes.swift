internal import ResilienceCore

// What became of the calls: latencies, and whom to leave out.

extension BalancerStateMachine {
  /// Notes how a call ended. Its slot is still held.
  mutating func record(succeeded: Bool, of selection: Selection, at now: Int64) -> [BalancerEvent] {
    let slot = selection.slot
    if rules.choice == .soonest { measure(succeeded: succeeded, of: selection, at: now) }
    guard let outliers = rules.outliers else { return [] }
    outcomes[slot].note(succeeded, epoch: selection.epoch)
    guard !succeeded else {
      slots[slot].ejection.failuresInARow = 0
      return []
    }
    slots[slot].ejection.failuresInARow.increase()
    let failures = Int(slots[slot].ejection.failuresInARow)
    guard let limit = outliers.consecutiveFailures, failures >= limit else { return [] }
    var events: [BalancerEvent] = []
    eject(slot, .consecutiveFailures(failures), at: now, &events)
    settle(&events)
    return events
  }

  private mutating func measure(succeeded: Bool, of selection: Selection, at now: Int64) {
    let sample = max(1, now.subtractingSaturating(selection.startNanoseconds))
    let decay = rules.decayNanoseconds
    guard succeeded else {
      slots[selection.slot].latency.punish(
        nanoseconds: sample, typical: typicalLatency, at: now, decayNanoseconds: decay)
      return
    }
    slots[selection.slot].latency.observe(nanoseconds: sample, at: now, decayNanoseconds: decay)
    let difference = Double(sample) - typicalLatency
    typicalLatency += typicalLatency == 0 ? difference : difference / 32
  }
}

// MARK: - Sweeps

extension BalancerStateMachine {
  /// How much room what is counted takes; `nil` when it is not time for a sweep.
  func sweepSize(at now: Int64) -> Int? { now >= nextSweep ? outcomes.count : nil }

  /// Takes what was counted since the last sweep, and leaves `empty` in its place.
  ///
  /// - Returns: `nil` when it is not time yet, or `empty` is too short.
  mutating func beginSweep(at now: Int64, _ empty: [OutcomeCount]) -> [OutcomeCount]? {
    guard let outliers = rules.outliers, now >= nextSweep, empty.count >= outcomes.count else { return nil }
    nextSweep = now.addingSaturating(outliers.intervalNanoseconds)
    updatePlain()
    defer { outcomes = empty }
    return outcomes
  }

  /// Ejects those found, while as many may be, and lets those come back whose time is over.
  mutating func finishSweep(_ found: [FoundOutlier], at now: Int64) -> [BalancerEvent] {
    var events: [BalancerEvent] = []
    for outlier in found where slots[outlier.slot].epoch == outlier.epoch && slots[outlier.slot].isListed {
      eject(outlier.slot, outlier.reason, at: now, &events)
    }
    for slot in ejected where slots[slot].ejection.endsAt <= now { comeBack(slot, at: now, &events) }
    ejected.removeAll { !slots[$0].ejection.isEjected }
    sweeps += 1
    settle(&events)
    return events
  }

  private mutating func eject(
    _ slot: Int, _ reason: EjectionReason, at now: Int64, _ events: inout [BalancerEvent]
  ) {
    guard let outliers = rules.outliers, slots[slot].isListed, !slots[slot].ejection.isEjected,
      ejected.count < outliers.mostEjected(of: listed.count), let member = members[slot]
    else { return }
    let nanoseconds = slots[slot].ejection.begin(at: now, sweep: sweeps, outliers)
    ejected.append(slot)
    refresh(slot, at: now)
    events.append(.ejected(member.instance, reason, for: .nanoseconds(nanoseconds)))
  }

  private mutating func comeBack(_ slot: Int, at now: Int64, _ events: inout [BalancerEvent]) {
    guard slots[slot].ejection.isEjected, let member = members[slot] else { return }
    slots[slot].ejection.end(sweep: sweeps)
    refresh(slot, at: now)
    events.append(.returned(member.instance))
  }

  /// For a registration that is gone.
  mutating func forgetEjection(_ slot: Int) {
    guard slots[slot].ejection.isEjected else { return }
    slots[slot].ejection.end(sweep: sweeps)
    ejected.removeAll { $0 == slot }
  }

  /// When so many have left that a larger share than the largest is ejected, those that have waited longest
  /// come back.
  mutating func keepEjectedShare(at now: Int64, _ events: inout [BalancerEvent]) {
    guard let outliers = rules.outliers else { return }
    while let longest = ejected.first, ejected.count > outliers.mostEjected(of: listed.count) {
      comeBack(longest, at: now, &events)
      ejected.removeFirst()
    }
  }
}
