/// What is to be done after an attempt that did not succeed.
public enum RetryDecision: Sendable, Hashable {
  /// Try again, after waiting `delayNanoseconds`; 0 means at once.
  case retry(delayNanoseconds: Int64)

  /// Do not try again: the call ends with what the attempt came to.
  case giveUp(Reason)

  /// Why a call is not tried again.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// The attempt was neutral: it says nothing about the destination, and a second one would not either.
    case notAFailure = "not_a_failure"

    /// The caller does not want the result any more.
    case cancelled

    /// A layer inside refused to start the work, and knows no time at which it would, or is an open breaker.
    case rejected

    /// The modifier's `deciding` said ``RetryChoice/stop``.
    case excluded

    /// The destination asked not to be tried again.
    case doNotRetry = "do_not_retry"

    /// Doing it twice does harm, and nothing proves that it was not done.
    case notIdempotent = "not_idempotent"

    /// Its input cannot be sent twice.
    case notReplayable = "not_replayable"

    /// The policy's last attempt was made.
    case attemptsExhausted = "attempts_exhausted"

    /// The destination, or a refusal, asked for a longer wait than the policy allows.
    case retryAfterTooLong = "retry_after_too_long"

    /// The wait would not end before the call's deadline.
    case deadline

    /// The budget has no token left: the destination gets no more extra load.
    case budgetExhausted = "budget_exhausted"
  }
}
