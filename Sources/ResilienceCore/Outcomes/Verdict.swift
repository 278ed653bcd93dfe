/// How an outcome counts.
public enum Verdict: UInt8, Sendable, Hashable {
  /// Counts for the destination.
  case success

  /// Counts against the destination.
  case failure

  /// Counts in neither: a cancellation by the caller, a refusal by one of our own layers.
  case neutral
}
