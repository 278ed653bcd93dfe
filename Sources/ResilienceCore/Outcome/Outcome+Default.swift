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

  /// How an error counts when nobody classified it.
  ///
  /// Neutral for a `CancellationError` and for a ``Rejection``; anything else is a failure. With the error's pushback, if it
  /// is ``PushbackProviding``.
  public init(ofError error: borrowing any Error) {
    let kind = ErrorKind(of: error)
    let pushback = kind.contains(.pushbackProviding) ? (copy error as? any PushbackProviding)?.pushback : nil
    let isNeutral = kind.contains(.rejection) || kind.contains(.cancellation)
    self.init(isNeutral ? .neutral : .failure, pushback: pushback ?? .none)
  }
}
