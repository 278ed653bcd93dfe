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
  /// Neutral for a `CancellationError` and for a ``Rejection`` (with
  /// ``Pushback/notProcessed`` set); anything else is a failure, with its pushback if it is ``PushbackProviding``.
  public init(ofError error: any Error) {
    if error is CancellationError {
      self = .neutral
    } else if error is any Rejection {
      self.init(.neutral, pushback: (error as? any PushbackProviding)?.pushback ?? .notProcessed)
    } else {
      self.init(.failure, pushback: (error as? any PushbackProviding)?.pushback ?? .none)
    }
  }
}
