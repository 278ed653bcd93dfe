internal import ResilienceCore

// What the passing of time brings.

extension EventBusState {
  /// What became due.
  struct Due: Sendable {
    /// Deliveries whose lease has ended, and those who made them.
    var lost: [Lost] = []
    var expired: [Leaver] = []
    /// Events that were to be published now.
    var messages: [Message] = []
  }

  struct Lost: Sendable {
    let ticket: LaneQueue.Ticket
    let run: WorkerRun?
    let settings: GroupSettings
  }

  /// Makes ready what is due, and takes away what is overdue.
  mutating func releaseDue(at now: Instant) -> Due {
    var due = Due()
    guard phase != .stopped else { return due }
    timerDue = Deadline.never.instant
    for group in groups.indices {
      groups[group].queue.releaseDue(at: now)
      for (ticket, unused) in groups[group].queue.takeExpired(at: now) {
        due.expired.append(leave(ticket, unused, group, .expired))
      }
      for (ticket, number) in groups[group].queue.takeLost(at: now) {
        groups[group].leasesEnded += 1
        due.lost.append(abandon(ticket, number, group))
      }
      startWorkers(for: group)
    }
    while let message = scheduled.popDue(at: now) { due.messages.append(message) }
    expectNextDue()
    return due
  }

  mutating func expectNextDue() {
    for group in groups.indices {
      if let due = groups[group].queue.nextDue { expect(due) }
    }
    if let due = scheduled.earliest { expect(due) }
  }

  /// The delivery's worker is not counted any more; another one may take its place.
  private mutating func abandon(_ ticket: LaneQueue.Ticket, _ number: Int, _ group: Int) -> Lost {
    let run = runs.removeValue(forKey: number)
    run?.noteGone()
    if let run { groups[group].leave(run.worker.consumer) }
    if runs.isEmpty, phase == .ending { wakeDispatcher() }
    return Lost(ticket: ticket, run: run, settings: groups[group].settings)
  }

  /// - Returns: Whether the delivery still holds.
  mutating func extendLease(of event: EventEnvelope, at now: Instant) -> Bool {
    let lane = Int(event.delivery.lane)
    let candidates = receivers(of: event.type).filter { groups[$0].name.isIdentical(to: event.group) }
    for group in candidates where groups[group].queue.isInFlight(lane: lane, flight: event.delivery.flight) {
      guard let lease = groups[group].settings.leaseNanoseconds else { return true }
      let end = now.advanced(byNanoseconds: lease)
      return groups[group].queue.extendLease(lane, flight: event.delivery.flight, to: end)
    }
    return false
  }
}
