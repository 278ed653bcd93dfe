internal import Synchronization

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
  public init(ofError error: any Error) {
    let type = type(of: error)
    if plainType.load(ordering: .relaxed) == UInt(bitPattern: ObjectIdentifier(type)) {
      self = .failure
    } else if type == CancellationError.self {
      self = .neutral
    } else if error is any Rejection {
      self.init(.neutral, pushback: (error as? any PushbackProviding)?.pushback ?? .none)
    } else if let provider = error as? any PushbackProviding {
      self.init(.failure, pushback: provider.pushback)
    } else {
      plainType.store(UInt(bitPattern: ObjectIdentifier(type)), ordering: .relaxed)
      self = .failure
    }
  }
}

/// The last type of error that was found to conform to none of the protocols above: errors come in series, and asking a
/// type for a conformance costs about a thousand instructions.
private let plainType = Atomic<UInt>(0)
