extension Outcome {
  /// How a value counts when nobody classified it: a success, unless it is ``PushbackProviding``.
  @inlinable
  public init<Value>(ofValue value: Value) {
    if Value.self is any PushbackProviding.Type, let provider = value as? any PushbackProviding {
      self.init(provider.verdict, pushback: provider.pushback)
    } else {
      self = .success
    }
  }

  /// How an error counts by itself: neutral for a ``Rejection``, a failure for anything else, with its pushback.
  @usableFromInline
  package init(unclassified error: borrowing any Error) {
    let kind = ErrorKind(of: error)
    let pushback = kind.contains(.pushbackProviding) ? (copy error as? any PushbackProviding)?.pushback : nil
    self.init(kind.contains(.rejection) ? .neutral : .failure, pushback: pushback ?? .none)
  }
}
