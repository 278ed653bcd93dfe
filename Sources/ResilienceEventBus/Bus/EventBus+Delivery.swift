internal import ResilienceCore

extension EventBus {
  /// Makes one delivery, from the check of its deadline to its settlement.
  func deliver(
    _ ticket: LaneQueue.Ticket, to worker: EventBusState.Worker, by settings: GroupSettings,
    at now: Instant, _ runner: CallContext
  ) async {
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
      settle(ticket, as: worker, end, call)
      return
    }
    // The event is the logical call: a retry around the handler does not deposit for it again.
    if settings.budget != nil { call.drawCallID() }
    if let timeout = policy.timeout {
      call.tightenDeadline(to: Deadline(at: now.advanced(by: timeout)))
    }
    var attempt = call
    attempt.attemptBegan(of: .delivery)
    let (outcome, error) = await consume(ticket, as: worker, attempt)
    let end = end(of: ticket, to: worker, by: settings, outcome, error, call)
    tell(attempt, end, ticket, worker)
    attempt.attemptEnded(of: call, outcome, error: error)
    settle(ticket, as: worker, end, call)
  }

  /// Runs the handler, with the delivery's context and baggage bound.
  private func consume(
    _ ticket: LaneQueue.Ticket, as worker: EventBusState.Worker, _ attempt: CallContext
  ) async -> (Outcome, (any Error)?) {
    var context = attempt
    context.inherited = attempt.inherited.unchanged
    let baggage = ticket.message.envelope.baggage
    let delivery = Delivery(
      message: ticket.message, group: worker.groupName, attempt: ticket.attempt,
      place: DeliveryPlace(lane: ticket.lane, flight: ticket.flight), context: context)
    do {
      let outcome = try await CallContext.withCurrent(context) {
        if baggage == nil, !CallContext.hasBaggage {
          return try await worker.handler.consume(delivery, self)
        }
        return try await CallContext.withBaggage(baggage) {
          try await worker.handler.consume(delivery, self)
        }
      }
      return (outcome, nil)
    } catch {
      // No time limit cancels a worker: it was the shutdown, however late it is.
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
        end.kind, ticket.message.envelope, group: worker.groupName, attempt: end.deliveries))
  }

  private func settle(
    _ ticket: LaneQueue.Ticket, as worker: EventBusState.Worker, _ end: DeliveryEnd, _ call: CallContext
  ) {
    // Read before: a clock is not called under the lock.
    settle(ticket, as: worker, end, at: end.settlement == .acknowledge ? nil : call.clock.unixTime)
  }

  func settle(
    _ ticket: LaneQueue.Ticket, as worker: EventBusState.Worker, _ end: DeliveryEnd, at time: UnixTime?
  ) {
    let unused = update { state in
      let (settlement, unused) = state.settle(ticket, in: worker.group, end.settlement, after: end.load)
      // Its lease had ended: somebody else has settled it, or will.
      guard let settlement else { return unused }
      var end = end
      end.settlement = settlement
      if case .deadLetter(let reason) = settlement, let time {
        addDeadLetter(
          ticket, worker.groupName, worker.filter, reason, end.error, deliveries: end.deliveries, time, &state
        )
      } else {
        note(end.kind, ticket.message.envelope, group: worker.groupName, attempt: end.deliveries)
      }
      return unused
    }
    unused?.refundRetry()
  }

  /// Makes a dead letter; called while the lock is held.
  func addDeadLetter(
    _ ticket: LaneQueue.Ticket, _ group: String, _ filter: EventFilter, _ reason: DeadLetter.Reason,
    _ error: String?, deliveries: Int, _ time: UnixTime, _ state: inout EventBusState
  ) {
    var envelope = ticket.message.envelope
    envelope.group = group
    envelope.attempt = deliveries
    let oldest = deadLetters.append { number in
      DeadLetter(
        number: number, event: envelope, group: group, reason: reason, lastError: error, time: time,
        filter: filter, message: ticket.message)
    }
    if let oldest { state.released.append(oldest) }
    note(.deadLettered(reason, error: error), envelope, group: group, attempt: deliveries)
  }
}

/// How a delivery ended.
struct DeliveryEnd {
  var settlement: Settlement
  let error: String?
  let deliveries: Int
  let load: DeliveryLoad
  /// When it ended; `nil` where nothing follows.
  let time: Instant?

  var kind: EventBusEvent.Kind {
    switch settlement {
    case .acknowledge: .delivered
    case .redeliver(let due):
      .redeliveryScheduled(after: time?.duration(to: due) ?? .zero, error: error ?? "")
    case .deadLetter(let reason): .deadLettered(reason, error: error)
    case .giveBack: .returned
    }
  }
}
