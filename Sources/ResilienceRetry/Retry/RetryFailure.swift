public import ResilienceCore

/// A failed attempt that the policy would repeat: what the `deciding` closure of a retry is asked about.
public struct RetryFailure<Input> {
  /// What the call was made with.
  public let input: Input

  /// What the attempt came to, as `classify` says it, with what the destination asked for.
  public let outcome: Outcome

  /// What the attempt threw; `nil` when it returned a value that counts as a failure.
  public let error: (any Error)?

  /// Which attempt it was, from 1.
  public let attempt: Int

  /// How long the policy would wait.
  public let delay: Duration

  /// What tells this call from others: a wait that is left to chance is to be drawn from it and from the
  /// attempt alone, as a ``ResilienceCore/Backoff`` does, so that the same seed gives the same waits.
  public let seed: UInt64

  /// Creates a failure, for testing what decides.
  public init(
    input: Input, outcome: Outcome = .failure, error: (any Error)? = nil, attempt: Int = 1,
    delay: Duration = .zero, seed: UInt64 = 0
  ) {
    self.input = input
    self.outcome = outcome
    self.error = error
    self.attempt = attempt
    self.delay = delay
    self.seed = seed
  }
}

extension RetryFailure: Sendable where Input: Sendable {}
