internal import ResilienceCore

extension EventBus {
  /// Makes one delivery, from the check of its deadline to what is to become of it.
  ///
  /// - Returns: With the wall clock's time, where a dead letter may need it: it is not read under the lock.
  @inline(__always)
  func deliver(
    _ ticket: LaneQueue.Ticket, to worker: EventBusState.Worker, by settings: GroupSettings,
    at now: Instant, _ runner: CallContext, hasBaggage: Bool
  ) async -> (DeliveryEnd, UnixTime?) {
    // Fresh for every delivery: neither the last one's deadline nor that of whoever called run() matters to
    // the event.
    var call = CallContext(
      inherited: InheritedContext(
        deadline: ticket.message.envelope.deadline, trace: ticket.message.envelope.trace,
        flags: runner.flags.union(.changed),
        observer: runner.inherited.observer))
    call.flags.deliveryGroup = worker.mark.number
    call.knownNow = KnownInstant(now)
    let policy = settings.policy
    call.beginAttempt(UInt32(clamping: ticket.attempt), of: UInt32(clamping: policy.maxDeliveries))
    if let refusal = policy.refusal(attempt: ticket.attempt, deadline: call.deadline, now: now) {
      let end = DeliveryEnd(
        settlement: refusal, error: nil, deliveries: ticket.attempt - 1, load: .none, time: now)
      tell(call, end, ticket, worker)
      return (end, call.clock.unixTime)
    }
    // The event is the logical call: a retry around the handler does not deposit for it again.
    if settings.budget != nil { call.drawCallID() }
    if let timeout = policy.timeout {
      call.tightenDeadline(to: Deadline(at: now.advanced(by: timeout)))
    }
    var attempt = call
    attempt.attemptBegan(of: .delivery)
    let (outcome, error) = await consume(ticket, as: worker, attempt, hasBaggage: hasBaggage)
    let end = end(of: ticket, to: worker, by: settings, outcome, error, call)
    tell(attempt, end, ticket, worker)
    attempt.attemptEnded(of: call, outcome, error: error)
    return (end, end.settlement == .acknowledge ? nil : call.clock.unixTime)
  }

  /// Runs the handler, which binds the delivery's context, with the event's baggage bound.
  @inline(__always)
  private func consume(
    _ ticket: LaneQueue.Ticket, as worker: EventBusState.Worker, _ attempt: CallContext, hasBaggage: Bool
  ) async -> (Outcome, (any Error)?) {
    let baggage = ticket.message.envelope.baggage
    let delivery = Delivery(
      message: ticket.message, group: worker.groupName, attempt: ticket.attempt,
      place: DeliveryPlace(
        lane: ticket.lane, isStored: ticket.message.origin != nil, flight: ticket.flight), context: attempt)
    do {
      if baggage == nil, !hasBaggage {
        return (try await worker.handler.consume(delivery, self), nil)
      }
      let outcome = try await CallContext.withBaggage(baggage) {
        try await worker.handler.consume(delivery, self)
      }
      return (outcome, nil)
    } catch {
      // No time limit cancels a worker: it was the shutdown, however late it is.
      var context = attempt
      context.dropDeadline()
      return (worker.handler.judge(error, context), error)
    }
  }

  private func end(
    of ticket: LaneQueue.Ticket, to worker: EventBusState.Worker, by settings: GroupSettings,
    _ outcome: Outcome, _ error: (any Error)?, _ call: CallContext
  ) -> DeliveryEnd {
    if error == nil, outcome.verdict != .failure {
      settings.budget?.noteUnretried(isFirst: ticket.isFirstOutcome, outcome.verdict)
      return DeliveryEnd(
        settlement: .acknowledge, error: nil, deliveries: ticket.attempt, load: .made(token: nil), time: nil)
    }
    let seed = call.random()
    return endUnacknowledged(
      ticket, by: settings, outcome, error,
      wasRefused: worker.handler.provesRefusals && outcome.isRefusal(error),
      isShuttingDown: Task.isCancelled, at: call.readClock(), seed: seed)
  }

  /// The end of a delivery that failed or was refused. Apart, so that an acknowledged one does not pay for
  /// its size.
  @inline(never)
  func endUnacknowledged(
    _ ticket: LaneQueue.Ticket, by settings: GroupSettings, _ outcome: Outcome, _ error: (any Error)?,
    wasRefused: Bool, isShuttingDown: Bool, at now: Instant, seed: UInt64
  ) -> DeliveryEnd {
    var isNoted = false
    var token: RetryBudget?
    let settlement = settings.policy.settlement(
      outcome, error: error, attempt: ticket.attempt, deadline: ticket.message.envelope.deadline,
      now: now, seed: seed, isShuttingDown: isShuttingDown
    ) {
      // What was refused put no load on the destination: its redelivery is no extra one.
      guard !wasRefused, let budget = settings.budget else { return true }
      isNoted = true
      guard budget.withdraw(depositing: ticket.isFirstOutcome, at: now) else { return false }
      token = budget
      return true
    }
    let isTakenBack = settlement == .giveBack
    if !isNoted, !wasRefused, !isTakenBack {
      settings.budget?.noteUnretried(isFirst: ticket.isFirstOutcome, outcome.verdict)
    }
    return DeliveryEnd(
      settlement: settlement, error: error.map { "\($0)" } ?? "the outcome is a failure",
      deliveries: isTakenBack ? ticket.attempt - 1 : ticket.attempt,
      load: wasRefused || isTakenBack ? .none : .made(token: token), time: now)
  }

  /// Tells the delivery's observer, while its span is open.
  private func tell(
    _ context: CallContext, _ end: DeliveryEnd, _ ticket: LaneQueue.Ticket, _ worker: EventBusState.Worker
  ) {
    context.emit(
      EventBusEvent(
        end.kind(of: end.settlement), ticket.message.envelope, group: worker.groupName,
        attempt: end.deliveries))
  }

  /// Settles a delivery, and goes on with what `next` says in the same breath.
  func settle<Next: Sendable>(
    _ ticket: LaneQueue.Ticket, as worker: EventBusState.Worker, _ end: DeliveryEnd, at time: UnixTime?,
    then next: (inout EventBusState) -> Next
  ) -> Next {
    let (following, unused) = update { state -> (Next, RetryBudget?) in
      if end.settlement == .acknowledge, ticket.message.origin != nil {
        let published = state.groups[worker.group].queue.published(by: ticket)
        if state.groups[worker.group].queue.isCurrent(ticket) {
          state.tell(ticket, .handled(publishing: published))
        }
      }
      let (settlement, unused) = state.settle(ticket, in: worker.group, end.settlement, after: end.load)
      // Otherwise its lease had ended: somebody else has settled it, or will.
      if let settlement { note(settlement, of: ticket, worker, end, at: time, &state) }
      return (next(&state), unused)
    }
    unused?.refundRetry()
    return following
  }

  private func note(
    _ settlement: Settlement, of ticket: LaneQueue.Ticket, _ worker: EventBusState.Worker,
    _ end: DeliveryEnd, at time: UnixTime?, _ state: inout EventBusState
  ) {
    if case .deadLetter(let reason) = settlement, let time {
      addDeadLetter(
        ticket, worker.groupName, worker.filter, reason, end.error, deliveries: end.deliveries, time, &state)
    } else {
      note(
        end.kind(of: settlement), ticket.message.envelope, group: worker.groupName, attempt: end.deliveries)
    }
  }

  /// Makes a dead letter; called while the lock is held.
  func addDeadLetter(
    _ ticket: LaneQueue.Ticket, _ group: String, _ filter: EventFilter, _ reason: DeadLetter.Reason,
    _ error: String?, deliveries: Int, _ time: UnixTime, _ state: inout EventBusState
  ) {
    var envelope = ticket.message.envelope
    envelope.group = group
    envelope.attempt = deliveries
    note(.deadLettered(reason, error: error), envelope, group: group, attempt: deliveries)
    if ticket.message.origin != nil {
      let death = DeadLetter.Death(reason: reason, lastError: error, deliveries: deliveries, time: time)
      return state.tell(ticket, .deadLettered(death, history: ticket.message.deaths))
    }
    let oldest = deadLetters.append { number in
      DeadLetter(
        number: number, event: envelope, group: group, reason: reason, lastError: error, time: time,
        filter: filter, message: ticket.message)
    }
    if let oldest { state.released.append(oldest) }
  }
}

/// How a delivery ended.
struct DeliveryEnd {
  let settlement: Settlement
  let error: String?
  let deliveries: Int
  let load: DeliveryLoad
  /// When it ended; `nil` where nothing follows.
  let time: Instant?

  func kind(of settlement: Settlement) -> EventBusEvent.Kind {
    switch settlement {
    case .acknowledge: .delivered
    case .redeliver(let due):
      .redeliveryScheduled(after: time?.duration(to: due) ?? .zero, error: error ?? "")
    case .deadLetter(let reason): .deadLettered(reason, error: error)
    case .giveBack: .returned
    }
  }
}
