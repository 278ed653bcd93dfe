internal import ResilienceCore

/// What becomes of a delivery.
enum Settlement: Sendable, Equatable {
  case acknowledge
  case redeliver(at: Instant)
  case deadLetter(DeadLetter.Reason)
  case giveBack
}

/// What a delivery put on the destination, as a retry budget counts it.
enum DeliveryLoad: Sendable {
  /// Nothing: it did not begin, or a layer inside refused it, or the shutdown takes it back. A token that it
  /// holds is still to be spent.
  case none

  /// It was made; its redelivery, if there is one, holds a token of the budget, if there is one.
  case made(token: RetryBudget?)
}

extension DeliveryPolicy {
  /// Whether a delivery may begin; `nil` when it may.
  func refusal(attempt: Int, deadline: Deadline, now: Instant) -> Settlement? {
    if deadline.hasPassed(at: now) { return .deadLetter(.expired) }
    if attempt > maxDeliveries { return .deadLetter(.exhausted(deliveries: attempt - 1)) }
    return nil
  }

  /// What becomes of a delivery that has ended. Pure.
  ///
  /// - Parameters:
  ///   - error: What the handler threw; `nil` when it returned.
  ///   - deadline: The event's own.
  ///   - takesToken: Takes the budget's token for a redelivery, if there is one; asked when everything else
  ///     allows it. Without a token the redelivery is put off by the longest delay: an event must not be lost
  ///     for it.
  ///   - isShuttingDown: The bus cancelled the handler: whatever it threw then says nothing about the event.
  func settlement(
    _ outcome: Outcome, error: (any Error)?, attempt: Int, deadline: Deadline, now: Instant, seed: UInt64,
    isShuttingDown: Bool, takesToken: () -> Bool = { true }
  ) -> Settlement {
    // The handler has not run: what it makes of errors in general says nothing about this one.
    if let error = error as? Undeliverable { return .deadLetter(error.reason) }
    if outcome.verdict == .success || (error == nil && outcome.verdict == .neutral) { return .acknowledge }
    // What a client makes of its cancellation may say so too; an event that is called poison by name is.
    if isShuttingDown, outcome.verdict == .neutral, !(error is PoisonEvent) { return .giveBack }
    if outcome.pushback.doNotRetry { return .deadLetter(.poison) }
    if isShuttingDown { return .giveBack }
    if attempt >= maxDeliveries { return .deadLetter(.exhausted(deliveries: attempt)) }
    var due = now.advanced(by: max(.zero, outcome.pushback.retryAfter ?? .zero))
    if let error, ErrorKind(of: error).contains(.rejection), let retryAt = (error as? any Rejection)?.retryAt
    {
      due = max(due, retryAt)
    }
    due = due.advanced(by: backoff.delay(retry: attempt, seed: seed))
    // Work that cannot help is not done: nobody will wait for it any more.
    if deadline.hasPassed(at: due) { return .deadLetter(.expired) }
    if takesToken() { return .redeliver(at: due) }
    due = due.advanced(byNanoseconds: backoff.capNanoseconds)
    return deadline.hasPassed(at: due) ? .deadLetter(.expired) : .redeliver(at: due)
  }
}
