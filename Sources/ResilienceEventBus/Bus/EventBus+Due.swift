internal import ResilienceCore

// What the passing of time brings.

extension EventBus {
  /// The timer's action.
  func releaseDue(at now: Instant, time: UnixTime, _ random: any RandomSource) {
    let due = update { $0.releaseDue(at: now) }
    for lost in due.lost { settle(lost, at: now, time, random) }
    letGo(due.expired, at: time)
    for message in due.messages { publishLate(message, at: time) }
  }

  /// Treats a delivery whose lease has ended as one that failed.
  private func settle(
    _ lost: EventBusState.Lost, at now: Instant, _ time: UnixTime, _ random: any RandomSource
  ) {
    guard let run = lost.run else { return }
    run.cancel()
    let end = endUnacknowledged(
      lost.ticket, by: lost.settings, .failure, LeaseEnded(lease: lost.settings.policy.lease ?? .zero),
      wasRefused: false, isShuttingDown: false, at: now, seed: random.next())
    settle(lost.ticket, as: run.worker, end, at: time) { _ in }
  }

  /// Publishes what was published for later. Who could be told that there is no room has gone.
  private func publishLate(_ message: Message, at time: UnixTime) {
    let leavers = update { state in
      let made = state.publishLate(message, capacity: policy.queueCapacity)
      note(.published(groups: made.groups), message.envelope, group: nil, attempt: message.envelope.attempt)
      return made.leavers
    }
    letGo(leavers, at: time)
  }

  /// Tells of events that left before their turn, and keeps those that are dead letters.
  func letGo(_ leavers: [EventBusState.Leaver], at time: UnixTime) {
    guard !leavers.isEmpty else { return }
    update { state in
      for leaver in leavers {
        if let reason = leaver.reason {
          addDeadLetter(
            leaver.ticket, leaver.group, leaver.filter, reason, nil, deliveries: leaver.ticket.attempt, time,
            &state)
        } else {
          state.tell(leaver.ticket, .handled())
          note(.dropped, leaver.ticket.message.envelope, group: leaver.group, attempt: leaver.ticket.attempt)
        }
      }
    }
    for leaver in leavers { leaver.unused?.refundRetry() }
  }
}
