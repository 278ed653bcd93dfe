public import ResilienceCore

extension RetryPolicy {
  /// Decides what to do after an attempt: the pure heart of every retry, with neither clock nor chance of its
  /// own.
  ///
  /// In this order: nothing is retried that did not count as a failure, except a ``ResilienceCore/Rejection``
  /// that says when trying again can succeed; the destination's word holds; what does harm when done twice is
  /// retried only on proof that nothing ran, and what cannot be sent twice never; attempts, waits and the
  /// deadline are bounded. A wait that the destination or a refusal asked for is a lower bound: jitter comes
  /// on top, so that callers told the same do not come back together.
  ///
  /// A failure of the first attempt that proves that nothing ran is repeated without a wait, unless the
  /// destination is overloaded or said when to come back.
  ///
  /// The budget is not asked: take its token after this says ``RetryDecision/retry(delayNanoseconds:)``.
  ///
  /// - Parameters:
  ///   - outcome: What the attempt came to.
  ///   - error: What it threw, if it threw.
  ///   - attempt: Which attempt it was, from 1.
  ///   - now: When it ended.
  ///   - deadline: When the caller stops waiting.
  ///   - seed: What tells this call from others; the same seed gives the same delays.
  ///   - traits: Whether doing it twice does harm, and whether its input can be sent twice. Default: it does
  ///     none, and can.
  public func decision(
    after outcome: Outcome, error: (any Error)? = nil, attempt: Int, now: Instant,
    deadline: Deadline = .never, seed: UInt64, traits: CallTraits = CallTraits()
  ) -> RetryDecision {
    return decision(
      after: outcome, error: error, attempt: attempt, deadline: deadline, seed: seed,
      idempotency: traits.idempotency, isReplayable: traits.isReplayable, now: { now })
  }

  /// The same for the loop, which looks itself whether the caller has cancelled; the time is read only where
  /// it matters.
  @inline(__always)
  func decision(
    after outcome: Outcome, error: (any Error)?, attempt: Int, deadline: Deadline, seed: UInt64,
    idempotency: CallTraits.Idempotency, isReplayable: Bool, now: () -> Instant
  ) -> RetryDecision {
    let pushback = outcome.pushback
    var notBefore = pushback.retryAfter?.clampedNanoseconds ?? 0
    // Looked for only where it matters: a dynamic cast to a protocol costs more than the rest of the
    // decision.
    if outcome.verdict != .failure || pushback.notProcessed {
      if let error, outcome.verdict == .neutral, error.isCancellation { return .giveUp(.cancelled) }
      switch error?.refusal(at: now) {
      case nil: if outcome.verdict != .failure { return .giveUp(.notAFailure) }
      case .some(nil): if outcome.verdict != .failure { return .giveUp(.rejected) }
      case .some(let wait?): notBefore = max(notBefore, wait)
      }
      if outcome.verdict == .success { return .giveUp(.notAFailure) }
    }
    if pushback.doNotRetry { return .giveUp(.doNotRetry) }
    // A rejection is no proof: it may come from a call that the work itself made, after it had begun.
    if idempotency == .nonIdempotent, !pushback.notProcessed { return .giveUp(.notIdempotent) }
    guard isReplayable else { return .giveUp(.notReplayable) }
    guard attempt < maxAttempts else { return .giveUp(.attemptsExhausted) }
    if notBefore > 0, notBefore > maxRetryAfter.clampedNanoseconds { return .giveUp(.retryAfterTooLong) }
    // What did not run, and not for want of capacity, is repeated at once, once: it may find another
    // instance.
    let isTransparent = attempt == 1 && pushback.notProcessed && !pushback.overloaded && notBefore <= 0
    let delay =
      isTransparent ? 0 : backoff.delayNanoseconds(retry: attempt, seed: seed, notBefore: max(0, notBefore))
    guard deadline.isNever || delay < deadline.remainingNanoseconds(at: now()) else {
      return .giveUp(.deadline)
    }
    return .retry(delayNanoseconds: delay)
  }
}

extension Outcome {
  /// How long whoever tries again has to wait at least, in nanoseconds: what the destination, or a refusal,
  /// asked for.
  func leastWait(_ error: (any Error)?, at now: () -> Instant) -> Int64 {
    let asked = max(0, pushback.retryAfter?.clampedNanoseconds ?? 0)
    guard verdict != .failure || pushback.notProcessed, case .some(let wait?) = error?.refusal(at: now) else {
      return asked
    }
    return max(asked, wait)
  }
}

extension Error {
  fileprivate var isCancellation: Bool { type(of: self) == CancellationError.self }

  /// How long a ``Rejection`` wants to be left alone, in nanoseconds: `nil` for other errors, `nil` within
  /// when it knows no time, or is not to be waited for.
  @inline(never)
  fileprivate func refusal(at now: () -> Instant) -> Int64?? {
    guard let type = Self.self as? any Rejection.Type else { return nil }
    return .some(retryAt(as: type).map { now().nanoseconds(to: $0) })
  }

  // Through the type, since a rejection of more than three words would be boxed in an `any Rejection`.
  private func retryAt<Refusal: Rejection>(as type: Refusal.Type) -> Instant? {
    guard let refusal = self as? Refusal, refusal.isRetryable else { return nil }
    return refusal.retryAt
  }
}
