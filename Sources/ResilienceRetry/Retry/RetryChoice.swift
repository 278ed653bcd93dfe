public import ResilienceCore

/// What the `deciding` closure of a retry says of a failed attempt.
///
/// Whatever it says, a wait that the destination or a refusal asked for is a lower bound, the deadline holds,
/// and the budget is asked.
public enum RetryChoice: Sendable, Hashable {
  /// Try again after the policy's wait.
  case asPlanned

  /// Do not try again: ``RetryDecision/Reason/excluded``.
  case stop

  /// Try again after this wait, exactly: longer or shorter than planned. Less than zero counts as zero.
  case after(Duration)

  /// Try again after the wait that this backoff has for the attempt, with its jitter.
  case backoff(Backoff)
}

extension RetryChoice {
  /// What it comes to, of a retry that the policy would make.
  ///
  /// - Parameters:
  ///   - planned: How long the policy would wait, in nanoseconds.
  ///   - least: What the destination asked for; 0 or more.
  func decision(
    planned: Int64, least: Int64, retry: Int, seed: UInt64, of call: CallContext
  ) -> RetryDecision {
    let delay: Int64
    switch self {
    case .asPlanned: delay = planned
    case .stop: return .giveUp(.excluded)
    case .after(let wait): delay = max(wait.clampedNanoseconds, least)
    case .backoff(let backoff):
      delay = backoff.delayNanoseconds(retry: retry, seed: seed, notBefore: least)
    }
    guard call.deadline.isNever || delay < call.deadline.remainingNanoseconds(at: call.readClock()) else {
      return .giveUp(.deadline)
    }
    return .retry(delayNanoseconds: delay)
  }
}
