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
  /// How long it waits, in nanoseconds; `nil` when it does not try again.
  ///
  /// - Parameters:
  ///   - planned: What the policy has.
  ///   - notBefore: What the destination asked for; 0 or more.
  @inline(__always)
  func delayNanoseconds(planned: Int64, retry: Int, seed: UInt64, notBefore: Int64) -> Int64? {
    switch self {
    case .asPlanned: planned
    case .stop: nil
    case .after(let wait): max(wait.clampedNanoseconds, notBefore)
    case .backoff(let backoff): backoff.delayNanoseconds(retry: retry, seed: seed, notBefore: notBefore)
    }
  }
}
