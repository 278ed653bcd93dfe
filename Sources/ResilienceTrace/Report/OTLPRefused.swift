/// A collector answered, and its answer counts as a failure.
public struct OTLPRefused: Error, CustomStringConvertible {
  /// The answer as text.
  public let answer: String

  /// The answer, and what was refused.
  public var description: String { "the collector refused the spans: \(answer)" }
}
