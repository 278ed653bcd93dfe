public import ResilienceCore

/// An attribute, or the whole form, of an event is not what CloudEvents 1.0 allows.
public struct InvalidEvent: Error, PushbackProviding, Hashable, CustomStringConvertible {
  /// The attribute, such as `id`, `subject` or the name of an extension; or `data`, `JSON`, `batch`.
  public let field: String

  /// What it held; of a long value the beginning.
  public let value: String

  /// What is wrong: `must not be empty`.
  public let problem: String

  init(field: String, value: String, problem: String) {
    self.field = field
    self.value = value
    self.problem = problem
  }

  /// The same event is refused again: do not retry.
  public var pushback: Pushback { .doNotRetry }

  /// Names the attribute, what is wrong with it, and what it held.
  public var description: String {
    "an event's \(SafeText.escaped(field, length: 40)) \(problem), was "
      + "\"\(SafeText.escaped(value, length: 80))\": CloudEvents 1.0 requires it"
  }
}
