public import ResilienceCore

extension RetryPolicy {
  /// Decides what to do after an attempt: the pure heart of every retry, with neither clock nor chance of its own.
  ///
  /// In this order: nothing is retried that was cancelled or did not count as a failure, except a ``Rejection`` that
  /// says when trying again can succeed; the destination's word holds; what does harm when done twice is retried only on
  /// proof that nothing ran; attempts, waits and the deadline are bounded. A wait that the destination or a refusal asked
  /// for is a lower bound: jitter comes on top, so that callers told the same do not come back together.
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
  ///   - idempotency: Whether doing it twice does harm.
  public func decision(
    after outcome: Outcome, error: (any Error)? = nil, attempt: Int, now: Instant,
    deadline: Deadline = .never,
    seed: UInt64, idempotency: CallTraits.Idempotency = .notStated
  ) -> RetryDecision {
    if let error, type(of: error) == CancellationError.self { return .giveUp(.cancelled) }
    // Looked for only where it matters: a dynamic cast to a protocol costs more than the rest of the decision.
    let rejection =
      outcome.verdict == .failure && !outcome.pushback.notProcessed ? nil : error as? any Rejection
    if outcome.verdict != .failure {
      guard let rejection, outcome.verdict == .neutral else { return .giveUp(.notAFailure) }
      if rejection.retryAt == nil { return .giveUp(.rejected) }
    }
    if outcome.pushback.doNotRetry { return .giveUp(.doNotRetry) }
    // A rejection is no proof: it may come from a call that the work itself made, after it had begun.
    if idempotency == .nonIdempotent, !outcome.pushback.notProcessed {
      return .giveUp(.notIdempotent)
    }
    guard attempt < maxAttempts else { return .giveUp(.attemptsExhausted) }

    let notBefore = max(
      outcome.pushback.retryAfter?.clampedNanoseconds ?? 0,
      rejection?.retryAt.map { now.nanoseconds(to: $0) } ?? 0)
    guard notBefore <= maxRetryAfter.clampedNanoseconds else { return .giveUp(.retryAfterTooLong) }
    let delay = delayNanoseconds(retry: attempt, seed: seed, notBefore: notBefore)
    guard delay < deadline.remainingNanoseconds(at: now) else { return .giveUp(.deadline) }
    return .retry(delayNanoseconds: delay)
  }

  private func delayNanoseconds(retry: Int, seed: UInt64, notBefore: Int64) -> Int64 {
    let delay = backoff.delayNanoseconds(retry: retry, seed: seed)
    guard notBefore > 0 else { return delay }
    return switch backoff.jitter {
    case .none: max(notBefore, delay)
    case .full: notBefore.addingSaturating(delay)
    }
  }
}
