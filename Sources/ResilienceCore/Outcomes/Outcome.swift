/// What one call or attempt amounted to: the single answer that breaker, retry, budget, balancer and trace
/// all read.
///
/// It is said once, at the leaf: see ``Handler/classify(_:)``.
public struct Outcome: Sendable, Hashable {
  /// Whether it counts as a success, as a failure, or not at all.
  public var verdict: Verdict

  /// What the destination asked of its callers along with it.
  public var pushback: Pushback

  /// Creates an outcome.
  @inlinable
  public init(_ verdict: Verdict, pushback: Pushback = .none) {
    self.verdict = verdict
    self.pushback = pushback
  }

  /// The destination did what it was asked.
  @inlinable
  public static var success: Outcome { Outcome(.success) }

  /// The destination failed.
  @inlinable
  public static var failure: Outcome { Outcome(.failure) }

  /// It says nothing about the destination: the caller cancelled, or a local layer refused.
  @inlinable
  public static var neutral: Outcome { Outcome(.neutral) }

  /// A failure with a word from the destination, such as "not before two seconds".
  public static func failure(_ pushback: Pushback) -> Outcome { Outcome(.failure, pushback: pushback) }
}
